"""Whatever sends it: what breaks while it is loaded is placed in the object."""

from __future__ import annotations

import os

import labpkg
import pytest

NAME = os.environ["SERIALIZER"]


class Hook:
    """Breaks where pytest is not."""

    def __reduce__(self):
        return eval, ("1 / 0 if 'pytest' not in __import__('sys').modules else 1",)


@pytest.mark.portable(serializer=NAME)
def test_a_hook_that_raises_is_placed(portable):
    verdict = portable.check({"k": {1, 2}, "h": [1, Hook()]})
    (problem,) = verdict.problems
    assert (problem.code, problem.path) == ("load-hook", "obj['h'][1]")
    assert "eval" in problem.message


@pytest.mark.portable(serializer=NAME)
def test_a_class_that_is_missing_is_placed(portable):
    verdict = portable.check({"k": {1, 2}, "r": [1, labpkg.Reading(1)]})
    (problem,) = verdict.problems
    assert (problem.code, problem.module, problem.path) == (
        "missing-module",
        "labpkg",
        "obj['r'][1]",
    )


@pytest.mark.portable(serializer=NAME, max_size=100)
def test_what_fills_it_is_placed(portable):
    verdict = portable.check({"k": {1, 2}, "big": [b"x" * 5000]})
    (problem,) = verdict.problems
    assert problem.code == "too-large"
    assert "obj['big']" in problem.message


@pytest.mark.portable(serializer=NAME)
def test_it_is_read_without_loading_it(portable):
    found = portable.inspect({"k": {1, 2}, "r": [labpkg.Reading(1)]})
    (reference,) = [one for one in found.references if one.module == "labpkg"]
    assert reference.paths == ("obj['r'][0]",)
