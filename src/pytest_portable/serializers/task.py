"""How a system ships a call: a function and its arguments in its own message, run by its own code.

A serializer with a `Task` does not let the agent call the function: the system's real remote half
does, on the system's real message.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "LeftBehind", "Limit", "Task"]


@dataclass(frozen=True)
class Answer:
    """What a call came back with.

    Attributes:
        value: what the function returned.
        raised: what it raised, as the system's user gets it; `None` where it returned.
    """

    value: object = None
    raised: BaseException | None = None


@dataclass(frozen=True)
class LeftBehind:
    """A name that a function uses and that does not travel with it.

    Attributes:
        name: as the code has it.
        path: expression that leads to its value here.
        message: who leaves it behind.
    """

    name: str
    path: str
    message: str


@dataclass(frozen=True)
class Limit:
    """How much a system lets through.

    Attributes:
        bytes: the most that may travel, as it is encoded.
        what: "object" (any payload); of a call "function", "arguments", "task" (the whole message)
            or "result".
        message: what the system does with more.
        fails: whether more is a problem; else it is a note.
    """

    bytes: int
    what: str
    message: str
    fails: bool = True


@dataclass(frozen=True, kw_only=True)
class Task:
    """The message of a call, and who reads it.

    Attributes:
        pack: `pack(function, args, kwargs, **options) -> bytes`, on the host.
        runner: `there:function` that runs there, called as `runner(message, **options)`; it gives
            the answer's bytes and the error that the system reports with them: an exception, its
            text, or `None`. It raises where the message cannot be loaded.
        unpack: `unpack(answer, raised=...) -> Answer`, on the host; `raised` says whether the
            runner gave an error. What it raises is a result that cannot come back.
        prepared: gives the function that really travels, while it may be dumped.
        lost: what the system does where an answer cannot be read here.
        own_code: which code of the system's own travels with every call; empty where none does.
    """

    pack: Callable[..., bytes]
    runner: str
    unpack: Callable[..., Answer]
    prepared: Callable[[Any], AbstractContextManager[Any]] = nullcontext
    lost: str = ""
    own_code: str = ""
