"""The smallest requirements of an object: it is tried on variations of one leg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_portable.engine.checker import Checker
from pytest_portable.engine.dumping import dump_all
from pytest_portable.engine.installed_requirements import Installed
from pytest_portable.engine.observe import Checked
from pytest_portable.engine.outcome import conclude
from pytest_portable.engine.smallest_requirements import Search, check_style, modules_needed
from pytest_portable.errors import PortabilityError
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Verdict

__all__ = ["Subject", "find_requirements"]


@dataclass(frozen=True)
class Subject:
    """What is tried: an object, or a payload that is there already.

    Attributes:
        asked: the probes.
        names: values that they see.
        payload: bytes; `None` where `obj` is dumped for every trial.
    """

    obj: object = None
    asked: tuple[Probe, ...] = ()
    names: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes | None = None

    def checked_by(self, checker: Checker) -> Verdict:
        """Return the verdict on a checker's leg."""
        if self.payload is not None:
            return checker.check_payload(self.payload, self.asked, self.names).verdict
        return checker.check(self.obj, self.asked, self.names).verdict


def find_requirements(checker: Checker, subject: Subject, style: str) -> list[str]:
    """Find the smallest requirements under which a subject loads and its probe runs.

    Args:
        checker: of the leg whose Python they are for.
        subject: what loads.
        style: `pinned`, `ranged` or `bare`.

    Raises:
        OptionError: the style is none.
        PortabilityError: the object cannot be dumped, or no requirements help.
        SetupError: an environment cannot be made.
    """
    __tracebackhide__ = True
    modules = _modules_of(checker, subject)
    from pytest_portable.environment.named_requirements import (  # noqa: PLC0415 - packaging costs 12 ms
        named_lines,
        source_options,
    )

    check_style(style)
    leg = checker.leg
    declared = leg.deps or ()
    options = source_options(declared)
    # Nothing but the requirements decides here: no serializer beside them, no policies.
    alone = replace(
        leg,
        install_serializer=False,
        round_trip=False,
        forbid=(),
        absent=(),
        max_bytes=None,
        warnings="ignore",
    )

    def attempt(lines: tuple[str, ...]) -> Verdict:
        return subject.checked_by(checker.trial_on(replace(alone, deps=(*options, *lines))))

    root = checker.settings.root
    search = Search(
        attempt,
        Installed(checker.environment.interpreter.facts.get("marker", {}), root),
        style=style,
        given=named_lines(declared, leg.deps_root or root),
    )
    return search.run(modules)


def _modules_of(checker: Checker, subject: Subject) -> set[str]:
    """Return the modules that a subject needs, as far as can be seen.

    Raises:
        PortabilityError: it cannot be dumped.
    """
    run = checker.run_of(subject.obj)
    values = {} if subject.payload is not None else {"obj": subject.obj}
    dumped = dump_all(run, {**values, **subject.names})
    sent = dumped.sent
    if subject.payload is not None:
        sent = replace(sent, payloads=(("obj", subject.payload), *sent.payloads))
    if dumped.found.problems:
        outcome = conclude(run, sent, dumped.found, seconds={"dump": dumped.seconds})
        done = Checked(outcome.verdict, run.context, sent, subject.asked, subject.names)
        raise PortabilityError(checker.keep(done).verdict)
    source = "\n".join(probe.source for probe in subject.asked)
    return modules_needed([sent.inspection(name) for name, _ in sent.payloads], source)
