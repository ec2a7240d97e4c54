"""What really happens when a payload is loaded: the ground truth for the graph."""

from __future__ import annotations

import dataclasses
import enum
import io
import pickle
from typing import Any, Generic, NamedTuple, TypeVar

__all__ = [
    "Color",
    "Loaded",
    "Model",
    "Node",
    "Pair",
    "Problem",
    "Row",
    "Slotted",
    "Stack",
    "State",
    "Tagged",
    "define",
    "load",
]


class Loaded(NamedTuple):
    """The loaded object, what each opcode left on the stack, the globals that were looked up."""

    root: Any
    made: dict[int, Any]
    globals: set[tuple[str, str]]


class _Tracer(pickle._Unpickler):
    """CPython's own machine in Python, watched opcode by opcode."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("__builtin__", "__main__"):
            name, found = "__dict__", {}
            module = "__main__"
        else:
            found = super().find_class(module, name)
        if self.proto < 3:
            import _compat_pickle

            if (module, name) in _compat_pickle.NAME_MAPPING:
                module, name = _compat_pickle.NAME_MAPPING[module, name]
            module = _compat_pickle.IMPORT_MAPPING.get(module, module)
        self.globals.add((module, name))
        return found

    def trace(self, file: io.BytesIO) -> Loaded:
        self.globals: set[tuple[str, str]] = set()
        self._unframer = pickle._Unframer(self._file_read, self._file_readline)  # type: ignore[attr-defined]
        self.read, self.readline = self._unframer.read, self._unframer.readline
        self.readinto = self._unframer.readinto
        self.metastack: list[Any] = []
        self.stack: list[Any] = []
        self.append = self.stack.append
        self.proto = 0
        made: dict[int, Any] = {}
        try:
            while True:
                frame = self._unframer.current_frame
                at = file.tell()
                if frame and frame.tell() < len(frame.getbuffer()):
                    at += frame.tell() - len(frame.getbuffer())
                key = self.read(1)
                step: Any = self.dispatch[key[0]]
                step(self)
                if self.stack:
                    made[at] = self.stack[-1]
        except pickle._Stop as stop:  # type: ignore[attr-defined]
            return Loaded(stop.value, made, self.globals)


def load(payload: bytes) -> Loaded:
    """Load a payload for real and record everything on the way."""
    file = io.BytesIO(payload)
    tracer = _Tracer(file)
    return tracer.trace(file)


def define(source: str, name: str, **names: object) -> Any:
    """Define something that no module has, so that it must travel by value."""
    namespace: dict[str, Any] = {"__name__": "__main__", **names}
    exec(source, namespace)
    return namespace[name]


class Color(enum.Enum):
    RED = 1
    BLUE = "blue"


class Row(NamedTuple):
    name: str
    value: object


class Pair(tuple[object, ...]):
    __slots__ = ()


class Stack(list[object]):
    label: object = None


class Tagged(dict[object, object]):
    tag: object = None


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left: object, right: object) -> None:
        self.left = left
        self.right = right


@dataclasses.dataclass
class Model:
    weights: object
    children: list[object] = dataclasses.field(default_factory=list)

    def score(self) -> int:
        return len(self.children)


class State:
    def __init__(self, value: object) -> None:
        self.value = value

    def __getstate__(self) -> object:
        return [self.value, "saved"]

    def __setstate__(self, state: list[object]) -> None:
        self.value = state[0]


class Problem(Exception):  # noqa: N818 (a name of the domain)
    def __init__(self, what: object) -> None:
        super().__init__(what)
        self.detail = {"what": what}


T = TypeVar("T")


class Node(Generic[T]):
    def __init__(self, next_node: Node[T] | None = None) -> None:
        self.next = next_node
