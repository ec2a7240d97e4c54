"""Code sent by value belongs to one Python minor version; in others it mostly crashes."""

from __future__ import annotations

from pytest_portable.payload.inspection import Inspection
from pytest_portable.verdict import Problem, Remedy

__all__ = ["foreign_code"]


def foreign_code(
    inspection: Inspection, *, maker: tuple[int, int], reader: tuple[int, int]
) -> list[Problem]:
    """Return a problem for every function or class whose code another Python cannot run.

    A class that is sent without a function (an enum, plain values) is data: any Python loads it.

    Args:
        inspection: what the payload holds.
        maker: Python that dumped it, major and minor.
        reader: Python that loads it.

    Source:
        CPython documentation, `marshal` and `dis`: bytecode changes with every minor release.
    """
    if maker == reader:
        return []
    here, there = f"{maker[0]}.{maker[1]}", f"{reader[0]}.{reader[1]}"
    return [
        Problem(
            code="bytecode-version",
            stage="inspect",
            path=code.path,
            message=f"{code.name} travels as CPython {code.python or here} bytecode; "
            f"the target is {there}, which cannot run it",
            remedies=(
                Remedy(
                    f'move it to a module of an installed package, or python="{here}"',
                    f'python="{here}"',
                ),
            ),
        )
        for code in inspection.code
        if code.kind != "class" or _holds_code(inspection, code.path)
    ]


def _holds_code(inspection: Inspection, path: str) -> bool:
    return any(
        code.kind != "class" and code.path.startswith((f"{path}.", f"{path}["))
        for code in inspection.code
    )
