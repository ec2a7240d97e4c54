"""What a leg does with payloads of other places and times: the base of `engine.Portable`."""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_portable.errors import PortabilityError
from pytest_portable.payload.out_of_band import whole
from pytest_portable.settings import probes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_portable.bundle.pairs import Pairs
    from pytest_portable.engine.session import Session
    from pytest_portable.judgement import Check, Outcome
    from pytest_portable.settings.legs import Leg
    from pytest_portable.settings.probes import Asked
    from pytest_portable.verdict import Target, Verdict

__all__ = ["Checked", "Exchange", "Observer"]


@dataclass(frozen=True)
class Checked:
    """One finished check, as observers see it.

    Attributes:
        payloads: name and bytes of all that travelled; empty where the dump failed.
        asked: the probes that were evaluated there.
        is_foreign: made elsewhere, and never to be loaded here.
    """

    verdict: Verdict
    check: Check
    leg: Leg
    payloads: tuple[tuple[str, bytes], ...]
    asked: tuple[probes.Probe, ...]
    names: Mapping[str, object]
    is_foreign: bool = False


Observer: TypeAlias = "Callable[[Checked], Mapping[str, object]]"


class Exchange(abc.ABC):
    """Checks objects on one leg, keeps what they were dumped as, and reads what others kept.

    Attributes:
        leg: what it checks on.
        verdicts: every verdict so far, in order.
        details: what observers said, by the number of the verdict.
    """

    leg: Leg
    verdicts: list[Verdict]
    details: dict[int, dict[str, object]]
    _session: Session
    # Nobody but the caller hears of what a trial finds.
    _is_trial: bool = False

    @property
    @abc.abstractmethod
    def target(self) -> Target:
        """Facts of the environment."""

    @abc.abstractmethod
    def _check(self, obj: object) -> Check:
        """Begin a check of an object on this leg."""

    @abc.abstractmethod
    def _proven(self, outcome: Outcome, again: Callable[[Any], Verdict]) -> Outcome:
        """Try the remedies of an outcome's verdict; `again` does the same on another leg."""

    def run(
        self,
        obj: object,
        asked: tuple[probes.Probe, ...],
        names: Mapping[str, object],
        equal: Callable[[Any, Any], object] | None = None,
    ) -> Checked:
        """Take an object through all stages; what was checked can then be kept."""
        check = self._check(obj)
        outcome = check.run(names=names, probes=asked, equal=equal)
        outcome = self._proven(outcome, lambda other: other.run(obj, asked, names, equal).verdict)
        verdict = self._keep(check, outcome, asked, names)
        return Checked(verdict, check, self.leg, tuple(check.payloads), asked, names)

    def draw_payload(
        self,
        payloads: list[tuple[str, bytes]],
        probe: probes.Probe,
        *,
        made_by: tuple[int, int] | None = None,
    ) -> tuple[Verdict, str | None]:
        """Check payloads made elsewhere; what the probe gives comes back as text, never loaded.

        Args:
            payloads: name and bytes; the object is `obj`.
            probe: a plain one: it returns text.
            made_by: Python that dumped them, major and minor; the running one by default.

        Returns:
            The verdict, and the text, or `None` where the target never got so far.
        """
        check = self._check(None)
        check.host = made_by or check.host
        outcome = check.run_given(payloads, probe)
        record = None if check.transcript is None else check.transcript.find("plain")
        text = None if record is None or record.blob is None else record.blob.decode()
        return self._keep(check, outcome, (probe,), is_foreign=True), text

    def make(self, probe: probes.Probe) -> tuple[bytes | None, str]:
        """Make an object there and dump it there; it is not loaded here.

        Returns:
            The payload, or `None` and what was raised there.
        """
        check = self._check(None)
        return check.run_made(probe)

    def on(self, leg: Leg) -> Exchange:
        """Return what checks on another leg.

        Raises:
            SetupError: its environment cannot be had.
        """
        return self._session.portable(leg)

    def golden(
        self,
        obj: object,
        name: str,
        *,
        mode: str = "backward_transitive",
        releases: Sequence[str | Sequence[str]] = (),
        probe: Asked | Sequence[Asked] | Mapping[str, Asked] | None = None,
        **names: object,
    ) -> Verdict:
        """Assert that what was kept is read by today's code, and today's objects by releases.

        Bundles are kept beside the test's file, in `golden/NAME/SERIALIZER`; `--portable-update`
        writes a new one where the object changed and leaves the others alone.

        Args:
            obj: today's object.
            name: of the bundles: a word.
            mode: `backward` (this leg's environment reads the last bundle), `forward` (the last of
                `releases` reads `obj`), `full` (both), or one of these with `_transitive`: all
                bundles, all releases.
            releases: requirement lines of released versions, oldest first.
            probe: as for a check; its result is kept and compared too.
            names: values that the probe sees.

        Returns:
            The verdict; attributes that one side does not know yet are notes.

        Raises:
            PortabilityError: a bundle cannot be read or differs; the text names which, and where.
            SetupError: nothing was kept yet, a bundle was changed, a release cannot be installed.
        """
        __tracebackhide__ = True
        from pytest_portable.bundle.golden import Golden, check_golden  # noqa: PLC0415 - rare

        golden = Golden(self._session.root, self.leg, name, mode, tuple(releases))
        done = self.run(obj, probes.parse(probe, names), names)
        verdict = check_golden(self, golden, done, update=self._session.update)
        if not verdict.portable:
            raise PortabilityError(verdict)
        return verdict

    def between(
        self,
        *,
        producer: Sequence[object],
        consumer: Sequence[object],
        make: str,
        probe: Asked | Sequence[Asked] | Mapping[str, Asked] | None = None,
    ) -> Pairs:
        """Assert that what every producer makes is read by every consumer.

        Args:
            producer: environments: a requirement line, a list of them, or a dict of `deps` and
                `python`, each.
            consumer: likewise.
            make: `module:function`, importable in the producers; it takes nothing and returns
                the object.
            probe: evaluated on both sides.

        Returns:
            The pairs; `str()` of them is a table.

        Raises:
            PortabilityError: of the first pair that is not portable, with the table.
            SetupError: an environment cannot be had, or `make` raised.
        """
        __tracebackhide__ = True
        from pytest_portable.bundle.pairs import check_pairs  # noqa: PLC0415 - rare

        pairs = check_pairs(self, producer, consumer, make, probes.parse(probe, {}))
        for verdict in pairs.verdicts:
            if not verdict.portable:
                raise PortabilityError(verdict)
        return pairs

    def _keep(
        self,
        check: Check,
        outcome: Outcome,
        asked: tuple[probes.Probe, ...] = (),
        names: Mapping[str, object] | None = None,
        *,
        is_foreign: bool = False,
    ) -> Verdict:
        verdict = outcome.verdict
        if self._session.verbosity and not verdict.portable:
            verdict = replace(verdict, verbosity=self._session.verbosity)
        if not (verdict.portable or is_foreign or self._is_trial) and check.payload is not None:
            from pytest_portable.engine.reproduce import keep_failure  # noqa: PLC0415 - after a failure

            if not any(name != "obj" for name, _ in check.payloads):
                payload = whole(check.payload)
                verdict = keep_failure(verdict, self.leg, payload, self._session.cache_dir)
        self.verdicts.append(verdict)
        if self._session.observers and not self._is_trial:
            payloads = tuple(check.payloads)
            done = Checked(
                verdict, check, self.leg, payloads, asked, names or {}, is_foreign=is_foreign
            )
            said: dict[str, object] = {}
            for observe in self._session.observers:
                said.update(observe(done))
            self.details[len(self.verdicts) - 1] = said
        return verdict
