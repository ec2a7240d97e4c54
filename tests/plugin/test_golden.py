from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

FIRST = """
class Model:
    def __init__(self, weight):
        self.weight = weight
        self.unit = "kg"

def make():
    return Model(2)
"""
# 1.1 adds an attribute, 2.0 renames one and reads old ones, 3.0 renames the class.
RELEASES = {
    "1.0": FIRST,
    "1.1": FIRST.replace("        self.unit", "        self.added = 1\n        self.unit"),
    "2.0": FIRST.replace(
        "\ndef make",
        '    def __setstate__(self, state):\n        self.kilos = state["weight"]\n'
        '        self.unit = state["unit"]\n\ndef make',
    ),
    "3.0": FIRST.replace("Model", "Renamed"),
}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The host imports release 1.0; every release is a wheel."""
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    house = pytester.mkdir("house")
    for version, source in RELEASES.items():
        make_wheel(house, "model", version, {"model.py": source})
    monkeypatch.setenv("UV_FIND_LINKS", str(house))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    lib = pytester.mkdir("lib")
    (lib / "model.py").write_text(FIRST)
    monkeypatch.syspath_prepend(str(lib))
    monkeypatch.delitem(sys.modules, "model", raising=False)
    return pytester


def write(project: pytest.Pytester, body: str, deps: str = "model==1.0") -> None:
    project.makepyfile(
        test_it=f"""
        import pytest
        from model import Model

        @pytest.mark.portable(deps=["{deps}"])
        def test_model(portable):
            {body}
        """
    )


def bundles(project: pytest.Pytester) -> list[Path]:
    return sorted((project.path / "golden" / "model" / "pickle").iterdir())


GOLDEN = 'portable.golden(Model(2), "model", probe="obj.unit")'


def test_nothing_kept_says_how_to_keep(project: pytest.Pytester) -> None:
    write(project, GOLDEN)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*nothing was kept in *golden/model/pickle*--portable-update*"])


def test_only_update_writes_and_only_what_changed(project: pytest.Pytester) -> None:
    write(project, GOLDEN)
    project.runpytest("--portable-update").assert_outcomes(passed=1)
    before = {path: path.read_bytes() for path in bundles(project)[0].iterdir()}
    project.runpytest("--portable-update").assert_outcomes(passed=1)
    project.runpytest().assert_outcomes(passed=1)

    assert [path.name for path in bundles(project)] == ["0001"]

    write(project, GOLDEN.replace("Model(2)", "Model(3)"))
    project.runpytest().assert_outcomes(passed=1)
    assert [path.name for path in bundles(project)] == ["0001"]

    project.runpytest("--portable-update").assert_outcomes(passed=1)
    assert [path.name for path in bundles(project)] == ["0001", "0002"]
    assert {path: path.read_bytes() for path in bundles(project)[0].iterdir()} == before


def test_todays_code_reads_what_was_kept_or_the_break_is_named(project: pytest.Pytester) -> None:
    write(project, GOLDEN)
    project.runpytest("--portable-update").assert_outcomes(passed=1)

    # An attribute that a later release would add on dumping is none of an old bundle's business.
    write(project, GOLDEN, "model==1.1")
    project.runpytest().assert_outcomes(passed=1)

    write(project, GOLDEN.replace("Model(2)", "[1]"), "model==2.0")
    lost = project.runpytest()
    lost.assert_outcomes(failed=1)
    lost.stdout.fnmatch_lines(["*mismatch*obj.weight*", "*0001*", "*2 then, nothing now*"])

    write(project, GOLDEN.replace("Model(2)", "[1]"), "model==3.0")
    gone = project.runpytest()
    gone.assert_outcomes(failed=1)
    gone.stdout.fnmatch_lines(["*needs model.Model*", "*(kept as 0001)*"])


def test_released_versions_read_todays_objects(project: pytest.Pytester) -> None:
    forward = GOLDEN.replace(
        "probe=", 'mode="{mode}", releases=["model==3.0", "model==1.1"], probe='
    )
    write(project, forward.format(mode="forward"))
    project.runpytest("--portable-update").assert_outcomes(passed=1)

    write(project, forward.format(mode="full_transitive"))
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*read by model==3.0*"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('portable.golden(1, "a/b")', "*'a/b' is not a word*"),
        ('portable.golden(1, "a", mode="backwards")', "*did you mean 'backward'*"),
        ('portable.golden(1, "a", mode="full")', "*needs released versions*"),
    ],
)
def test_misuse_is_told(project: pytest.Pytester, call: str, message: str) -> None:
    write(project, call)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])


PAIRS = """
            pairs = portable.between(
                producer=["model==1.0", "model==1.1"],
                consumer=["model==1.0", {"deps": ["model==1.1"], "python": "3.12"}],
                make="model:make",
                probe="obj.weight",
            )
            assert pairs and len(pairs.verdicts) == 4
            print(pairs)
"""


def test_all_pairs_of_producers_and_consumers(project: pytest.Pytester) -> None:
    write(project, PAIRS.strip())
    result = project.runpytest("-s")

    result.assert_outcomes(passed=1)
    here = "py{}.{}".format(*sys.version_info)
    columns = sorted([f"{here} model==1.0", "py3.12 model==1.1"])
    result.stdout.fnmatch_lines(
        [f"made by * {columns[0]} * {columns[1]}", f"{here} model==1.0 * 1 ok * 1 ok"]
    )

    write(project, PAIRS.strip().replace('"model==1.0", {', '"model==3.0", {'))
    broken = project.runpytest()
    broken.assert_outcomes(failed=1)
    broken.stdout.fnmatch_lines(["*Model*", "made by * model==3.0*"])


def test_the_mark_names_a_producer(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_made="""
        import pytest

        made = {"make": "model:make", "deps": ["model==1.1"], "python": "3.12"}

        @pytest.mark.portable(deps=["model==1.0"], producer=made)
        def test_made(portable):
            portable(probe="obj.weight")

        @pytest.mark.portable(deps=["model==1.0"], producer={**made, "make": "model:absent"})
        def test_absent(portable):
            portable()

        @pytest.mark.portable(deps=["model==1.0"], producer=made)
        def test_both(portable):
            portable([1])

        @pytest.mark.portable
        def test_neither(portable):
            portable()
        """
    )

    result = project.runpytest()

    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*model:absent made nothing in *AttributeError*",
            "*the mark's producer makes the object*",
            "*no object, and the mark names no producer*",
        ]
    )
