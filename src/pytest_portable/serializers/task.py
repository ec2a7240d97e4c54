"""How a framework sends a call: its own message, which its own code runs.

With a `Task`, the agent does not call the function: the framework's real worker code does, on the
framework's real message.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "LeftBehind", "Limit", "Task"]


@dataclass(frozen=True)
class Answer:
    """The result of a call.

    Attributes:
        value: what the function returned.
        raised: what it raised, as users of the framework get it; `None` where it returned.
    """

    value: object = None
    raised: BaseException | None = None


@dataclass(frozen=True)
class LeftBehind:
    """A name that a function uses and that is not sent with it.

    Attributes:
        name: as the code has it.
        path: expression that leads to its value here.
        message: what leaves it behind.
    """

    name: str
    path: str
    message: str


@dataclass(frozen=True)
class Limit:
    """A limit on the size of what a framework sends.

    Attributes:
        bytes: the largest encoded size.
        what: "object" (any payload); of a call "function", "arguments", "task" (the whole message)
            or "result".
        message: what the framework does with more.
        fails: whether more is a problem; else it is a note.
    """

    bytes: int
    what: str
    message: str
    fails: bool = True


@dataclass(frozen=True, kw_only=True)
class Task:
    """The message of a call, and the functions that write and read it.

    Attributes:
        pack: `pack(function, args, kwargs, **options) -> bytes`, on the host.
        runner: `there:function` that runs there, called as `runner(message, **options)`. It returns
            the answer's bytes and the error that the framework reports with them: an exception,
            its text, or `None`. It raises where the message cannot be loaded.
        unpack: `unpack(answer, raised=...) -> Answer`, on the host; `raised` is whether the runner
            returned an error. An exception means that the result cannot come back.
        prepared: context manager that yields the function that is really sent.
        lost: what the framework does where an answer cannot be read here.
        own_code: which of the framework's own code is sent with every call; empty for none.
    """

    pack: Callable[..., bytes]
    runner: str
    unpack: Callable[..., Answer]
    prepared: Callable[[Any], AbstractContextManager[Any]] = nullcontext
    lost: str = ""
    own_code: str = ""
