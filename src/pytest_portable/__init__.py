"""Test that an object works in another process, another environment, another Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable.agent.command_target import CommandTarget
    from pytest_portable.errors import (
        OptionError,
        PortabilityError,
        PortabilityWarning,
        SetupError,
    )
    from pytest_portable.payload.inspection import Inspection
    from pytest_portable.portable import Portable
    from pytest_portable.serializers import Serializer
    from pytest_portable.settings.mark_types import MarkKeys
    from pytest_portable.verdict import Problem, Verdict

__all__ = [
    "CommandTarget",
    "Inspection",
    "MarkKeys",
    "OptionError",
    "PortabilityError",
    "PortabilityWarning",
    "Portable",
    "Problem",
    "Serializer",
    "SetupError",
    "Verdict",
]

_HOMES = {
    "CommandTarget": "pytest_portable.agent.command_target",
    "Inspection": "pytest_portable.payload.inspection",
    "MarkKeys": "pytest_portable.settings.mark_types",
    "OptionError": "pytest_portable.errors",
    "Portable": "pytest_portable.portable",
    "PortabilityError": "pytest_portable.errors",
    "PortabilityWarning": "pytest_portable.errors",
    "Problem": "pytest_portable.verdict",
    "Serializer": "pytest_portable.serializers",
    "SetupError": "pytest_portable.errors",
    "Verdict": "pytest_portable.verdict",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that pytest starts fast."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
