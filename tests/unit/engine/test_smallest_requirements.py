from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudpickle
import pytest

from pytest_portable.engine.installed_requirements import Installed
from pytest_portable.engine.smallest_requirements import Search, check_style, modules_needed
from pytest_portable.errors import InstallError, OptionError, PortabilityError
from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.verdict import Problem, Target, Verdict
from support.distributions import Site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    yield Site(tmp_path, monkeypatch)
    Site.forget()


def verdict(*problems: Problem, there: dict[str, str] | None = None) -> Verdict:
    target = Target("3.11.7", "cpython", "linux", "python", there or {})
    stage = problems[0].stage if problems else None
    return Verdict(
        portable=not problems,
        stage=stage,
        problems=problems,
        notes=(),
        object="object",
        serializer="pickle",
        protocol=4,
        payload_bytes=1,
        target=target,
        leg={"label": "py3.11"},
        seconds={},
    )


def missing(distribution: str, code: str = "missing-distribution", stage: str = "load") -> Problem:
    return Problem(code=code, stage=stage, message="needed", distribution=distribution)


class World:
    """Environments that answer as real ones would: what is needed and not there is a problem."""

    def __init__(self, *needed: str, skewed: str = "", impossible: tuple[str, ...] = ()) -> None:
        self.needed = needed
        self.skewed = skewed
        self.impossible = impossible
        self.asked: list[tuple[str, ...]] = []
        self.installed = Installed({"python_version": "3.11"}, Path("/r"))

    def attempt(self, lines: tuple[str, ...]) -> Verdict:
        self.asked.append(lines)
        for line in lines:
            if line in self.impossible:
                raise InstallError(f"no version of {line}")
        held = set()
        for line in lines:
            name, _, rest = line.partition("==")[0].partition(">")[0].partition("[")
            held |= {
                name,
                *self.installed.brings(name, rest.rstrip("]").split(",") if rest else ()),
            }
        if self.skewed and self.skewed not in lines:
            return verdict(missing(self.skewed.partition("==")[0], "version-skew"))
        lacking = [missing(name) for name in self.needed if name not in held]
        return verdict(*lacking, there=dict.fromkeys(held, "0.9"))

    def search(self, *modules: str, **given: Any) -> list[str]:
        return Search(self.attempt, self.installed, **given).run(modules)


def test_what_another_one_brings_is_left_out(site: Site) -> None:
    site.install("low")
    site.install("middle", requires=["low"])
    site.install("High", requires=["middle>=1"])
    world = World("low", "middle", "high")

    assert world.search("low", "middle", "High") == ["high==1.0"]
    assert len(world.asked) == 1


def test_markers_of_the_target_decide_what_is_brought(site: Site) -> None:
    site.install("low")
    site.install("high", requires=['low ; python_version < "3.9"'])

    assert World("low", "high").search("low", "high") == ["high==1.0", "low==1.0"]


def test_two_that_bring_each_other_leave_one(site: Site) -> None:
    site.install("aa", requires=["bb"])
    site.install("bb", requires=["aa"])

    assert World("aa", "bb").search("aa", "bb") == ["aa==1.0"]


def test_import_names_differ_from_distribution_names(site: Site) -> None:
    site.install("PyThing", "2.5", modules={"thing/__init__.py": "", "thing/deep.py": ""})

    assert World("pything").search("thing.deep") == ["pything==2.5"]


def test_a_namespace_belongs_to_who_has_the_file(site: Site) -> None:
    site.install("ns-one", modules={"shared_ns/one.py": ""})
    site.install("ns-two", modules={"shared_ns/two/__init__.py": ""})

    assert World("ns-two").search("shared_ns.two") == ["ns-two==1.0"]


@pytest.mark.parametrize(
    ("version", "style", "line"),
    [
        ("2.4.6", "pinned", "dist==2.4.6"),
        ("2.4.6", "ranged", "dist>=2.4.6,<3"),
        ("0.4.1", "ranged", "dist>=0.4.1,<0.5"),
        ("2026.3.post1", "ranged", "dist>=2026.3.post1,<2027"),
        ("2.1+cpu", "pinned", "dist==2.1"),
        ("2.4.6", "bare", "dist"),
    ],
)
def test_styles(site: Site, version: str, style: str, line: str) -> None:
    site.install("dist", version)

    assert World("dist").search("dist", style=style) == [line]


def test_a_style_that_is_none_is_refused() -> None:
    with pytest.raises(OptionError, match="pinned, ranged, bare"):
        check_style("pined")


def test_what_an_attempt_misses_is_added(site: Site) -> None:
    site.install("seen")
    site.install("hidden")
    world = World("seen", "hidden")

    assert world.search("seen") == ["hidden==1.0", "seen==1.0"]
    assert world.asked == [("seen==1.0",), ("hidden==1.0", "seen==1.0")]


def test_an_extra_is_taken_where_the_metadata_knows_one(site: Site) -> None:
    site.install("addon")
    site.install("other")
    site.install("base", extras={"all": ["addon", "other"], "fast": ["addon"]})

    assert World("base", "addon").search("base") == ["base[fast]==1.0"]


def test_a_skewed_one_is_pinned_even_where_others_bring_it(site: Site) -> None:
    site.install("low", "1.5")
    site.install("high", requires=["low"])
    world = World("low", "high", skewed="low==1.5")

    assert world.search("high", "low", style="bare") == ["high", "low==1.5"]


def test_versions_that_the_target_cannot_have_are_left_to_the_installer(site: Site) -> None:
    site.install("dist", "3.0")
    world = World("dist", impossible=("dist==3.0",))

    assert world.search("dist") == ["dist==0.9"]
    assert world.asked == [("dist==3.0",), ("dist",), ("dist==0.9",)]


def test_what_cannot_be_installed_at_all_is_a_set_up_failure(site: Site) -> None:
    site.install("dist", "3.0")

    with pytest.raises(InstallError):
        World("dist", impossible=("dist==3.0", "dist")).search("dist")


def test_what_no_distribution_provides_ends_the_search(site: Site) -> None:
    site.install("dist")

    def attempt(lines: tuple[str, ...]) -> Verdict:
        del lines
        return verdict(
            Problem(code="missing-module", stage="load", message="nobody's", module="my_tree")
        )

    world = World()
    with pytest.raises(PortabilityError) as caught:
        Search(attempt, world.installed).run(["dist", "my_tree"])

    assert caught.value.verdict.problems[0].module == "my_tree"


def test_a_difference_of_values_is_no_matter_of_requirements(site: Site) -> None:
    site.install("dist")

    def attempt(lines: tuple[str, ...]) -> Verdict:
        del lines
        return verdict(Problem(code="mismatch", stage="compare", message="differs"))

    assert Search(attempt, World().installed).run(["dist"]) == ["dist==1.0"]


def test_lines_that_were_given_are_kept(site: Site) -> None:
    site.install("dist")

    assert World("./dist").search("dist", given={"dist": "./dist"}) == ["./dist"]


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        ({"url": "file:///r", "dir_info": {"editable": True}}, "."),
        ({"url": "file:///r/sub%20dir", "dir_info": {}}, "./sub dir"),
        ({"url": "file:///other", "dir_info": {}}, "/other"),
        ({"url": "https://x.invalid/d.whl", "archive_info": {}}, "dist @ https://x.invalid/d.whl"),
        (
            {"url": "https://x.invalid/d", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "dist @ git+https://x.invalid/d@abc",
        ),
    ],
)
def test_where_a_distribution_came_from_is_its_line(
    site: Site, origin: dict[str, Any], line: str
) -> None:
    site.install("dist")
    (site.folder / "dist-1.0.dist-info" / "direct_url.json").write_text(json.dumps(origin))

    assert World().installed.origin("dist") == line


def test_metadata_that_nobody_can_read_brings_nothing(site: Site) -> None:
    site.install("dist", requires=["(what", "low"])

    assert World().installed.brings("dist") == {"low"}
    assert World().installed.brings("nobody-has-this") == frozenset()


# What is needed


def test_references_and_imports_inside_code_are_needed() -> None:
    scope: dict[str, Any] = {"__name__": "nowhere"}
    exec("def work():\n    import json, packaging.version\n", scope)
    inspection = inspect_payload(cloudpickle.dumps(scope["work"]), python=sys.version_info[:2])

    needed = modules_needed([inspection])

    assert {"cloudpickle.cloudpickle", "packaging.version"} <= needed
    assert "json.decoder" not in needed


def test_imports_of_a_probe_are_needed() -> None:
    plain = inspect_payload(pickle.dumps({"a": 1}))

    probe = (
        "def probe(obj):\n    import alpha.beta\n    from gamma import delta\n    from . import x"
    )

    assert modules_needed([plain], probe) == {"alpha.beta", "gamma"}
