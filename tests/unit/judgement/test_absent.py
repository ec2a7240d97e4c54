from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment.layout import installed, site_folders
from pytest_portable.judgement.absent import chain_to, find_unwanted
from support.judging import environment as made

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_portable.environment import Environment

METADATA = {
    "client-2.0": ["toolkit (>=1.5)", 'old-thing; python_version < "3"'],
    "toolkit-1.7": ["Garden_AI>=2"],
    "garden_ai-2.3": [],
    "aside-1.0": ["garden-ai; extra == 'plants'"],
}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Hold what `METADATA` says, and nothing that could be imported."""
    site = tmp_path / "lib/python3.11/site-packages"
    for stem, requires in METADATA.items():
        name, _, version = stem.partition("-")
        info = site / f"{stem}.dist-info"
        info.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {line}" for line in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
    return made(tmp_path, **installed(site_folders(tmp_path)))


def test_who_brought_an_unwanted_distribution_is_told(environment: Environment) -> None:
    (problem,) = find_unwanted(["garden-ai"], environment, ["client==2.0"])

    assert (problem.code, problem.stage) == ("unwanted-distribution", "inspect")
    assert problem.distribution == "garden-ai"
    assert "client (requires toolkit (>=1.5)) -> toolkit (requires Garden_AI>=2)" in problem.message


def test_what_deps_name_themselves_nobody_else_brought(environment: Environment) -> None:
    (problem,) = find_unwanted(["Garden.AI"], environment, ["client", "garden_ai"])

    assert "asked for by deps itself" in problem.message


@pytest.mark.parametrize("absent", ["old-thing", "garden-ai<2", "garden"])
def test_what_is_not_there_is_no_problem(absent: str, environment: Environment) -> None:
    assert find_unwanted([absent], environment) == []


def test_a_specifier_rules_out_some_versions_only(environment: Environment) -> None:
    (problem,) = find_unwanted(["garden-ai>=2.3", "toolkit<1.7"], environment)

    assert problem.distribution == "garden-ai"


def test_chains_end_at_what_was_declared_even_in_a_circle() -> None:
    needs = {"a": {"b": "a>=1"}, "b": {"a": "b", "c": "b[x]"}, "c": {"d": "c"}}

    assert chain_to("a", needs, frozenset("c")) == [("c", "b[x]"), ("b", "a>=1")]
    assert chain_to("a", needs, frozenset("a")) == []
    assert chain_to("a", needs, frozenset())[0] == ("d", "c")
