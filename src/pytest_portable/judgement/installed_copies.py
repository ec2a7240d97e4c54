"""What travels with the payload and is installed there too: the two do not know each other."""

from __future__ import annotations

from pathlib import Path

from pytest_portable.environment.layout import site_folders
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.findings import NOTHING, Findings, notes
from pytest_portable.verdict import Problem, Remedy

__all__ = ["find_module", "note_copies"]


def note_copies(context: Context) -> Findings:
    """Note modules that the target has beside what was sent, and files of machine code."""
    shipping = context.shipping
    if not shipping or context.environment is None:
        return NOTHING
    folders = site_folders(context.environment.path)
    sources = shipping.sources
    names = {"by_value": shipping.by_value, "ship": () if sources is None else sources.names}
    found = [
        _copy_note(key, name, place.name)
        for key in names
        for name in names[key]
        if (place := find_module(name, folders))
    ]
    if sources is not None and sources.extensions:
        found.append(_extension_note(sources.extensions, context.label))
    return notes(found)


def find_module(name: str, folders: list[Path]) -> Path | None:
    """Find a module in an environment without starting its Python."""
    stem = name.replace(".", "/")
    for folder in folders:
        if (folder / stem).is_dir():
            return folder / stem
        found = next(folder.glob(f"{stem}.*py*"), None) or next(folder.glob(f"{stem}.*.so"), None)
        if found is not None:
            return found
    return None


def _copy_note(key: str, name: str, place: str) -> Problem:
    message = (
        f"{name} travels by value, and the environment has its own: instances of the "
        f"classes that were sent are no instances of those in {place}"
    )
    if key == "ship":
        message = (
            f"{name} is shipped as source and installed there too ({place}): "
            "the shipped one is what gets imported"
        )
    remedy = Remedy(f"leave {name} out of {key}, or its distribution out of deps")
    return Problem("installed-copy", "inspect", message, module=name, remedies=(remedy,))


def _extension_note(paths: tuple[str, ...], label: str) -> Problem:
    return Problem(
        code="platform",
        stage="inspect",
        message=f"{paths[0]} is machine code for this platform and Python; whether {label} can "
        "load it is luck",
        remedies=(Remedy("build wheels, and name the project in deps"),),
    )
