"""The same object on other legs: what proves requirements and remedies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from pytest_portable.engine.checker import Exchange
from pytest_portable.engine.installed_requirements import Installed
from pytest_portable.engine.prove_remedies import prove
from pytest_portable.engine.smallest_requirements import Search, check_style, modules_needed
from pytest_portable.errors import PortabilityError
from pytest_portable.settings import probes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_portable.judgement import Outcome
    from pytest_portable.settings.legs import Leg
    from pytest_portable.settings.probes import Asked
    from pytest_portable.verdict import Verdict

__all__ = ["Searching"]


class _Portable(Protocol):
    """What checks objects on one leg."""

    _is_trial: bool

    def check(
        self,
        obj: object,
        *,
        equal: Callable[[Any, Any], object] | None = None,
        probe: Any = None,  # noqa: ANN401 - what users may write, and that is a lot
        **names: object,
    ) -> Verdict:
        """Check an object."""
        ...

    def check_payload(
        self,
        data: bytes,
        *,
        probe: Any = None,  # noqa: ANN401 - as above
        **names: object,
    ) -> Verdict:
        """Check a payload that is there."""
        ...


@dataclass(frozen=True)
class Subject:
    """What is tried: an object, or a payload that is there already.

    Attributes:
        probe: as it was given.
        names: values that the probe sees.
        payload: bytes; `None` where `obj` is dumped for every trial.
    """

    obj: object = None
    probe: Any = None
    names: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes | None = None


@dataclass(frozen=True)
class Trials:
    """Tries a subject on variations of one leg.

    Attributes:
        leg: what is varied.
        root: where relative lines start.
        marker: values of the target's environment markers.
        portable_on: gives what checks on a leg.
    """

    leg: Leg
    root: Path
    marker: Mapping[str, str]
    portable_on: Callable[[Leg], _Portable]

    def on(self, subject: Subject, leg: Leg) -> Verdict:
        """Give the verdict on a leg."""
        portable = self.portable_on(leg)
        if subject.payload is not None:
            return portable.check_payload(subject.payload, probe=subject.probe, **subject.names)
        return portable.check(subject.obj, probe=subject.probe, **subject.names)


class Searching(Exchange):
    """What a `Portable` finds out by trying other legs."""

    _environment: Any

    def requirements(
        self,
        obj: object,
        *,
        probe: Asked | Sequence[Asked] | Mapping[str, Asked] | None = None,
        style: str = "pinned",
        **names: object,
    ) -> list[str]:
        """Find the smallest requirements under which an object loads there and its probe runs.

        They were tried: the object was loaded in an environment of exactly these lines, on this
        leg's Python. What another one brings along is left out.

        Args:
            obj: what travels.
            probe: as in a check; what it imports, and what runs under it, counts.
            style: `pinned` at the host's versions, `ranged` up to the next major ones, or `bare`.
            names: values that the probe sees.

        Returns:
            Requirement lines, sorted; empty where the standard library is enough.

        Raises:
            PortabilityError: it needs something that no distribution provides, or fails otherwise.
            SetupError: an environment cannot be made.
        """
        __tracebackhide__ = True
        return self._search(Subject(obj, probe, names), style)

    def requirements_of_payload(
        self, data: bytes, *, probe: str | None = None, style: str = "pinned", **names: object
    ) -> list[str]:
        """Do the same for a payload that is there already; it is never loaded here."""
        return self._search(Subject(None, probe, names, data), style)

    def _search(self, subject: Subject, style: str) -> list[str]:
        __tracebackhide__ = True
        asked = probes.parse(subject.probe, subject.names)
        check = self._check(subject.obj)
        data = subject.payload
        given = [] if data is None else [("obj", data)]
        payloads = check.dump_all(
            {**({} if data is not None else {"obj": subject.obj}), **subject.names}
        )
        if check.problems:
            raise PortabilityError(self._keep(check, check.outcome(), asked, subject.names))
        inspections = [check.inspection(data, name) for name, data in (*given, *payloads)]
        source = "\n".join(probe.source for probe in asked)
        return search_requirements(
            self._trials(), subject, modules_needed(inspections, source), style
        )

    def _trials(self) -> Trials:
        return Trials(
            leg=self.leg,
            root=self._session.root,
            marker=self._environment.interpreter.facts.get("marker", {}),
            portable_on=self._trial_on,
        )

    def _proven(self, outcome: Outcome, again: Callable[[Any], Verdict]) -> Outcome:
        """Give an outcome whose verdict's remedies were tried, where that was asked for.

        Args:
            outcome: of a check or call.
            again: does the same with another `Portable`.
        """
        if outcome.verdict.portable or self._is_trial or not self._session.suggest:
            return outcome
        verdict = prove(
            outcome.verdict,
            self.leg,
            lambda leg: again(self._trial_on(leg)),
            self._session.report,
        )
        return replace(outcome, verdict=verdict)

    def _trial_on(self, leg: Leg) -> _Portable:
        found: _Portable = self._session.portable(leg)
        found._is_trial = True  # noqa: SLF001 - one of ours
        return found


def search_requirements(
    trials: Trials, subject: Subject, modules: Iterable[str], style: str
) -> list[str]:
    """Find the smallest requirements under which a subject loads and its probe runs.

    Args:
        trials: tries it on the leg's Python.
        subject: what loads.
        modules: what it needs as far as can be seen (`modules_needed`).
        style: `pinned`, `ranged` or `bare`.

    Raises:
        OptionError: the style is none.
        PortabilityError: no requirements help.
        SetupError: an environment cannot be made.
    """
    from pytest_portable.environment.named_requirements import (  # noqa: PLC0415 - packaging costs 12 ms
        named_lines,
        source_options,
    )

    check_style(style)
    declared = trials.leg.deps or ()
    options = source_options(declared)
    # Nothing but the requirements decides here: no serializer beside them, no policies.
    alone = replace(
        trials.leg,
        install_serializer=False,
        round_trip=False,
        forbid=(),
        absent=(),
        max_bytes=None,
        warnings="ignore",
    )

    def attempt(lines: tuple[str, ...]) -> Verdict:
        return trials.on(subject, replace(alone, deps=(*options, *lines)))

    search = Search(
        attempt,
        Installed(trials.marker, trials.root),
        style=style,
        given=named_lines(declared, trials.leg.deps_root or trials.root),
    )
    return search.run(modules)
