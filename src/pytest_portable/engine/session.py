"""One check through all stages: dump, inspect, prepare, load, call, return, compare.

A `Session` owns environments and agents; a `Portable` checks objects on one leg.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from pytest_portable.agent import Agent
from pytest_portable.diagnosis import Standing
from pytest_portable.engine.checker import Checked, Observer
from pytest_portable.engine.environments import Environments, adopt_nothing
from pytest_portable.engine.requirements import Searching
from pytest_portable.errors import OptionError, PortabilityError
from pytest_portable.judgement import Check
from pytest_portable.judgement.route import Hop, hop_legs, refuse_calls
from pytest_portable.serializers import Registry
from pytest_portable.serializers.shipping import Shipping, make_shipping
from pytest_portable.settings import probes
from pytest_portable.verdict import Target, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from pytest_portable.environment import Environment, StoreSettings
    from pytest_portable.equivalence import Comparator
    from pytest_portable.payload.inspection import Inspection
    from pytest_portable.report.progress import Progress
    from pytest_portable.serializers import Serializer
    from pytest_portable.settings.legs import Leg
    from pytest_portable.settings.probes import AskedAll
__all__ = ["Checked", "Observer", "Portable", "Session"]

Result = TypeVar("Result")
# What pytest and coverage set for their own processes; a control must not join them.
_NOT_FOR_OTHERS: Final = ("COV_", "PYTEST_")
# Stands for the object where the mark's producer makes it.
MADE_THERE: Final = object()


def _silent(step: str) -> None:
    """Report nothing."""


@dataclass
class Session:
    """Environments and agents of one run.

    Args:
        root: directory where relative paths of marks start.
        cache_dir: where environments are kept.
        installer: "auto", "uv" or "pip".
        comparators: what equal means for classes of the user's, asked before our own.
        report: called with one line for every step that takes time.
        observers: called with every finished check; what they return is kept in its details.
        update: whether golden bundles are written where objects changed.
        store: further settings of the store, named as in `environment.StoreSettings`.
        adopt: gives the environment of a leg that brings its own; see `preparing.Environments`.
        suggest: whether remedies are tried in other environments before they are shown.
        verbosity: how much the text of a failing verdict tells; see `report.text.render`.

    Attributes:
        seconds: how long each environment took to be had, by its executable.
    """

    root: Path
    cache_dir: Path
    installer: str = "auto"
    offline: bool = False
    refresh: bool = False
    constraints: tuple[Path, ...] = ()
    serializers: Registry = field(default_factory=Registry)
    comparators: tuple[Comparator, ...] = ()
    report: Callable[[str], None] = _silent
    observers: tuple[Observer, ...] = ()
    update: bool = False
    store: Mapping[str, object] = field(default_factory=dict)
    adopt: Callable[[Leg], object] = adopt_nothing
    suggest: bool = False
    verbosity: int = 0
    _agents: dict[object, Agent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hold no environment yet."""
        self._environments = Environments(
            root=self.root, settings=self._store_settings, adopt=self.adopt, report=self.report
        )
        self.seconds = self._environments.seconds

    def portable(self, leg: Leg) -> Portable:
        """Return what checks objects on `leg`; its environment is built now.

        Raises:
            SetupError: the interpreter or the environment cannot be had.
            OptionError: `by_value`, `as_main` or `ship` ask for what cannot be done here.
        """
        serializer = self._serializer(leg)
        shipping = make_shipping(
            serializer=serializer.name,
            machinery=serializer.machinery,
            by_value=leg.by_value,
            as_main=leg.as_main,
            ship=leg.ship,
            options=leg.options,
            test=leg.test,
            root=self.root,
        )
        environment = self.environment(leg)
        return Portable(
            leg=leg,
            environment=environment,
            agent=self._agent(leg, environment, serializer.preload, serializer.there),
            hops=tuple(self._hop(*hop, serializer) for hop in hop_legs(leg, serializer)),
            serializer=serializer,
            shipping=shipping,
            session=self,
        )

    def _agent(
        self, leg: Leg, environment: Environment, preload: tuple[str, ...], there: str
    ) -> Agent:
        where = environment.command or str(environment.executable)
        key = (where, tuple(sorted(leg.env.items())), leg.preload, preload, there)
        if key not in self._agents:
            self._agents[key] = Agent(
                environment.executable,
                leg.env,
                try_preload=preload,
                there=there,
                preload=leg.preload,
                command=environment.command,
            )
        self._agents[key].start()
        return self._agents[key]

    def _hop(self, leg: Leg, is_opaque: bool, serializer: Serializer) -> Hop:
        environment = self.environment(leg)
        looks = serializer.reader is not None or not is_opaque
        start = (serializer.preload, serializer.there) if looks else ((), "")
        agent = self._agent(leg, environment, *start)
        return Hop(leg, facts_of(environment), agent, environment, is_opaque)

    def control(self, leg: Leg, serializer: Serializer) -> Agent:
        """Return an agent in the host's own environment, which sees what this process sees."""
        kept = {n: v for n, v in os.environ.items() if not n.startswith(_NOT_FOR_OTHERS)}
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        env = {**kept, "PYTHONPATH": path, **leg.env}
        preload = (*serializer.preload, *leg.preload)
        # Tests change variables and the path: yesterday's control would tell of yesterday.
        key = ("control", tuple(sorted(env.items())), preload, serializer.there)
        if key not in self._agents:
            self._agents[key] = Agent(
                Path(sys.executable), env, try_preload=preload, there=serializer.there
            )
        return self._agents[key]

    def _serializer(self, leg: Leg) -> Serializer:
        return leg.given_serializer or self.serializers.get(leg.serializer)

    def environment(self, leg: Leg) -> Environment:
        """Return the environment of a leg.

        Raises:
            SetupError: the interpreter or the environment cannot be had.
        """
        return self._environments.environment(leg, self._serializer(leg))

    def find_environment(self, leg: Leg) -> Environment | None:
        """Return the environment of a leg where it is at hand; nothing is built."""
        return self._environments.find(leg, self._serializer(leg))

    def prepare(self, legs: Iterable[Leg], progress: Progress) -> None:
        """Prepare the environments of all legs together; what fails is raised by `portable`.

        Those of the hops of their routes are among them.
        """
        every = [
            one
            for leg in legs
            for one in (leg, *(hop for hop, _ in hop_legs(leg, self._serializer(leg))))
        ]
        self._environments.prepare([(leg, self._serializer(leg)) for leg in every], progress)

    def _store_settings(self) -> StoreSettings:
        from pytest_portable.environment import StoreSettings  # noqa: PLC0415 - slow to import

        return StoreSettings(
            cache_dir=self.cache_dir,
            installer=self.installer,
            offline=self.offline,
            refresh=self.refresh,
            constraints=tuple(self.constraints),
            **self.store,  # type: ignore[arg-type]  # the names are those of StoreSettings
        )

    def close(self) -> None:
        """End every agent."""
        for agent in self._agents.values():
            agent.close()
        self._agents.clear()


def facts_of(environment: Environment) -> Target:
    """Return what a verdict says of an environment."""
    interpreter = environment.interpreter
    return Target(
        python=interpreter.version,
        implementation=interpreter.implementation,
        platform=interpreter.platform,
        executable=str(environment.executable),
        distributions=dict(environment.distributions),
    )


class Portable(Searching):
    """Checks objects on one leg: what the `portable` fixture is.

    Attributes:
        verdicts: every verdict so far, in order.
        details: what observers said, by the number of the verdict.
    """

    def __init__(  # noqa: PLR0913 - one argument for each thing that was prepared
        self,
        *,
        leg: Leg,
        environment: Environment,
        agent: Agent,
        hops: tuple[Hop, ...],
        serializer: Serializer,
        shipping: Shipping,
        session: Session,
    ) -> None:
        """Take a leg whose environment is there."""
        self.leg = leg
        self.verdicts: list[Verdict] = []
        self.details: dict[int, dict[str, object]] = {}
        self._session = session
        self._environment = environment
        self._agent = agent
        self._hops = hops
        self._serializer = serializer
        self._shipping = shipping

    @property
    def target(self) -> Target:
        """Facts of the environment: python, implementation, platform, executable, distributions."""
        return facts_of(self._environment)

    def __call__(
        self,
        obj: object = MADE_THERE,
        *,
        equal: Callable[[Any, Any], object] | None = None,
        probe: AskedAll = None,
        **names: object,
    ) -> Verdict:
        """Assert that an object is portable.

        Args:
            obj: what travels; left out where the mark's `producer` makes it.
            equal: replaces the comparison: `equal(original, returned)`.
            probe: an expression over `obj` and `names`, or a self-contained function; evaluated
                there and here, the results are compared. A list or a dict of names gives several.
            names: values that the probe sees.

        Returns:
            The verdict.

        Raises:
            PortabilityError: the object is not portable; the text is the diagnosis.
        """
        __tracebackhide__ = True
        verdict = self.check(obj, equal=equal, probe=probe, **names)
        if not verdict.portable:
            raise PortabilityError(verdict)
        return verdict

    def check(
        self,
        obj: object = MADE_THERE,
        *,
        equal: Callable[[Any, Any], object] | None = None,
        probe: AskedAll = None,
        **names: object,
    ) -> Verdict:
        """Do the same without raising; see `__call__`."""
        __tracebackhide__ = True
        if equal is not None and not self.leg.round_trip:
            raise OptionError(
                "equal= needs the round trip, and round_trip=False leaves nothing to compare"
            )
        asked = probes.parse(probe, names)
        if obj is MADE_THERE or self.leg.producer is not None:
            from pytest_portable.bundle.pairs import check_made  # noqa: PLC0415 - rare

            is_bare = obj is MADE_THERE and equal is None and not names
            return check_made(self, asked, is_bare=is_bare)
        return self.run(obj, asked, names, equal).verdict

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

    def call(self, func: Callable[..., object], /, *args: object, **kwargs: object) -> object:
        """Call a function there and return its result.

        Raises:
            PortabilityError: the function, an argument, the result or the exception cannot travel.
            BaseException: what the function raised there, with the target's traceback as a note.
        """
        __tracebackhide__ = True
        refuse_calls(self.leg, self._serializer)
        check = self._check(func)
        outcome = check.run_call(args, kwargs)
        outcome = self._proven(
            outcome,
            lambda other: other._check(func).run_call(args, kwargs).verdict,  # noqa: SLF001 - ours
        )
        verdict = self._keep(check, outcome)
        if not verdict.portable:
            raise PortabilityError(verdict) from outcome.raised
        if outcome.raised is not None:
            raise outcome.raised
        return outcome.value

    def inspect(self, obj: object) -> Inspection:
        """Read an object's payload without loading it.

        Raises:
            PortabilityError: the object cannot be dumped.
        """
        __tracebackhide__ = True
        check = self._check(obj)
        with self._shipping.dumping():
            data = check.dump(obj, "obj")
        if data is None:
            raise PortabilityError(self._keep(check, check.outcome()))
        return Standing([obj]).in_inspection(check.inspection(data, "obj"))

    def check_payload(self, data: bytes, *, probe: AskedAll = None, **names: object) -> Verdict:
        """Check a payload that is there; it is never loaded here, and probes only run there."""
        check = self._check(None)
        asked = probes.parse(probe, names)
        outcome = check.run(names=names, probes=asked, equal=None, data=data)
        outcome = self._proven(
            outcome, lambda other: other.check_payload(data, probe=probe, **names)
        )
        return self._keep(check, outcome, asked, names, is_foreign=True)

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

        records = split(data, self._serializer.pickles)
        return [self.check_payload(record, probe=probe) for record in records]

    def _check(self, obj: object) -> Check:
        return Check(
            obj=obj,
            leg=self.leg,
            serializer=self._serializer,
            comparators=self._session.comparators,
            target=self.target,
            agent=self._agent,
            host=sys.version_info[:2],
            notes_of_environment=self._environment.notes,
            environment=self._environment,
            shipping=self._shipping,
            hops=self._hops,
            in_one_piece=bool(self._session.observers or self._hops),  # they keep payloads
            started=time.monotonic(),
            root=self._session.root,
            control=lambda: self._session.control(self.leg, self._serializer),
        )
