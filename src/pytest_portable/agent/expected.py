"""Which records a request leads to: whatever else a child wrote, user code wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pytest_portable.agent.records import (
    Alone,
    Asked,
    Counted,
    Events,
    Facts,
    Failed,
    Finished,
    Forwarded,
    Loaded,
    Located,
    Looked,
    Noted,
    Parts,
    Portrait,
    Raised,
    Record,
    Returned,
    Shadowed,
    Step,
    Surroundings,
    Value,
)
from pytest_portable.agent.typed_json import MalformedRecord

__all__ = ["Expected"]

_Owed: TypeAlias = "tuple[type[Record], str]"

_ALWAYS: Final = (Step, Failed, Finished)
_ANSWERS: Final = (Value, Raised, Alone)
_ANSWERS_TO: Final[Mapping[str, tuple[type[Record], ...]]] = {
    "again": (Loaded, Looked, Parts),
    "blame": (Noted, Loaded, Asked),
    "call": (Loaded, Surroundings, Shadowed, *_ANSWERS),
    "census": (Counted, Located, Facts),
    "check": (Loaded, Portrait, Surroundings, Returned, Shadowed, *_ANSWERS),
    "forward": (Forwarded, Events),
    "make": (Loaded, Portrait, *_ANSWERS),
    "parts": (Loaded, Parts),
    "pass": (Loaded, Returned),
    "task": (Value, Raised),
}
_KINDS: Final = {kind: frozenset((*_ALWAYS, *answers)) for kind, answers in _ANSWERS_TO.items()}
# Requests that load every payload before they do anything else.
_ORDERED: Final = frozenset(("again", "call", "check", "make", "parts", "pass"))
# What comes of an object that was loaded.
_AFTER_LOADING: Final = frozenset(
    (Alone, Looked, Parts, Portrait, Raised, Returned, Shadowed, Surroundings, Value)
)
# What a probe or a call comes to, of which one is owed.
_RESULTS: Final = frozenset((Value, Raised, Portrait))
_ONCE: Final = frozenset(
    (Loaded, Returned, Forwarded, Noted, Finished, Surroundings, Looked, Parts, Facts)
)
_OF_PAYLOADS: Final = (Loaded, Forwarded, Returned)
_STEPS: Final = frozenset(
    (
        *("calling", "counting", "describing", "dumping", "forwarding", "loading", "probing"),
        "returning",
    )
)
# What a record may be about, beside payloads and probes.
_NAMES: Final = ("obj", "obj()", "object", "")


class Expected:
    """What the records of one request may say; they are shown to it in order.

    Args:
        kind: of the request.
        payloads: their names.
        labels: of its probes.
        loaders: names of what loads.
        dumpers: names of what dumps.
        owed: what has to be there before the last record unless loading fails: class of a record,
            and name.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that a request says
        self,
        kind: str,
        payloads: Sequence[str],
        labels: Sequence[str] = (),
        *,
        loaders: Iterable[str] = (),
        dumpers: Iterable[str] = (),
        owed: Iterable[_Owed] = (),
    ) -> None:
        """Nothing was seen yet."""
        self._kind = kind
        self._kinds = _KINDS[kind]
        self._is_ordered = kind in _ORDERED
        # A framework's message is its function to those who read the verdict.
        self._payloads = (*payloads, "obj") if kind == "task" else tuple(payloads)
        self._names = {*payloads, *labels, *_NAMES}
        self._loaders = frozenset(loaders)
        self._dumpers = frozenset(dumpers)
        self._unloaded = set(payloads)
        self._owed = set(owed)
        self._seen: set[tuple[type[Record], str]] = set()
        self._is_finished = False

    @classmethod
    def of(
        cls, request: Mapping[str, Any], payloads: Iterable[str], loaders: Iterable[Any]
    ) -> Expected:
        """Return what is expected of a request; see `in_target/messages.py` for its keys."""
        runners = [request["runner"]] if "runner" in request else []
        kind, names = str(request["kind"]), tuple(payloads)
        labels = [str(probe["label"]) for probe in request.get("probes", ())]
        return cls(
            kind,
            names,
            labels,
            loaders=map(_name, loaders),
            dumpers=["", *map(_name, (*request.get("dumpers", ()), *runners))],
            owed=_owed(kind, request, names, labels),
        )

    @property
    def is_sent_something(self) -> bool:
        """Whether something of the user's was sent, which may have written what came back."""
        return bool(self._payloads)

    def see(self, record: Record) -> None:
        """Take the next record.

        Raises:
            MalformedRecord: no child of ours writes it, or not at this place.
        """
        kind = type(record)
        if kind not in self._kinds:
            raise MalformedRecord(f"a record {kind.__name__.lower()} in answer to {self._kind}")
        if self._is_finished:
            raise MalformedRecord("a record behind the last one")
        self._is_finished = kind is Finished
        name = str(getattr(record, "name", ""))
        self._settle(record, kind, name)
        if kind in _ONCE:
            if (kind, name) in self._seen:
                raise MalformedRecord(f"a second record {kind.__name__.lower()} {name}".rstrip())
            self._seen.add((kind, name))
        if self._is_ordered and kind in _AFTER_LOADING and self._unloaded:
            raise MalformedRecord(f"a record {kind.__name__.lower()} before all was loaded")
        self._check_names(record, name)

    def _settle(self, record: Record, kind: type[Record], name: str) -> None:
        """Take away what is owed no more.

        Raises:
            MalformedRecord: it is the last one, and something is missing.
        """
        if kind is Finished:
            if self._owed:
                missing = min(f"{kind.__name__.lower()} {name}" for kind, name in self._owed)
                raise MalformedRecord(f"the last record, and none {missing}".rstrip())
        elif kind is not Failed:
            self._owed.discard((Value if kind in _RESULTS else kind, name))
        elif isinstance(record, Failed) and record.step == "loading":
            self._owed.clear()
        else:
            self._owed -= {(Value, name), (Returned, name)}

    def _check_names(self, record: Record, name: str) -> None:
        step = ""
        if isinstance(record, (Step, Failed)):
            step = record.step
            if step not in _STEPS:
                raise MalformedRecord(f"a step {step!r:.80}")
        is_of_payload = step == "loading" or isinstance(record, _OF_PAYLOADS)
        # What is counted is a module.
        if step != "counting" and name not in (self._payloads if is_of_payload else self._names):
            raise MalformedRecord(f"a record of {name!r:.80}, which was not sent")
        if isinstance(record, Loaded):
            self._unloaded.discard(name)
            if record.loader not in self._loaders:
                raise MalformedRecord(f"loaded by {record.loader!r:.80}")
        if isinstance(record, _ANSWERS) and record.dumper not in self._dumpers:
            raise MalformedRecord(f"dumped by {record.dumper!r:.80}")


def _owed(
    kind: str, request: Mapping[str, Any], payloads: Sequence[str], labels: Sequence[str]
) -> Iterator[_Owed]:
    """Yield what a child records that did all of a request."""
    if kind in _ORDERED:
        yield from ((Loaded, name) for name in payloads)
    if kind == "check":
        if request.get("round_trip"):
            yield Returned, "obj"
        if request.get("portrait") is not None:
            yield Value, "object"
        yield from ((Value, label) for label in labels)
    elif kind == "make":
        yield Value, labels[0]
    elif kind in {"call", "task"}:
        yield Value, "obj()"
    elif kind == "pass":
        yield from ((Returned, name) for name in payloads)
    elif kind == "forward":
        yield from ((Forwarded, name) for name in payloads)
    elif kind in {"again", "parts"}:
        yield Parts, ""


def _name(asked: Any) -> str:  # noqa: ANN401 - a name, or a list that begins with it
    """Return the name of a loader or dumper of a request, without its options."""
    return asked if isinstance(asked, str) else str(asked[0])
