from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import prepare
from pytest_portable.environment.install_errors import backtracked, is_network_trouble, last_words
from pytest_portable.environment.processes import Completed
from pytest_portable.errors import InstallError
from support.installers import BrokenInstaller, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.environment import StoreSettings


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("No solution found when resolving", "so that they agree"),
        ("ERROR: No matching distribution found for a", "check the name"),
        ("Packages were unavailable because the network was disabled", "index in reach"),
        ("error: Failed to fetch: https://h", "proxy and the network"),
        ("401 Unauthorized", "credentials"),
        ("Failed to build `a`", "build work"),
        ("something else", "another Python"),
    ],
)
def test_a_failure_says_what_was_asked_for_what_was_said_and_what_to_do(
    tmp_path: Path, settings: Callable[..., StoreSettings], output: str, remedy: str
) -> None:
    broken = BrokenInstaller(tmp_path, installing=Completed(1, f"one\n{output}\n"))
    request = ask(tmp_path, "a>=1", "git+https://tok3n@h/b", runtime=("dill==1",))

    with pytest.raises(InstallError) as caught:
        prepare(request, settings(broken))

    message = str(caught.value)
    assert "    a>=1\n    git+https://****@h/b\n    dill==1\n" in message
    assert "  broken said:\n" in message
    assert f"    {output}\n" in message
    assert remedy in message
    assert caught.value.log is not None
    assert str(caught.value.log) in message
    assert caught.value.requirements == ("a>=1", "git+https://****@h/b", "dill==1")
    assert str(pickle.loads(pickle.dumps(caught.value))) == message


def test_a_stopped_installation_names_the_limit(
    tmp_path: Path, settings: Callable[..., StoreSettings]
) -> None:
    broken = BrokenInstaller(tmp_path, installing=Completed(-9, "", timed_out=True))

    with pytest.raises(InstallError, match="stopped after 7 s") as caught:
        prepare(ask(tmp_path, "a"), settings(broken, install_timeout_seconds=7.0))

    assert "portable_install_timeout" in str(caught.value)


def test_last_words_are_few_and_short() -> None:
    said = last_words("\n\n".join(f"line {number}" for number in range(99)) + "\n" + "x" * 9999)

    assert len(said.splitlines()) == 15
    assert max(map(len, said.splitlines())) < 400


def test_a_resolver_is_quoted_from_where_it_begins_to_explain() -> None:
    proof = [f"  because {number}" for number in range(40)]
    output = "\n".join(["DEBUG x", "error: No solution found when resolving", *proof])

    said = last_words(output).splitlines()

    assert said[0] == "error: No solution found when resolving"
    assert said[4] == "..."
    assert said[-1] == "  because 39"
    assert len(said) == 15


def test_what_was_tried_in_several_versions_is_named_most_tried_first() -> None:
    output = (
        "DEBUG Selecting: one==1.0 [compatible]\n"
        "DEBUG Selecting: two==1.0 [compatible]\nDEBUG Selecting: two==1.1 [compatible]\n"
        "DEBUG Selecting: three==1 [x]\nDEBUG Selecting: three==2 [x]\n"
        "DEBUG Selecting: three==3 [x]\n"
        "INFO: pip is looking at multiple versions of four to determine which version\n"
    )

    assert backtracked(output) == ["three", "two", "four"]
    assert backtracked("") == []


def test_what_a_tool_says_about_its_settings_is_no_network_trouble() -> None:
    assert not is_network_trouble("DEBUG Using request connect timeout of 10s\nerror: no")
    assert is_network_trouble("error: Failed to fetch: `https://h`")
