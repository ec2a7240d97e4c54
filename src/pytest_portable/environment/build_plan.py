"""What is to be built, as data."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from pytest_portable.environment.installers import Installer
from pytest_portable.environment.probing import Interpreter
from pytest_portable.environment.project import Tree
from pytest_portable.environment.request import StoreSettings
from pytest_portable.environment.requirements import Declared

__all__ = ["BuildPlan"]


@dataclass(frozen=True, kw_only=True)
class BuildPlan:
    """Everything that one build depends on.

    Attributes:
        key: under which it is found.
        interpreter: what it is made from.
        declared: what it holds.
        runtime: what the serializer needs, pinned.
        trees: the source trees of the declared projects, in their order.
        installer: the tool that creates it and installs into it.
        settings: how.
        is_apart: whether nothing is taken from what the installer keeps.
        stop: once set, the work ends with an error at the next step.
    """

    key: str
    interpreter: Interpreter
    declared: Declared
    runtime: tuple[str, ...]
    trees: tuple[Tree, ...] = ()
    installer: Installer
    settings: StoreSettings
    is_apart: bool = False
    stop: threading.Event = field(default_factory=threading.Event, compare=False)

    @property
    def shown(self) -> list[str]:
        """The requirement lines, credentials cut."""
        return [*self.declared.shown, *self.runtime]
