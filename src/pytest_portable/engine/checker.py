"""Checks objects and payloads on one leg, and keeps what comes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_portable.agent import Agent
from pytest_portable.engine import pipeline
from pytest_portable.engine.asking import CheckRun, evidence_of
from pytest_portable.engine.hop import Hop
from pytest_portable.engine.observe import Checked, Log, Observer
from pytest_portable.engine.outcome import Outcome, conclude
from pytest_portable.engine.prove_remedies import prove
from pytest_portable.engine.reproduce import ByHand, SameRun, keep_failure
from pytest_portable.environment import Environment, find_damage
from pytest_portable.equivalence import Comparator
from pytest_portable.interrupts import listening
from pytest_portable.judgement.context import UNKNOWN_SIDE, Context, Sent, Side, host_side, side_of
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.findings import problems
from pytest_portable.judgement.portraits import Drawings, Portraits
from pytest_portable.judgement.strict_notes import with_strict_notes
from pytest_portable.serializers import Serializer
from pytest_portable.serializers.out_of_band import whole
from pytest_portable.serializers.shipping import Shipping
from pytest_portable.settings.legs import Leg
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem, Target, Verdict

__all__ = ["CheckSettings", "Checker", "Drawn"]


@dataclass(frozen=True)
class CheckSettings:
    """What holds for every check of a run.

    Attributes:
        root: the rootdir.
        cache_dir: where payloads of failing checks are kept.
        comparators: what equal means for classes of the user's.
        observers: called with every finished check.
        report: told every step that takes time.
        update: whether golden bundles are written where objects changed.
        suggest: whether remedies are tried before they are shown.
        verbosity: how much the text of a failing verdict tells.
        columns: of the terminal that shows it.
        strict_notes: codes of notes that fail a check; `error` stands for all.
        store_options: what the command line is told of how environments are made here.
        same_run: repeats a test as it was started.
    """

    root: Path
    cache_dir: Path
    comparators: tuple[Comparator, ...]
    observers: tuple[Observer, ...]
    report: Callable[[str], None]
    update: bool
    suggest: bool
    verbosity: int
    columns: int
    strict_notes: frozenset[str] = frozenset()
    store_options: tuple[str, ...] = ()
    same_run: SameRun = field(default_factory=SameRun)


@dataclass(frozen=True)
class Drawn:
    """What a target drew of a payload; `drawings` is `None` where it did not get that far.

    Attributes:
        checked: the load.
        drawings: the portraits.
        evidence: of the load.
    """

    checked: Checked
    drawings: Drawings | None
    evidence: Evidences

    @property
    def verdict(self) -> Verdict:
        """Of the load."""
        return self.checked.verdict


@dataclass(frozen=True)
class Checker:
    """Checks on one leg whose environment is there.

    Attributes:
        control: starts an agent in the host's own environment.
        on: returns what checks on another leg; `SetupError` where its environment cannot be had.
        repair: builds the broken environment of a leg again, and returns what checks there.
        is_trial: nobody but the caller hears of what it finds.
    """

    leg: Leg
    environment: Environment
    target: Target
    agent: Agent
    hops: tuple[Hop, ...]
    serializer: Serializer
    shipping: Shipping
    settings: CheckSettings
    control: Callable[[], Agent]
    on: Callable[[Leg], Checker]
    repair: Callable[[Leg, Environment, Sequence[str]], Checker]
    log: Log = field(default_factory=Log)
    is_trial: bool = False

    def trial_on(self, leg: Leg) -> Checker:
        """Return what tries another leg."""
        return replace(self.on(leg), is_trial=True)

    @listening()
    def check(
        self,
        obj: object,
        asked: tuple[Probe, ...],
        names: Mapping[str, object],
        equal: Callable[[Any, Any], object] | None = None,
        *,
        is_kept: bool = False,
    ) -> Checked:
        """Take an object through all stages; what was checked can then be kept.

        Args:
            obj: the object.
            asked: probes, evaluated on both sides.
            names: values that they see.
            equal: the caller's own comparison.
            is_kept: whether portraits are needed, because somebody keeps a bundle of it.
        """
        run = self.run_of(obj, is_kept=is_kept or bool(self.settings.observers))
        outcome = pipeline.check_object(run, names=names, probes=asked, equal=equal)
        if other := self._repaired(outcome.verdict):
            return other.check(obj, asked, names, equal, is_kept=is_kept)
        outcome = self._proven(outcome, lambda other: other.check(obj, asked, names, equal).verdict)
        return self.keep(self._checked(run, outcome, asked, names))

    @listening()
    def check_payload(
        self, data: bytes, asked: tuple[Probe, ...], names: Mapping[str, object]
    ) -> Checked:
        """Check a payload that is there; it is never loaded here, and probes only run there.

        Who dumped it is read from its bytes, as far as they show it: this process need not be it.
        """
        # The host's own environment says nothing of it.
        run = replace(self.run_of(None, maker=UNKNOWN_SIDE), control=None)
        outcome = pipeline.check_payload(run, data, names=names, probes=asked)
        if other := self._repaired(outcome.verdict):
            return other.check_payload(data, asked, names)
        outcome = self._proven(
            outcome, lambda other: other.check_payload(data, asked, names).verdict
        )
        return self.keep(self._checked(run, outcome, asked, names, is_foreign=True))

    @listening()
    def call(
        self, func: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Outcome:
        """Call a function there."""
        run = self.run_of(func)
        outcome = pipeline.run_call(run, args, kwargs)
        if other := self._repaired(outcome.verdict):
            return other.call(func, args, kwargs)
        outcome = self._proven(
            outcome, lambda other: pipeline.run_call(other.run_of(func), args, kwargs).verdict
        )
        return replace(outcome, verdict=self.keep(self._checked(run, outcome)).verdict)

    @listening()
    def draw(
        self,
        payloads: tuple[tuple[str, bytes], ...],
        probes: tuple[Probe, ...],
        wanted: Mapping[str, Sequence[str]],
        *,
        maker: Side | None = None,
        control: Callable[[], Agent] | None = None,
    ) -> Drawn:
        """Load payloads made elsewhere; what they hold and what probes return is drawn there.

        Nothing of it is kept: the caller judges the drawings first.

        Args:
            payloads: names and bytes; the object is `obj`.
            probes: evaluated there.
            wanted: by qualified name of a class, the attributes that the other side holds.
            maker: the Python that dumped them; the running one by default.
            control: starts an agent in its environment, where there is one.
        """
        run = self.run_of(None, maker=maker)
        if maker is not None:  # the host's own environment says nothing of it
            run = replace(run, control=control)
        outcome = pipeline.draw_payloads(run, payloads, probes, wanted)
        if other := self._repaired(outcome.verdict):
            return other.draw(payloads, probes, wanted, maker=maker, control=control)
        drawings = outcome.value if isinstance(outcome.value, Drawings) else None
        checked = self._checked(run, outcome, probes, is_foreign=True)
        return Drawn(checked, drawings, evidence_of(run, outcome.sent, outcome.transcript))

    def refuse(self, problem: Problem, maker: Side) -> Verdict:
        """Return the verdict on an object that its maker could not dump: it never came here."""
        run = self.run_of(None, maker=maker)
        sent = Sent((), run.context)
        outcome = conclude(run, sent, problems([problem]), seconds={})
        return self._checked(run, outcome, is_foreign=True).verdict

    @listening()
    def make(self, make: Probe, probes: tuple[Probe, ...]) -> tuple[bytes, Portraits]:
        """Make an object there, draw it and dump it there; it is not loaded here.

        Args:
            make: returns the object.
            probes: evaluated on it, in the process that made it.

        Raises:
            NotMade: what it did instead.
        """
        return pipeline.make_there(self.run_of(None), (make, *probes))

    def run_of(self, obj: object, *, maker: Side | None = None, is_kept: bool = False) -> CheckRun:
        """Begin a check of an object on this leg; see `check` for the bundle that is kept."""
        context = Context(
            obj=obj,
            leg=self.leg,
            serializer=self.serializer,
            maker=maker or host_side(),
            reader=side_of(self.target),
            target=self.target,
            environment=self.environment,
            shipping=self.shipping.as_loaded(),
            comparators=self.settings.comparators,
            root=self.settings.root,
            is_routed=bool(self.hops),
            portraits={} if is_kept else None,
        )
        return CheckRun(
            context=context,
            agent=self.agent,
            control=self.control,
            hops=self.hops,
            in_one_piece=bool(self.settings.observers or self.hops),  # they keep payloads
            notes_of_environment=self.environment.notes,
            started=time.monotonic(),
        )

    def keep(self, done: Checked) -> Checked:
        """Keep a finished check, let observers see it, and return it as it was kept."""
        verdict, sent = self.strictly(done.verdict), done.sent
        if not verdict.portable:
            settings = self.settings
            verdict = replace(verdict, verbosity=settings.verbosity, columns=settings.columns)
        if self.leg.test and verdict.reproduce and not done.is_foreign:
            verdict = replace(verdict, reproduce=self.settings.same_run.command(self.leg.test))
        payload = sent.data("obj")
        is_ours = not (done.is_foreign or self.is_trial or verdict.portable)
        if is_ours and payload is not None and len(sent.payloads) == 1:
            by_hand = ByHand(
                self.leg,
                self.leg.deps_root or self.settings.root,
                self.settings.cache_dir,
                self.settings.store_options,
            )
            verdict = keep_failure(verdict, by_hand, whole(payload))
        done = replace(done, verdict=verdict)
        details: dict[str, object] = {}
        for observe in () if self.is_trial else self.settings.observers:
            details.update(observe(done))
        self.log.add(verdict, details)
        return done

    def strictly(self, verdict: Verdict) -> Verdict:
        """Return a verdict whose notes are problems where the run wants that; none of a trial."""
        if self.is_trial or not self.settings.strict_notes:
            return verdict
        return with_strict_notes(verdict, self.settings.strict_notes)

    def _checked(
        self,
        run: CheckRun,
        outcome: Outcome,
        asked: tuple[Probe, ...] = (),
        names: Mapping[str, object] | None = None,
        *,
        is_foreign: bool = False,
    ) -> Checked:
        return Checked(
            outcome.verdict, run.context, outcome.sent, asked, names or {}, is_foreign=is_foreign
        )

    def _repaired(self, verdict: Verdict) -> Checker | None:
        """Return what checks in the environment as it should be, where a failure found it broken.

        Raises:
            SetupError: it cannot be built again.
        """
        ours = self.leg.deps is not None and self.environment.command is None
        broke_there = verdict.stage in {"prepare", "load", "call", "return"}
        if verdict.portable or self.is_trial or not (ours and broke_there):
            return None
        lost = find_damage(self.environment.path)
        return self.repair(self.leg, self.environment, lost) if lost else None

    def _proven(self, outcome: Outcome, again: Callable[[Checker], Verdict]) -> Outcome:
        """Return an outcome whose verdict's remedies were tried, where that was asked for.

        Args:
            outcome: of a check or call.
            again: does the same on another leg.
        """
        if outcome.verdict.portable or self.is_trial or not self.settings.suggest:
            return outcome
        verdict = prove(
            outcome.verdict,
            self.leg,
            lambda leg: again(self.trial_on(leg)),
            self.settings.report,
        )
        return replace(outcome, verdict=verdict)
