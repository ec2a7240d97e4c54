"""The smallest requirements under which an object loads and its probe runs.

What a payload names and imports is mapped to distributions, what others of them bring is left
out, and the rest is tried in an environment of exactly those lines until it holds.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pytest_portable.diagnosis.host import canonical
from pytest_portable.engine.installed_requirements import Installed
from pytest_portable.errors import InstallError, OptionError, PortabilityError
from pytest_portable.host_modules import distribution_of
from pytest_portable.payload.inspection import Inspection
from pytest_portable.verdict import Problem, Verdict

__all__ = ["STYLES", "Search", "check_style", "modules_needed"]

STYLES: Final = ("pinned", "ranged", "bare")
_MAX_ROUNDS: Final = 12
# Stages up to which a verdict speaks of requirements; what differs afterwards does not.
_STAGES: Final = frozenset({"dump", "inspect", "prepare", "load", "call"})
_ELSEWHERE: Final = frozenset({"load-warning", "side-effect", "mismatch"})


def modules_needed(inspections: Iterable[Inspection], probe: str = "") -> set[str]:
    """Give the modules that payloads name or import, and those that a probe imports.

    Args:
        inspections: of every payload that travels.
        probe: source text of the probe.
    """
    found: set[str] = set()
    for inspection in inspections:
        for reference in inspection.references:
            if reference.by == "reference" and not reference.stdlib:
                found.add(reference.module)
        for code in inspection.code:
            found.update(code.imports)
    return found | set(_imports(probe))


def _imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@dataclass
class Search:
    """One search for the smallest requirements.

    Attributes:
        attempt: gives the verdict in an environment of exactly these lines.
        installed: the host's distributions.
        style: `pinned` (`==`), `ranged` (from the host's version to the next major one), `bare`.
        given: lines that name a distribution otherwise than by an index, by canonical name.
        verdict: of the last attempt.
    """

    attempt: Callable[[tuple[str, ...]], Verdict]
    installed: Installed
    style: str = "pinned"
    given: Mapping[str, str] = field(default_factory=dict)
    verdict: Verdict | None = None
    _wanted: dict[str, set[str]] = field(default_factory=dict)
    _pinned: set[str] = field(default_factory=set)
    _loose: bool = False

    def run(self, modules: Iterable[str]) -> list[str]:
        """Search, beginning with what provides some modules.

        Args:
            modules: names of modules; those of no distribution are left to the attempts.

        Returns:
            Requirement lines, sorted; the last attempt succeeded with exactly these.

        Raises:
            PortabilityError: no requirements help; the text says what is in the way.
            SetupError: an environment cannot be made.
        """
        for module in modules:
            self._want(distribution_of(module))
        for _ in range(_MAX_ROUNDS):
            lines = self.lines()
            try:
                self.verdict = self.attempt(lines)
            except InstallError:
                if self._loose or self.style == "bare":
                    raise
                # The host's versions are not for that Python: whatever is, then.
                self._loose = True
                continue
            trouble = self._trouble()
            if not trouble:
                return self._settled(lines)
            if not self._learn(trouble):
                break
        assert self.verdict is not None
        raise PortabilityError(self.verdict)

    # --- what is wanted -----------------------------------------------------------------------

    def _want(self, name: str | None, extra: str = "") -> bool:
        """Want a distribution; false where nothing is new."""
        if name is None or (
            self.installed.version(name) is None and canonical(name) not in self.given
        ):
            return False
        extras = self._wanted.setdefault(canonical(name), set())
        if extra in extras or (not extra and extras):
            return False
        extras.add(extra)
        return True

    def names(self) -> list[str]:
        """Give what is wanted and brought by nobody else who is wanted."""
        kept = sorted(self._wanted)
        # From the end of the alphabet, so that of two that bring each other the first stays.
        for name in reversed(list(kept)):
            others = [other for other in kept if other != name]
            brought = {each for other in others for each in self._brings(other)}
            if name in brought and name not in self._pinned and not self._extras(name):
                kept.remove(name)
        return kept

    def _brings(self, name: str) -> Collection[str]:
        return self.installed.brings(name, self._extras(name))

    def _extras(self, name: str) -> list[str]:
        return sorted(self._wanted[name] - {""})

    def lines(self) -> tuple[str, ...]:
        """Give the requirement lines as things stand."""
        return tuple(self._line(name) for name in self.names())

    def _line(self, name: str) -> str:
        given = self.given.get(name) or self.installed.origin(name)
        if given:
            return given
        extras = self._extras(name)
        shown = f"{name}[{','.join(extras)}]" if extras else name
        version = self.installed.version(name)
        style = "pinned" if name in self._pinned else self.style
        if version is None or (self._loose and name not in self._pinned) or style == "bare":
            return shown
        return shown + (f"=={version}" if style == "pinned" else _range(version))

    # --- what an attempt taught ---------------------------------------------------------------

    def _trouble(self) -> list[Problem]:
        assert self.verdict is not None
        return [
            problem
            for problem in self.verdict.problems
            if problem.stage in _STAGES and problem.code not in _ELSEWHERE
        ]

    def _learn(self, trouble: Iterable[Problem]) -> bool:
        """Want what a verdict misses; false where it misses nothing that can be had."""
        learned = False
        for problem in trouble:
            name = problem.distribution or (
                distribution_of(problem.module) if problem.module else None
            )
            if name is None:
                continue
            if problem.code == "version-skew" or canonical(name) in self._wanted:
                learned |= self._pin(name)
            else:
                learned |= self._want_for(name)
        return learned

    def _pin(self, name: str) -> bool:
        known = canonical(name)
        if known in self._pinned or self.installed.version(name) is None:
            return False
        self._want(name)
        self._pinned.add(known)
        return True

    def _want_for(self, name: str) -> bool:
        """Want a distribution: as the extra of one that is wanted, where there is such an extra."""
        for owner in list(self._wanted):
            extra = self.installed.extra_for(owner, canonical(name))
            if extra:
                return self._want(owner, extra)
        return self._want(name)

    def _settled(self, lines: tuple[str, ...]) -> list[str]:
        """Pin at what was found there, where the host's versions could not be had."""
        assert self.verdict is not None
        if not self._loose or self.style == "bare" or self.verdict.target is None:
            return sorted(lines)
        there = {canonical(n): v for n, v in self.verdict.target.distributions.items()}
        settled = []
        for line in lines:
            name = canonical(line.partition("[")[0])
            version = there.get(name, "").partition("+")[0]
            bound = f"=={version}" if self.style == "pinned" else _range(version)
            settled.append(line + bound if name in self._wanted and version else line)
        self.verdict = self.attempt(tuple(settled))
        if self._trouble():
            raise PortabilityError(self.verdict)
        return sorted(settled)


def _range(version: str) -> str:
    """Write a range from a version to the next one that may break: `>=2.4.6,<3`.

    Source:
        Semantic Versioning 2.0.0: before 1.0 the minor number counts.
    """
    from packaging.version import Version

    parsed = Version(version)
    if parsed.epoch:
        return f"=={version}"
    upper = f"{parsed.major + 1}" if parsed.major else f"0.{parsed.minor + 1}"
    return f">={version},<{upper}"


def check_style(style: str) -> None:
    """Refuse a style that is none.

    Raises:
        OptionError: with the valid ones.
    """
    if style not in STYLES:
        raise OptionError(f"style: {style!r} is none of {', '.join(STYLES)}")
