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
        if (code.python or by_maker) != there
        # Of bytes that anybody may have dumped, only functions show for which Python they are.
        and (by_maker or code.kind == "function")
        and (code.kind != "class" or _holds_code(inspection, code.path))
    ]


def _foreign(code: CodeSent, made: str, there: str) -> Problem:
    """Return the problem of one function or class; `made` is empty where its bytes do not tell."""
    own = f'move it to a module of an installed package, or python="{made}"'
    other = f"move it to a module of an installed package, or dump it on Python {there}"
    return Problem(
        code="bytecode-version",
        stage="inspect",
        path=code.path,
        message=f"{code.name} travels as {f'CPython {made}' if made else 'another CPython'} "
        f"bytecode; the target is {there}, which cannot run it",
        remedies=(Remedy(own, f'python="{made}"') if made else Remedy(other),),
    )


def _holds_code(inspection: Inspection, path: str) -> bool:
    return any(
        code.kind != "class" and code.path.startswith((f"{path}.", f"{path}["))
        for code in inspection.code
    )
