"""Environments and agents of one run, and what checks on a leg."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pytest_portable.agent import Agent
from pytest_portable.engine.checker import Checker, CheckSettings
from pytest_portable.engine.environments import Environments, adopt_nothing
from pytest_portable.engine.hop import Hop, hop_legs
from pytest_portable.engine.observe import Observer
from pytest_portable.engine.reproduce import SameRun
from pytest_portable.environment import Environment, StoreSettings, default_cache_dir
from pytest_portable.equivalence import Comparator
from pytest_portable.report.progress import Progress
from pytest_portable.serializers import Registry, Serializer
from pytest_portable.serializers.shipping import make_shipping
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Target

__all__ = ["Session", "facts_of"]

# What pytest and coverage set for their own processes; a control must not join them. Hashes of text
# are other ones than here, as in a target: so what their order decides is drawn alike in both.
_NOT_FOR_OTHERS: Final = ("COV_", "PYTEST_", "PYTHONHASHSEED")


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
        adopt: gives the environment of a leg that brings its own; see `environments.Environments`.
        suggest: whether remedies are tried in other environments before they are shown.
        verbosity: how much the text of a failing verdict tells; see `report.text.render`.
        columns: of the terminal that shows it.
        same_run: repeats a test as it was started.

    Attributes:
        seconds: how long each environment took to be had, by its executable.
    """

    root: Path
    cache_dir: Path
    installer: str = "auto"
    offline: bool = False
    refresh: bool = False
    install_python: bool = False
    constraints: tuple[Path, ...] = ()
    serializers: Registry = field(default_factory=Registry)
    comparators: tuple[Comparator, ...] = ()
    report: Callable[[str], None] = _silent
    observers: tuple[Observer, ...] = ()
    update: bool = False
    store: Mapping[str, object] = field(default_factory=dict)
    adopt: Callable[[Leg], object] = adopt_nothing
    suggest: bool = False
    strict_notes: frozenset[str] = frozenset()
    verbosity: int = 0
    columns: int = 80
    same_run: SameRun = field(default_factory=SameRun)
    _agents: dict[object, Agent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hold no environment yet."""
        self._environments = Environments(
            root=self.root, settings=self._store_settings, adopt=self.adopt, report=self.report
        )
        self.seconds = self._environments.seconds

    def checker(self, leg: Leg) -> Checker:
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
            spawns=serializer.spawns,
        )
        environment = self.environment(leg)
        return Checker(
            leg=leg,
            environment=environment,
            target=facts_of(environment),
            agent=self._agent(leg, environment, serializer.preload, serializer.there),
            hops=tuple(self._hop(*hop, serializer) for hop in hop_legs(leg, serializer)),
            serializer=serializer,
            shipping=shipping,
            settings=self._check_settings(),
            control=lambda: self.control(leg, serializer),
            on=self.checker,
            repair=self._repaired,
        )

    def _repaired(self, leg: Leg, broken: Environment, lost: Sequence[str]) -> Checker:
        self._environments.rebuild(leg, self._serializer(leg), broken, lost)
        return self.checker(leg)

    def _check_settings(self) -> CheckSettings:
        return CheckSettings(
            root=self.root,
            cache_dir=self.cache_dir,
            comparators=self.comparators,
            observers=self.observers,
            report=self.report,
            update=self.update,
            suggest=self.suggest,
            strict_notes=self.strict_notes,
            store_options=self._store_options(),
            verbosity=self.verbosity,
            columns=self.columns,
            same_run=self.same_run,
        )

    def _store_options(self) -> tuple[str, ...]:
        """Return how environments are made, as the command line is told of it."""
        words: list[str] = []
        for file in self.constraints:
            words += ["--constraint", str(file)]
        words += ["--installer", self.installer] if self.installer != "auto" else []
        words += ["--offline"] if self.offline else []
        if self.cache_dir != default_cache_dir():
            words += ["--cache-dir", str(self.cache_dir)]
        return tuple(words)

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
        return StoreSettings(
            cache_dir=self.cache_dir,
            installer=self.installer,
            offline=self.offline,
            refresh=self.refresh,
            install_python=self.install_python,
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
