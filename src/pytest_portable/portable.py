"""What the `portable` fixture is: checks of objects, calls and payloads on one leg."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar, cast, overload

from pytest_portable.bundle.golden import Golden, check_golden
from pytest_portable.bundle.pairs import Pairs, check_made, check_pairs
from pytest_portable.diagnosis import Standing
from pytest_portable.engine.checker import Checker
from pytest_portable.engine.dumping import dump_one
from pytest_portable.engine.observe import Checked
from pytest_portable.engine.outcome import conclude
from pytest_portable.engine.requirements import Subject, find_requirements
from pytest_portable.engine.route import refuse_calls
from pytest_portable.engine.session import Session
from pytest_portable.errors import OptionError, PortabilityError
from pytest_portable.judgement.context import Sent
from pytest_portable.payload.inspection import Inspection
from pytest_portable.report.redaction import redact
from pytest_portable.settings import probes
from pytest_portable.settings.legs import Leg
from pytest_portable.settings.probes import AskedAll, WantedAll
from pytest_portable.verdict import Target, Verdict, is_unread, mark_read, watch

__all__ = ["Portable", "portable_on"]

Result = TypeVar("Result")
Method = TypeVar("Method", bound=Callable[..., object])
# Stands for the object where the mark's producer makes it.
MADE_THERE: Final = object()


def portable_on(session: Session, leg: Leg) -> Portable:
    """Return what checks objects on a leg; its environment is built now.

    Raises:
        SetupError: the interpreter or the environment cannot be had.
        OptionError: `by_value`, `as_main` or `ship` ask for what cannot be done here.
    """
    return Portable(session.checker(leg))


def _uses(method: Method) -> Method:
    """Return a method whose calls are use of the fixture, even one whose arguments are refused."""

    @functools.wraps(method)
    def used(self: Portable, /, *args: object, **kwargs: object) -> object:
        __tracebackhide__ = True
        self._is_used = True
        return method(self, *args, **kwargs)

    return cast("Method", used)


class Portable:
    """Checks objects on one leg: what the `portable` fixture is."""

    def __init__(self, checker: Checker) -> None:
        """Check with a checker, whose environment is there."""
        self._own_checker = checker
        self._is_used = False

    def __repr__(self) -> str:
        """Say where it checks: `<portable: py3.11, pickle, deps .>`."""
        leg = self._own_checker.leg
        deps = "as it is" if leg.deps is None else "bare"
        if leg.deps:
            deps = redact(f"deps {' '.join(leg.deps)}")  # pytest shows it where a test fails
        return f"<portable: {self._own_checker.target.label}, {leg.serializer}, {deps}>"

    @property
    def _checker(self) -> Checker:
        """What checks; whoever asks for it makes use of the fixture."""
        self._is_used = True
        return self._own_checker

    @property
    def is_used(self) -> bool:
        """Whether anything of it was asked for so far."""
        return self._is_used

    @property
    def unread(self) -> list[Verdict]:
        """The verdicts that are not portable, were returned, and that nobody looked at so far."""
        return [verdict for verdict in self._own_checker.log.verdicts if is_unread(verdict)]

    @property
    def leg(self) -> Leg:
        """What it checks on."""
        return self._checker.leg

    @property
    def verdicts(self) -> list[Verdict]:
        """Every verdict so far, in order."""
        found = self._checker.log.verdicts
        for verdict in found:
            mark_read(verdict)
        return found

    @property
    def details(self) -> dict[int, dict[str, object]]:
        """What observers said, by the number of the verdict."""
        return self._checker.log.details

    @property
    def target(self) -> Target:
        """Facts of the environment: python, implementation, platform, executable, distributions."""
        return self._checker.target

    @_uses
    def __call__(
        self,
        obj: object = MADE_THERE,
        *,
        equal: Callable[[Any, Any], object] | None = None,
        probe: AskedAll = None,
        raises: WantedAll = None,
        **names: object,
    ) -> Verdict:
        """Assert that an object is portable.

        Args:
            obj: what travels; left out where the mark's `producer` makes it.
            equal: replaces the comparison: `equal(original, returned)`.
            probe: an expression over `obj` and `names`, or a self-contained function; evaluated
                there and here, the results are compared. A list or a dict of names gives several.
            raises: the exceptions that are wanted of the probe, which then has to raise one of
                them on both sides; for several probes, a dict of their names or numbers.
            names: values that the probe sees.

        Returns:
            The verdict.

        Raises:
            PortabilityError: the object is not portable; the text is the diagnosis.
        """
        __tracebackhide__ = True
        return _asserted(self.check(obj, equal=equal, probe=probe, raises=raises, **names))

    @_uses
    def check(
        self,
        obj: object = MADE_THERE,
        *,
        equal: Callable[[Any, Any], object] | None = None,
        probe: AskedAll = None,
        raises: WantedAll = None,
        **names: object,
    ) -> Verdict:
        """Do the same without raising; see `__call__`."""
        __tracebackhide__ = True
        if equal is not None and not self.leg.round_trip:
            raise OptionError(
                "equal= needs the round trip, and round_trip=False leaves nothing to compare"
            )
        if equal is not None:
            _check_equal(equal)
        asked = probes.parse(probe, names, raises)
        if obj is MADE_THERE or self.leg.producer is not None:
            is_bare = obj is MADE_THERE and equal is None and not names
            return _watched(check_made(self._checker, asked, is_bare=is_bare))
        return _watched(self._checker.check(obj, asked, names, equal).verdict)

    @overload
    def call(
        self,
        func: Callable[..., Coroutine[Any, Any, Result]],
        /,
        *args: object,
        **kwargs: object,
    ) -> Result: ...

    @overload
    def call(self, func: Callable[..., Result], /, *args: object, **kwargs: object) -> Result: ...

    @_uses
    def call(self, func: Callable[..., object], /, *args: object, **kwargs: object) -> object:
        """Call a function there and return its result.

        Raises:
            PortabilityError: the function, an argument, the result or the exception cannot travel.
            BaseException: what the function raised there, with the target's traceback as a note.
        """
        __tracebackhide__ = True
        refuse_calls(self.leg, self._checker.serializer)
        outcome = self._checker.call(func, args, kwargs)
        if not outcome.verdict.portable:
            raise PortabilityError(outcome.verdict) from outcome.raised
        if outcome.raised is not None:
            raise outcome.raised
        return outcome.value

    @_uses
    def inspect(self, obj: object) -> Inspection:
        """Read an object's payload without loading it.

        Raises:
            PortabilityError: the object cannot be dumped.
        """
        __tracebackhide__ = True
        run = self._checker.run_of(obj)
        dumped = dump_one(run, obj, "obj")
        if dumped.value is None:
            outcome = conclude(run, Sent((), run.context), dumped.findings, seconds={})
            done = Checked(outcome.verdict, run.context, outcome.sent)
            raise PortabilityError(self._checker.keep(done).verdict)
        inspection = Sent((("obj", dumped.value),), run.context).inspection("obj")
        return Standing([obj]).in_inspection(inspection)

    def check_payload(self, data: bytes, *, probe: AskedAll = None, **names: object) -> Verdict:
        """Check a payload that is there; it is never loaded here, and probes only run there."""
        asked = probes.parse(probe, names)
        return _watched(self._checker.check_payload(data, asked, names).verdict)

    def check_records(self, data: bytes, *, probe: AskedAll = None) -> list[Verdict]:
        """Check each of the pickles that stand one behind the other in a file.

        Parsl's checkpoints (`tasks.pkl`) are such files: whoever reads one loses everything after
        the first record that does not load. Here each is loaded on its own.

        Args:
            data: the file's bytes; never loaded here.
            probe: an expression over `obj`, each record in turn.

        Returns:
            A verdict for each record, in order; one for the whole where it is no row of pickles.
        """
        from pytest_portable.payload.pickle_rows import split  # noqa: PLC0415 - rare

        records = split(data, self._checker.serializer.pickles)
        return [self.check_payload(record, probe=probe) for record in records]

    @_uses
    def golden(  # noqa: PLR0913 - all but the object and the name are options
        self,
        obj: object,
        name: str,
        *,
        mode: str = "backward_transitive",
        releases: Sequence[str | Sequence[str]] = (),
        probe: AskedAll = None,
        raises: WantedAll = None,
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
            raises: as for a check.
            names: values that the probe sees.

        Returns:
            The verdict; attributes that one side does not know yet are notes.

        Raises:
            PortabilityError: a bundle cannot be read or differs; the text names which, and where.
            SetupError: nothing was kept yet, a bundle was changed, a release cannot be installed.
        """
        __tracebackhide__ = True
        root = self._checker.settings.root
        golden = Golden(root, self.leg, name, mode, tuple(releases))
        asked = probes.parse(probe, names, raises)
        done = self._checker.check(obj, asked, names, is_kept=True)
        return _asserted(check_golden(self._checker, golden, done))

    @_uses
    def between(
        self,
        *,
        producer: Sequence[object],
        consumer: Sequence[object],
        make: str,
        probe: AskedAll = None,
        raises: WantedAll = None,
    ) -> Pairs:
        """Assert that what every producer makes is read by every consumer.

        Args:
            producer: environments: a requirement line, a list of them, or a dict of `deps` and
                `python`, each.
            consumer: likewise.
            make: `module:function`, importable in the producers; it takes nothing and returns
                the object.
            probe: evaluated on both sides.
            raises: as for a check.

        Returns:
            The pairs; `str()` of them is a table.

        Raises:
            PortabilityError: of the first pair that is not portable, with the table.
            SetupError: an environment cannot be had, or `make` raised.
        """
        __tracebackhide__ = True
        asked = probes.parse(probe, {}, raises)
        pairs = check_pairs(self._checker, producer, consumer, make, asked)
        for verdict in pairs.verdicts:
            _asserted(verdict)
        return pairs

    @_uses
    def requirements(
        self,
        obj: object,
        *,
        probe: AskedAll = None,
        raises: WantedAll = None,
        style: str = "pinned",
        **names: object,
    ) -> list[str]:
        """Find the smallest requirements under which an object loads there and its probe runs.

        They were tried: the object was loaded in an environment of exactly these lines, on this
        leg's Python. What another one brings along is left out.

        Args:
            obj: what travels.
            probe: as in a check; what it imports, and what runs under it, counts.
            raises: as for a check.
            style: `pinned` at the host's versions, `ranged` up to the next major ones, or `bare`.
            names: values that the probe sees.

        Returns:
            Requirement lines, sorted; empty where the standard library is enough.

        Raises:
            PortabilityError: it needs something that no distribution provides, or fails otherwise.
            SetupError: an environment cannot be made.
        """
        __tracebackhide__ = True
        subject = Subject(obj, probes.parse(probe, names, raises), names)
        return find_requirements(self._checker, subject, style)

    def requirements_of_payload(
        self, data: bytes, *, probe: str | None = None, style: str = "pinned", **names: object
    ) -> list[str]:
        """Do the same for a payload that is there already; it is never loaded here."""
        subject = Subject(None, probes.parse(probe, names), names, data)
        return find_requirements(self._checker, subject, style)


def _check_equal(equal: object) -> None:
    """Refuse what cannot be called with the object that was sent and the one that came back.

    Raises:
        OptionError: it cannot.
    """
    wanted = "equal= takes a function of two objects, equal(original, returned)"
    if not callable(equal):
        raise OptionError(f"equal: {equal!r} is no function; {wanted}")
    try:
        signature = inspect.signature(equal)
    except (TypeError, ValueError):
        return  # built-in functions do not tell
    try:
        signature.bind(None, None)
    except TypeError as error:
        raise OptionError(f"equal: {equal!r} cannot be called so: {error}; {wanted}") from None


def _watched(verdict: Verdict) -> Verdict:
    """Return a verdict; one that is not portable will know whether anybody looked at it."""
    return verdict if verdict.portable else watch(verdict)


def _asserted(verdict: Verdict) -> Verdict:
    """Return a verdict that is portable.

    Raises:
        PortabilityError: it is not.
    """
    __tracebackhide__ = True
    if not verdict.portable:
        raise PortabilityError(verdict)
    return verdict
