"""What can go wrong, in three kinds.

Misuse is an `OptionError`. An environment, an interpreter or an agent that is not available is a
`SetupError`. An object that is not portable is a `Verdict` (data), which `PortabilityError` holds
where a caller wants an exception. Only the plugin turns them into pytest's errors and failures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable.verdict import Verdict

__all__ = [
    "AgentError",
    "BundleError",
    "InstallError",
    "InterpreterNotFoundError",
    "OptionError",
    "PayloadError",
    "PortabilityError",
    "PortabilityWarning",
    "SetupError",
    "near",
]


class OptionError(ValueError):
    """A declaration, an option or an argument is wrong; all mistakes at once.

    Attributes:
        mistakes: one line each: what was found, what is valid, the near spelling.
    """

    def __init__(self, mistakes: Sequence[str] | str) -> None:
        """Keep the mistakes; the text is all of them, a line each."""
        told = (mistakes,) if isinstance(mistakes, str) else mistakes
        self.mistakes: tuple[str, ...] = tuple(map(_shown, told))
        super().__init__("\n".join(self.mistakes))

    def __reduce__(self) -> tuple[type[OptionError], tuple[tuple[str, ...]]]:
        """Rebuild from the mistakes, so that the error survives pickling."""
        return type(self), (self.mistakes,)


class SetupError(Exception):
    """An environment, an interpreter or an agent is not available: an error, never a verdict."""

    def __init__(self, message: str = "") -> None:
        """Keep the message, without credentials and what a terminal would obey."""
        super().__init__(_shown(message))


class InterpreterNotFoundError(SetupError):
    """No interpreter satisfies a spec.

    Attributes:
        spec: the interpreter spec as it was written.
        looked_in: the places that were tried, in order.
    """

    def __init__(self, message: str, spec: str = "", looked_in: Sequence[str] = ()) -> None:
        """Keep the spec and the places beside the message."""
        super().__init__(message)
        self.spec = spec
        self.looked_in = tuple(looked_in)

    def __reduce__(self) -> tuple[type[InterpreterNotFoundError], tuple[object, ...]]:
        """Rebuild with all attributes."""
        return type(self), (self.args[0], self.spec, self.looked_in)


class InstallError(SetupError):
    """The declared requirements could not be installed.

    Attributes:
        requirements: the requirement lines, credentials cut.
        output: the installer's last words, credentials cut.
        log: file with the whole output, if one was kept.
    """

    def __init__(
        self,
        message: str,
        requirements: Sequence[str] = (),
        output: str = "",
        log: Path | None = None,
    ) -> None:
        """Keep the requirements and the installer's output."""
        super().__init__(message)
        self.requirements = tuple(requirements)
        self.output = output
        self.log = log

    def __reduce__(self) -> tuple[type[InstallError], tuple[object, ...]]:
        """Rebuild with all attributes."""
        return type(self), (self.args[0], self.requirements, self.output, self.log)


class AgentError(SetupError):
    """The agent did not start or was lost twice: a fault of ours or of the machine."""


class BundleError(SetupError):
    """A bundle cannot be read, was changed, or does not fit its manifest."""


class PayloadError(ValueError):
    """Bytes are no readable payload.

    Attributes:
        offset: bytes from the start of the payload at which reading stopped.
    """

    def __init__(self, message: str, offset: int = 0) -> None:
        """Keep the offset beside the message."""
        super().__init__(_shown(message))
        self.offset = offset

    def __reduce__(self) -> tuple[type[PayloadError], tuple[object, ...]]:
        """Rebuild with all attributes."""
        return type(self), (self.args[0], self.offset)


class PortabilityError(AssertionError):
    """An object is not portable; the text is the diagnosis.

    Attributes:
        verdict: the verdict with its problems and evidence.
    """

    def __init__(self, verdict: Verdict) -> None:
        """Keep the verdict; the text is the diagnosis, rendered when it is needed."""
        super().__init__(verdict)
        self.verdict = verdict

    def __str__(self) -> str:
        """Render the diagnosis."""
        return str(self.verdict)


class PortabilityWarning(UserWarning):
    """A check found that an object is not portable, and the test did not look at its verdict."""


def _shown(text: str) -> str:
    """Return a text of ours as it may be shown: it may quote what was declared, or a payload."""
    from pytest_portable.report.redaction import redact  # noqa: PLC0415 - only mistakes need it
    from pytest_portable.report.visible import visible  # noqa: PLC0415 - the same

    return visible(redact(text))


def near(word: str, valid: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` for the nearest valid spelling, or an empty text."""
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes need it

    found = get_close_matches(word, list(valid), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


for _public in (OptionError, PortabilityError, PortabilityWarning, SetupError):
    # Users import these from the package: tracebacks and pickles say so.
    _public.__module__ = "pytest_portable"
del _public
