"""Verdicts: what one check found, as data.

A `Verdict` is portable or names the earliest stage that broke, with its problems, the root cause
first. Notes are problems that do not fail the check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import builtins

__all__ = [
    "SCHEMA",
    "STAGES",
    "Problem",
    "Remedy",
    "Target",
    "Verdict",
    "is_unread",
    "label_of",
    "mark_read",
    "minor_of",
    "watch",
]

SCHEMA: Final = 1
STAGES: Final = ("dump", "inspect", "prepare", "load", "call", "return", "compare")


def minor_of(version: str) -> tuple[int, int]:
    """Return major and minor of a version such as `3.12.1`."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def label_of(implementation: str, version: str) -> str:
    """Return a Python as ids name it: `py3.12`, `pypy3.10`."""
    major, minor = minor_of(version)
    return f"{'py' if implementation == 'cpython' else implementation}{major}.{minor}"


@dataclass(frozen=True)
class Remedy:
    """What the user can change.

    Attributes:
        text: one line for people.
        change: the same, ready to paste; empty where there is nothing to paste.
        proven: whether it was applied in another environment and helped.
        proof: how it helped there: `loads with 2.9.0`; empty where it was not proven.
    """

    text: str
    change: str = ""
    proven: bool = False
    proof: str = ""

    def to_dict(self) -> dict[str, builtins.object]:
        """Return plain data."""
        return dict(vars(self))


@dataclass(frozen=True)
class Problem:
    """One finding with its stable code and its place in the object.

    Attributes:
        traceback: of the exception behind it, where there is one.
        payload: opcodes around the place in the payload at which it broke, a line each.
    """

    code: str
    stage: str
    message: str
    path: str | None = None
    module: str | None = None
    distribution: str | None = None
    remedies: tuple[Remedy, ...] = ()
    evidence: str = ""
    traceback: str = ""
    payload: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, builtins.object]:
        """Return plain data."""
        return {
            "code": self.code,
            "stage": self.stage,
            "path": self.path,
            "module": self.module,
            "distribution": self.distribution,
            "message": self.message,
            "remedies": [remedy.to_dict() for remedy in self.remedies],
            "evidence": self.evidence,
            "traceback": self.traceback,
            "payload": list(self.payload),
            "docs": f"problems.md#{self.code}",
        }


@dataclass(frozen=True)
class Target:
    """Facts of an environment: its Python and the distributions it holds."""

    python: str
    implementation: str
    platform: str
    executable: str
    distributions: Mapping[str, str] = field(default_factory=dict)

    @property
    def minor(self) -> tuple[int, int]:
        """Its Python, major and minor."""
        return minor_of(self.python)

    @property
    def label(self) -> str:
        """Its Python as ids name it: `py3.12`, `pypy3.10`."""
        return label_of(self.implementation, self.python)

    def to_dict(self) -> dict[str, builtins.object]:
        """Return plain data."""
        return {**vars(self), "distributions": dict(self.distributions)}


_UNREAD: Final = "_is_unread"


class _Told:
    """A field of a verdict by which it tells what was found: reading one is reading the verdict."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, verdict: Verdict | None, owner: type) -> builtins.object:
        if verdict is None:
            return self
        held = verdict.__dict__
        if _UNREAD in held:
            del held[_UNREAD]
        return held[self._name]

    def __set__(self, verdict: Verdict, value: builtins.object) -> None:
        verdict.__dict__[self._name] = value


@dataclass(frozen=True, repr=False)
class Verdict:
    """Whether one object is portable on one leg, and why not.

    Attributes:
        verbosity: how much its text shows: see `report.text.render`; no part of its data.
        columns: of the terminal that shows it; no part of its data either.
    """

    portable: bool
    stage: str | None
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    object: str
    serializer: str
    protocol: int | None
    payload_bytes: int | None
    target: Target | None
    leg: Mapping[str, builtins.object]
    seconds: Mapping[str, float]
    warnings: tuple[Mapping[str, builtins.object], ...] = ()
    stdout: str = ""
    stderr: str = ""
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    test: str = ""
    reproduce: str = ""
    verbosity: int = 0
    columns: int = 80

    def __bool__(self) -> bool:
        """Return whether the object is portable, so that a verdict can be asserted."""
        return self.portable

    def __repr__(self) -> str:
        """Return one short line."""
        if self.portable:
            return f"<Verdict: {self.object} is portable>"
        code = self.problems[0].code if self.problems else "unknown"
        return f"<Verdict: {self.object} is not portable, broke at {self.stage}: {code}>"

    def __str__(self) -> str:
        """Return the diagnosis."""
        from pytest_portable.report.text import (  # noqa: PLC0415 - most verdicts stay data
            render,
            width_of,
        )

        return render(self.to_dict(), verbosity=self.verbosity, width=width_of(self.columns))

    def to_dict(self) -> dict[str, builtins.object]:
        """Return plain data, keys as documented for schema `SCHEMA`."""
        return {
            "schema": SCHEMA,
            "portable": self.portable,
            "stage": self.stage,
            "problems": [problem.to_dict() for problem in self.problems],
            "notes": [note.to_dict() for note in self.notes],
            "object": self.object,
            "serializer": self.serializer,
            "protocol": self.protocol,
            "payload_bytes": self.payload_bytes,
            "target": self.target.to_dict() if self.target else None,
            "leg": dict(self.leg),
            "seconds": dict(self.seconds),
            "warnings": [dict(warning) for warning in self.warnings],
            "stdout": self.stdout,
            "stderr": self.stderr,
            "stdout_bytes": self.stdout_bytes,
            "stderr_bytes": self.stderr_bytes,
            "test": self.test,
            "reproduce": self.reproduce,
        }


for _name in ("portable", "stage", "problems", "notes"):
    setattr(Verdict, _name, _Told(_name))
del _name


def watch(verdict: Verdict) -> Verdict:
    """Return a verdict that from now on remembers whether anybody read what it tells.

    Truth, text, `to_dict()`, `portable`, `stage`, `problems` and `notes` are reading it.
    """
    verdict.__dict__[_UNREAD] = True
    return verdict


def is_unread(verdict: Verdict) -> bool:
    """Return whether a verdict is watched, and nobody read it since."""
    return _UNREAD in verdict.__dict__


def mark_read(verdict: Verdict) -> None:
    """Count a verdict as read."""
    verdict.__dict__.pop(_UNREAD, None)
