"""Code sent by value belongs to one Python minor version; in others it mostly crashes."""

from __future__ import annotations

from pytest_portable.payload.bytecode import CodeSent
from pytest_portable.payload.inspection import Inspection
from pytest_portable.verdict import Problem, Remedy

__all__ = ["foreign_code"]


def foreign_code(
    inspection: Inspection, *, maker: tuple[int, int] | None, reader: tuple[int, int]
) -> list[Problem]:
    """Return a problem for every function or class whose code another Python cannot run.

    A class that is sent without a function (an enum, plain values) is data: any Python loads it.

    Args:
        inspection: what the payload holds.
        maker: Python that dumped it, major and minor; `None` where only the bytes may tell.
        reader: Python that loads it.

    Source:
        CPython documentation, `marshal` and `dis`: bytecode changes with every minor release.
    """
    there = f"{reader[0]}.{reader[1]}"
    by_maker = "" if maker is None else f"{maker[0]}.{maker[1]}"
    return [
        _foreign(code, code.python or by_maker, there)
        for code in inspection.code
        # Where nobody knows who dumped it and the bytes do not show a Python, it stays unknown.
        if (code.python or by_maker or there) != there
        and (code.kind != "class" or _holds_code(inspection, code.path))
    ]


def _foreign(code: CodeSent, made: str, there: str) -> Problem:
    """Return the problem of one function or class."""
    return Problem(
        code="bytecode-version",
        stage="inspect",
        path=code.path,
        message=f"{code.name} travels as CPython {made} bytecode; "
        f"the target is {there}, which cannot run it",
        remedies=(
            Remedy(
                f'move it to a module of an installed package, or python="{made}"',
                f'python="{made}"',
            ),
        ),
    )


def _holds_code(inspection: Inspection, path: str) -> bool:
    return any(
        code.kind != "class" and code.path.startswith((f"{path}.", f"{path}["))
        for code in inspection.code
    )
