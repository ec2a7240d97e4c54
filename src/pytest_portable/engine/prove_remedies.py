"""What a remedy changes on a leg, and the proof that it helps."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pytest_portable.diagnosis.host import canonical
from pytest_portable.errors import SetupError
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Problem, Remedy, Verdict

__all__ = ["MAX_TRIALS", "applied", "prove"]

MAX_TRIALS: Final = 3
# Keys of the mark that change where and how an object loads, and not what is asked of it.
_KEYS: Final = frozenset(
    {"by_value", "install_serializer", "options", "protocol", "python", "serializer", "ship"}
)


def _parsed(remedy: Remedy) -> tuple[str, Any] | None:
    """Take a change apart: a key of the mark and its value; `deps` for a requirement line."""
    text = remedy.change.strip()
    try:
        if text.startswith('"'):
            return "deps", ast.literal_eval(text)
        key, equals, value = text.partition("=")
        if equals and key in _KEYS:
            return key, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        pass
    return None


def applied(leg: Leg, remedies: Iterable[Remedy]) -> Leg:
    """Give a leg with the changes of some remedies made.

    A requirement takes the place of the line that names the same distribution.
    """
    for remedy in remedies:
        change = _parsed(remedy)
        if change is None:
            continue
        key, value = change
        if key == "deps":
            leg = replace(leg, deps=_with_line(leg.deps or (), value))
        elif key in {"by_value", "ship"}:
            values: dict[str, Any] = {key: (*getattr(leg, key), *value)}
            leg = replace(leg, **values)
        elif key == "options":
            leg = replace(leg, options={**leg.options, **value})
        elif key == "serializer":
            # Options and protocol were another one's.
            leg = replace(leg, serializer=value, given_serializer=None, options={}, protocol=None)
        else:
            leg = replace(leg, **{key: value})
    return leg


def _with_line(lines: Sequence[str], line: str) -> tuple[str, ...]:
    name = _name(line)
    kept = [each for each in lines if not name or _name(each) != name]
    return (*kept, line)


def _name(line: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return canonical(Requirement(line).name)
    except InvalidRequirement:  # an option, a path, a file
        return ""


_Key = tuple[str, str | None, str | None]


def _key(problem: Problem) -> _Key:
    return problem.code, problem.module, problem.path


@dataclass
class _Proof:
    """What the trials of one verdict found."""

    leg: Leg
    attempt: Callable[[Leg], Verdict]
    report: Callable[[str], None]
    tried: dict[Remedy, _Key] = field(default_factory=dict)
    wrong: set[Remedy] = field(default_factory=set)
    impossible: set[Remedy] = field(default_factory=set)
    last: Verdict | None = None

    def run(self, verdict: Verdict) -> None:
        """Try remedies, each together with those before it that helped."""
        current = verdict
        for _ in range(MAX_TRIALS):
            more = self._untried(current)
            if not more:
                return
            self.tried.update(more)
            result = self._try()
            if result is None:
                self.impossible.update(more)
                self.tried = {r: key for r, key in self.tried.items() if r not in more}
                continue
            self.last = current = result
            if result.portable:
                return
            left = {_key(problem) for problem in result.problems}
            for remedy, key in list(self.tried.items()):
                if key in left:
                    self.wrong.add(remedy)
                    del self.tried[remedy]

    def _untried(self, verdict: Verdict) -> dict[Remedy, _Key]:
        seen = self.tried.keys() | self.wrong | self.impossible
        found: dict[Remedy, _Key] = {}
        for problem in verdict.problems:
            for remedy in problem.remedies:
                if remedy not in seen and self._is_provable(remedy):
                    found[remedy] = _key(problem)
                    break
        return found

    def _is_provable(self, remedy: Remedy) -> bool:
        change = _parsed(remedy)
        return change is not None and (change[0] != "deps" or self.leg.deps is not None)

    def _try(self) -> Verdict | None:
        shown = ", ".join(remedy.change for remedy in self.tried)
        self.report(f"trying whether it helps: {shown}")
        try:
            return self.attempt(applied(self.leg, self.tried))
        except SetupError as error:
            self.report(f"cannot be tried: {str(error).splitlines()[0]}")
            return None

    def words(self, remedy: Remedy) -> str:
        """Say what a remedy was proven with."""
        assert self.last is not None
        key, value = _parsed(remedy) or ("", "")
        verb = "loads" if self.last.portable else "gets past this"
        target = self.last.target
        there = {} if target is None else dict(target.distributions)
        if key == "python" and target is not None:
            return f"{verb} on {target.python}"
        name = _name(value) if key == "deps" else value if key == "serializer" else ""
        version = next((v for n, v in there.items() if canonical(n) == name and name), "")
        if key == "deps":
            return f"{verb} with {version or value}"
        return f"{verb} with {name} {version}".rstrip() if key == "serializer" else verb


def prove(
    verdict: Verdict,
    leg: Leg,
    attempt: Callable[[Leg], Verdict],
    report: Callable[[str], None],
) -> Verdict:
    """Try the remedies of a verdict and keep those that help, marked as proven.

    What helps only together is tried together. A remedy after which its problem is still there
    is dropped; one that could not be tried (offline, no such version) stays as it was.

    Args:
        verdict: that failed.
        leg: on which it failed.
        attempt: gives the verdict of the same check on another leg.
        report: told what is tried.

    Returns:
        The verdict with its remedies proven or dropped, at most `MAX_TRIALS` trials later.
    """
    proof = _Proof(leg, attempt, report)
    proof.run(verdict)
    if proof.last is None:
        return verdict
    problems = [
        replace(problem, remedies=tuple(_judged(problem.remedies, proof)))
        for problem in verdict.problems
    ]
    return replace(verdict, problems=tuple(_together(problems, proof)))


def _judged(remedies: Iterable[Remedy], proof: _Proof) -> list[Remedy]:
    kept = [remedy for remedy in remedies if remedy not in proof.wrong]
    judged = [
        replace(remedy, proven=True, proof=proof.words(remedy)) if remedy in proof.tried else remedy
        for remedy in kept
    ]
    # What is proven comes first; a remedy nobody could try stays a proposal.
    return sorted(judged, key=lambda remedy: not remedy.proven)


def _together(problems: Sequence[Problem], proof: _Proof) -> list[Problem]:
    """Show beside the first problem what was needed later, where all of it together helped."""
    shown = {remedy.change for problem in problems for remedy in problem.remedies}
    later = [remedy for remedy in proof.tried if remedy.change not in shown]
    assert proof.last is not None
    if not later or not proof.last.portable:
        return list(problems)
    first, *others = problems
    more = tuple(
        replace(remedy, text=f"then {remedy.text}", proven=True, proof=proof.words(remedy))
        for remedy in later
    )
    return [replace(first, remedies=first.remedies + more), *others]
