"""Paths evaluate to the part that they name, through a state where the object holds another."""

from __future__ import annotations

import pytest

from pytest_portable.judgement.state_paths import with_state_path
from pytest_portable.verdict import Problem


class Part:
    pass


class Renames:
    def __init__(self) -> None:
        self._part, self.other = Part(), Part()

    def __getstate__(self) -> dict[str, object]:
        return {"part": [self._part], "other": self.other, "shown": self._part}

    @property
    def shown(self) -> Part:
        return self._part


class Replaces:
    def __init__(self) -> None:
        self.part = 5

    def __getstate__(self) -> dict[str, object]:
        return {"part": Part()}


class Raises:
    def __getstate__(self) -> dict[str, object]:
        raise ValueError


class Plain:
    def __init__(self) -> None:
        self.part = Part()


@pytest.mark.parametrize(
    ("kind", "path", "spelled"),
    [
        (Renames, "obj[0].part[0]", "obj[0].__getstate__()['part'][0]"),
        (Renames, "obj[0].other", "obj[0].other"),
        (Renames, "obj[0].shown", "obj[0].shown"),
        (Replaces, "obj[0].part", "obj[0].__getstate__()['part']"),
        (Raises, "obj[0].part", "obj[0].part"),
        (Plain, "obj[0].part.more[1]", "obj[0].part.more[1]"),
        (Plain, "type(obj[0]).part", "type(obj[0]).part"),
        (Plain, "probe.part", "probe.part"),
        (Plain, "not a path.", "not a path."),
    ],
)
def test_a_path_evaluates(kind: type, path: str, spelled: str) -> None:
    problem = Problem("load-hook", "load", "raised", path=path)

    assert with_state_path(problem, {"obj": [kind()]}).path == spelled
