from __future__ import annotations

import pickle
import re
import sys
from importlib.metadata import version

import pytest

from pytest_portable.judgement.load_answer import newer_names, versions_apart, why_unloadable
from support.judging import context, dumped_there, evidences

THERE = "class Outer:\n    class Inner: pass\nclass Thing: pass"


def unloadable(blob: bytes) -> tuple[str, str, str | None]:
    """Return what is said of an answer that pickle cannot load here."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
        pickle.loads(blob)
    found = why_unloadable(context(), blob, "obj", caught.value)
    return found.path, str(found), found.module


def test_a_module_that_is_not_here_is_placed_at_what_needs_it() -> None:
    found = unloadable(dumped_there(THERE, "[1, {'k': Thing()}]"))

    assert found == ("obj[1]['k']", "its module only_there is not importable here", "only_there")


def test_a_parent_that_is_not_here_is_enough() -> None:
    blob = b"(lp0\nconly_there.inner\nThing\na."

    assert unloadable(blob)[0] == "obj[0]"
    assert unloadable(blob)[2] == "only_there"


def test_a_name_that_its_module_has_not_here_is_named() -> None:
    assert unloadable(b"(lp0\ncre\nMissing\na.") == ("obj[0]", "re has no Missing here", "re")


def test_a_class_that_wants_other_arguments_is_named() -> None:
    path, why, module = unloadable(b"(lp0\ncre\nScanner\n(tRa.")

    assert (path, module) == ("obj[0]", None)
    assert why.startswith("Scanner wants other arguments than it was dumped with: ")


def test_anything_else_is_told_as_it_was_raised() -> None:
    path, why, module = unloadable(b"cbuiltins\nint\n(Vx\ntR.")

    assert (path, module) == ("obj", None)
    assert why.startswith("loading it raises ValueError: invalid literal")


def test_an_answer_that_cannot_be_read_is_placed_at_its_root() -> None:
    found = why_unloadable(context(), b"no pickle", "obj", ModuleNotFoundError("x", name="x"))

    assert (found.path, found.module) == ("obj", "x")


@pytest.mark.parametrize(
    ("distributions", "is_apart"), [({"pytest": "1.0"}, True), ({"pytest": ""}, False), ({}, False)]
)
def test_two_versions_are_apart_where_both_are_installed(
    distributions: dict[str, str], *, is_apart: bool
) -> None:
    here = version("pytest")
    there = {name: number or here for name, number in distributions.items()}
    evidence = evidences(context(distributions=there))("obj")

    found = versions_apart(evidence, "_pytest.nodes")

    assert found == ((("pytest", here), ("pytest", "1.0")) if is_apart else None)
    assert versions_apart(evidence, "no_module_of_anybody") is None


def test_newer_names_are_known_for_one_load_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "pytest_portable.judgement.load_answer"
    monkeypatch.setattr(f"{place}._MOVED_MODULES", {"re_of_the_future": "re"})
    monkeypatch.setattr(f"{place}._MOVED_NAMES", (("re", "FutureError", "error"),))

    with newer_names() as is_newer:
        assert is_newer
        assert sys.modules["re_of_the_future"] is re
        assert re.FutureError is re.error  # type: ignore[attr-defined]

    assert "re_of_the_future" not in sys.modules
    assert not hasattr(re, "FutureError")


def test_a_python_that_knows_all_names_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "pytest_portable.judgement.load_answer"
    monkeypatch.setattr(f"{place}._MOVED_MODULES", {"json": "re", "json.decoder": "re"})
    monkeypatch.setattr(f"{place}._MOVED_NAMES", (("re", "error", "compile"),))
    before = dict(sys.modules)

    with newer_names() as is_newer:
        assert not is_newer
        assert sys.modules == before
