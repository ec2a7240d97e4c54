"""Our failures in colours: pytest writes every line of an exception's text in red.

Works on pytest's reports without importing pytest, in the process that has the terminal.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["colour_failure"]

# The method that pytest calls.
_WRITES: Final = "toterminal"
_MARKER: Final = "E   "
_TITLE: Final = " is not portable to "
_AS_PYTEST: Final = {"bold": True, "red": True}


def colour_failure(longrepr: Any) -> None:  # noqa: ANN401 - pytest's, of many kinds
    """Let a failure with a diagnosis write it in colours where the terminal shows any.

    Args:
        longrepr: of a failed report; its `toterminal` is replaced, its text stays.
    """
    entries = getattr(getattr(longrepr, "reprtraceback", None), "reprentries", ())
    lines = [line for entry in entries for line in getattr(entry, "lines", ())]
    if any(line.startswith(_MARKER) and _TITLE in line for line in lines):
        setattr(longrepr, _WRITES, _Coloured(type(longrepr), longrepr))


class _Coloured:
    """What pytest calls to write a failure."""

    def __init__(self, kind: Any, longrepr: Any) -> None:  # noqa: ANN401 - pytest's
        self._kind = kind
        self._longrepr = longrepr

    def __call__(self, writer: Any) -> None:  # noqa: ANN401 - pytest's terminal writer
        self._kind.toterminal(self._longrepr, _Writer(writer) if writer.hasmarkup else writer)


class _Writer:
    """A terminal writer that knows the lines of a diagnosis among those of an exception."""

    def __init__(self, writer: Any) -> None:  # noqa: ANN401 - pytest's terminal writer
        self._writer = writer
        self._lines: list[str] = []
        self._margin = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the writer's own
        return getattr(self._writer, name)

    def line(self, text: str = "", **markup: bool) -> None:
        from pytest_portable.report.colours import colour

        if markup != _AS_PYTEST or not text.startswith("E"):
            self._lines.clear()
            self._writer.line(text, **markup)
            return
        if not self._lines and _TITLE not in text:
            self._writer.line(text, **markup)
            return
        if not self._lines:  # pytest indents all lines as the statement that raised
            self._margin = len(text) - len(text[1:].lstrip())
        # A fix goes on in the next line, so that the lines before decide too.
        self._lines.append(text[self._margin :])
        *_, pieces = colour(self._lines)
        self._writer.write(text[: self._margin], **_AS_PYTEST)
        for piece, marks in pieces:
            self._writer.write(piece, **marks)
        self._writer.line()
