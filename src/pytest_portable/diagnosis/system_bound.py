"""What loads on one operating system only: notes, which do not fail a check."""

from __future__ import annotations

from pytest_portable.diagnosis.causes.stdlib_and_platform import bound_to_system
from pytest_portable.payload.inspection import Inspection
from pytest_portable.verdict import Problem, Remedy

__all__ = ["bound_notes"]


def bound_notes(inspection: Inspection, platform: str) -> list[Problem]:
    """Return a note for everything that loads on the target's system and on no other.

    Args:
        inspection: what the payload holds.
        platform: the target's, as `sysconfig.get_platform()` returns it.
    """
    system = "Windows" if platform.startswith("win") else "POSIX"
    others = "POSIX" if system == "Windows" else "Windows"
    return [
        Problem(
            code="platform",
            stage="load",
            path=reference.paths[0] if reference.paths else None,
            module=reference.module,
            message=f"{reference.module}.{reference.qualname} is for {system} only: "
            f"it does not load on {others}",
            remedies=(Remedy("send str(path) or a PurePath"),)
            if reference.module.startswith("pathlib")
            else (),
        )
        for reference in inspection.references
        if reference.by == "reference"
        and bound_to_system(reference.module, reference.qualname) == system
    ]
