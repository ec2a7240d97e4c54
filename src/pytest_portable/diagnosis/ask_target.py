"""What a failed check asks the target: where did it break, and what is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from pytest_portable.agent import Transcript
from pytest_portable.agent.descriptions import Definition, PartFacts
from pytest_portable.agent.records import Counted, Facts, Located, Parts, TargetError
from pytest_portable.diagnosis.host import Owner
from pytest_portable.serializers.shipping.sources import Sources

if TYPE_CHECKING:
    from pytest_portable.agent import Agent

__all__ = ["Blame", "Census", "Questions"]

# A second run takes as long as the first, except with an unpickler written in Python.
LIMIT_SECONDS: Final = 5.0
# dill looks up its old name and the namespace of `__main__` in other places.
# Source: dill 0.4, `dill/_dill.py`, `Unpickler.find_class`.
_DILL_GLOBALS: Final = (
    ("__builtin__", "__main__", "dill._dill:_main_module"),
    ("dill.dill", "*", "dill._dill"),
)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Blame:
    """Where a load broke.

    Attributes:
        offset: of the opcode in the payload, or -1 where it is not known.
        opcode: its name.
        callee: module and qualified name of what was called, made, imported or had its state set.
        about: the same of its first argument, where that is a class or a function (or text).
        hook: `__setstate__` where that was called.
        path: expression for what the opcode builds.
        surroundings: what the load used of its surroundings: kind, what, path.
    """

    offset: int = -1
    opcode: str = ""
    callee: tuple[str, str] = ("", "")
    about: tuple[str, str] = ("", "")
    hook: str = ""
    path: str = ""
    surroundings: tuple[tuple[str, str, int], ...] = ()

    @property
    def place(self) -> str:
        """Return the name of the code that was running, for people."""
        module, name = self.callee
        whole = f"{module}.{name}".removeprefix("builtins.").strip(".")
        if self.hook:
            return f"{whole}.{self.hook}"
        if self.opcode in {"GLOBAL", "STACK_GLOBAL"}:
            return f"the import of {module}"
        return whole


@dataclass(frozen=True)
class Census:
    """The modules and names that a payload refers to, as far as the target has them.

    Attributes:
        modules: module -> the exception of its import, or `None`.
        names: (module, qualified name) -> what it stands for; `None` where it is not there.
        located: module -> whether it could be imported.
        stdlib: top-level modules of the target's standard library; empty before Python 3.10.
        owners: top-level module -> the distribution that it belongs to.
    """

    modules: Mapping[str, TargetError | None] = field(default_factory=dict)
    names: Mapping[tuple[str, str], Definition | None] = field(default_factory=dict)
    located: Mapping[str, bool] = field(default_factory=dict)
    stdlib: frozenset[str] = frozenset()
    owners: Mapping[str, Owner] = field(default_factory=dict)


@dataclass
class Questions:
    """Asks the target, each time in a fresh process."""

    agent: Agent
    payloads: Sequence[tuple[str, bytes]]
    loaders: Sequence[tuple[str, Mapping[str, object]]]
    timeout_seconds: float
    sources: Sources | None = None
    machinery: str | None = None

    def blame(self, name: str, stream: bytes | None = None) -> Transcript:
        """Load the payloads again, up to the one that broke, and watch that one.

        Args:
            name: of the payload that broke.
            stream: its pickle, to load that alone, with pickle or as dill does.
        """
        names = [known for known, _ in self.payloads]
        given = self.payloads[: names.index(name) + 1]
        dill = any(name.startswith("dill:") for name, _ in self.loaders)
        asked = self
        if stream is not None:
            given, dill = [(name, stream)], self.machinery == "dill"
            asked = replace(self, loaders=[("dill:loads" if dill else "pickle:loads", {})])
        return asked._ask(  # noqa: SLF001 - same class
            {
                "kind": "blame",
                "blame": name,
                "globals": [list(rule) for rule in _DILL_GLOBALS] if dill else [],
            },
            given,
        )

    def census(self, references: Iterable[tuple[str, str]], modules: Iterable[str] = ()) -> Census:
        """Import the referenced modules and look up the names; locate other modules."""
        wanted: dict[str, list[str]] = {}
        for module, name in references:
            names = wanted.setdefault(module, [])
            if name and name not in names:
                names.append(name)
        transcript = self._ask(
            {
                "kind": "census",
                "references": [[module, names] for module, names in wanted.items()],
                "modules": list(dict.fromkeys(modules)),
            },
            (),
        )
        return _census(transcript)

    def again(
        self, probe: Mapping[str, object], parts: Sequence[str], seed: tuple[int | None, list[str]]
    ) -> Transcript:
        """Run a probe again and watch what it uses, then describe expressions."""
        return self._ask(
            {
                "kind": "again",
                "probes": [dict(probe)],
                "parts": list(parts),
                "seed": seed[0],
                "seeded": seed[1],
            },
            self.payloads,
        )

    def parts(self, parts: Sequence[str]) -> tuple[PartFacts, ...]:
        """Load the payloads and describe expressions; empty where that breaks."""
        transcript = self._ask({"kind": "parts", "parts": list(parts)}, self.payloads)
        found = transcript.first(Parts)
        return () if found is None else found.parts

    def load(self) -> Transcript:
        """Load the payloads and do nothing else."""
        return self._ask({"kind": "check"}, self.payloads)

    def _ask(
        self, request: Mapping[str, object], payloads: Sequence[tuple[str, bytes]]
    ) -> Transcript:
        whole = {
            "dumpers": [],
            "protocol": 2,
            "round_trip": False,
            "probe": None,
            "warnings": "ignore",
            **request,
        }
        return self.agent.run_check(
            whole,
            payloads,
            loaders=[list(loader) for loader in self.loaders],
            sources=self.sources,
            timeout_seconds=min(self.timeout_seconds, LIMIT_SECONDS),
        )


def _census(transcript: Transcript) -> Census:
    counted = list(transcript.all(Counted))
    facts = transcript.first(Facts) or Facts(frozenset(), {})
    return Census(
        modules={one.module: one.error for one in counted},
        names={(one.module, name): found for one in counted for name, found in one.names.items()},
        located={one.module: one.found for one in transcript.all(Located)},
        stdlib=facts.stdlib,
        owners={top: Owner(*owner) for top, owner in facts.owners.items()},
    )


def same_failure(first: TargetError, second: TargetError) -> bool:
    """Return whether two runs failed in the same way: then they failed in the same place."""
    told = [_ADDRESS.sub("0x", error.message) for error in (first, second)]
    if first.type == "UnpicklingError" != second.type:
        # The unpickler in C checks what it calls; the one in Python just calls it.
        return told[0].startswith(("NEWOBJ", "state is not", "slot state is not"))
    if first.type != second.type:
        return False
    return told[0] == told[1] or (bool(first.frames) and first.frames[-1:] == second.frames[-1:])
