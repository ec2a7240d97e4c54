"""Read an exception of the target: what is missing, or what raised."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pytest_portable.agent.records import Frame, TargetError
from pytest_portable.serializers.shipping.as_main import SPAWNED

__all__ = ["CONSTRUCTOR", "Failure", "Lack", "chain_of", "frames_of", "lack_in"]

CONSTRUCTOR: Final = re.compile(r"(?:(?<![\w.])(?P<name>[\w.]+)\.)?__(?P<hook>new|init)__\(\)")
"""How Python names the constructor that was called with wrong arguments, and its class."""
_NO_ATTRIBUTE: Final = re.compile(
    r"(?:Can't get (?:local )?attribute '(?P<name>[^']+)' on <module '(?P<module>[^']+)'"
    r"|^(?:partially initialized )?module '(?P<owner>[^']+)' has no attribute '(?P<what>[^']+)')"
)
_NO_NAME: Final = re.compile(r"cannot import name '([^']+)' from (?:partially[\w ]+ )?'([^']+)'")
_INSTALL: Final = re.compile(r"pip3? install (?:-U |--upgrade )?['\"`]?([A-Za-z0-9][\w.-]*\w)")
# Modules that load what a payload names: what they do not find is what the payload needs.
_MACHINERY: Final = frozenset(
    {
        "covalent._workflow.transportable_object",
        "dill._dill",
        "dill.session",
        "distributed.protocol.pickle",
        "distributed.protocol.serialize",
        "globus_compute_sdk.serialize.concretes",
        "globus_compute_sdk.serialize.facade",
        "groundhog_hpc.serialization",
        "importlib",
        "importlib._bootstrap",
        "joblib.numpy_pickle",
        "modal._serialization",
        "orquestra.workflow_shared.serde",
        "parsl.serialize.concretes",
        "parsl.serialize.facade",
        "pickle",
        "pyspark.serializers",
        "torch.serialization",
    }
)
_MAX_SUMMARY: Final = 240
_OPTIONAL: Final = re.compile(r"Missing optional dependency '([\w.-]+)'")


@dataclass(frozen=True)
class Lack:
    """A module, or a name in one, that something needs and the target does not have.

    Attributes:
        module: the missing module, or the module without the name.
        name: qualified name in it; empty where the module itself is missing.
        stage: where it matters: `load`, or `call` for what code imports when it runs.
        path: expression for what needs it.
        also: other paths that need it.
        error: what the target raised; `None` where it was only looked for.
        importer: module whose own import needs it; empty where the payload does.
        user: function that imports it when it runs.
        wanted: the name that is looked for in a module that is missing.
    """

    module: str
    name: str = ""
    stage: str = "load"
    path: str = "obj"
    also: tuple[str, ...] = ()
    error: TargetError | None = None
    importer: str = ""
    user: str = ""
    wanted: str = ""

    @property
    def what(self) -> str:
        """Return its name for people."""
        return f"{self.module}.{self.name or self.wanted}".strip(".")

    @property
    def top(self) -> str:
        """The top-level module."""
        return self.module.partition(".")[0]

    @property
    def evidence(self) -> str:
        """The target's message."""
        return "" if self.error is None else str(self.error)


@dataclass(frozen=True)
class Failure:
    """An exception that the target raised, for which nothing is missing.

    Attributes:
        error: the exception, described.
        stage: `load` or `call`.
        path: expression for what was loaded or called.
        importing: module whose import raised it; empty where the load or call itself did.
        probe: label of the probe that raised it.
        here: what the probe did here, for the message; empty where it did not run.
        control: returns what the same call raises in a fresh process of the maker's own
            environment; `None` where it returns, or nobody can ask.
    """

    error: TargetError
    stage: str = "load"
    path: str = "obj"
    importing: str = ""
    probe: str = "probe"
    here: str = "and not here"
    control: Callable[[], TargetError | None] = lambda: None

    @property
    def said(self) -> str:
        """Return the exception as Python prints it."""
        return str(self.error)

    @property
    def summary(self) -> str:
        """Return it as one short line."""
        text = " ".join(self.said.split())
        return text if len(text) <= _MAX_SUMMARY else text[: _MAX_SUMMARY - 3] + "..."

    @property
    def frames(self) -> list[Frame]:
        """Return the traceback without frames of the agent and the loaders, innermost last."""
        return frames_of(self.error)


def frames_of(error: TargetError) -> list[Frame]:
    """Return the traceback without the import system's and pickle's own frames."""
    return [
        frame
        for frame in error.frames
        if not frame.file.startswith("<frozen importlib") and frame.module not in _MACHINERY
    ]


def chain_of(error: TargetError | None) -> Iterator[TargetError]:
    """Yield an exception and what caused it."""
    while error is not None:
        yield error
        error = error.cause


def lack_in(error: TargetError) -> Lack | None:
    """Return what is missing according to an exception, or `None`."""
    for each in chain_of(error):
        found = _lack(each)
        if found is not None:
            module, name = found
            importer, user = _importer(each)
            module = "__main__" if module == SPAWNED else module
            return Lack(module, name, error=error, importer=importer, user=user)
        if "ImportError" not in each.bases:
            # Only a failed import is explained by a failed import before it.
            return None
    return None


def _lack(error: TargetError) -> tuple[str, str] | None:
    if "ImportError" in error.bases:
        return _import_lack(error)
    if "AttributeError" not in error.bases:
        return None
    found = _NO_ATTRIBUTE.search(error.message)
    if found:
        return found["module"] or found["owner"], found["name"] or found["what"]
    if error.about and error.about[0] == "module" and error.name:
        return error.about[1], error.name
    return None


def _import_lack(error: TargetError) -> tuple[str, str] | None:
    named = _NO_NAME.search(error.message)
    if named:
        return named[2], named[1]
    if error.name and "ModuleNotFoundError" in error.bases:
        return error.name, ""
    wanted = _OPTIONAL.search(error.message) or _INSTALL.search(error.message)
    return (wanted[1].replace("-", "_"), "") if wanted else None


def _importer(error: TargetError) -> tuple[str, str]:
    """Return the module whose import, or the function that, needs what is missing."""
    frames = frames_of(error)
    if not frames or "ImportError" not in error.bases:
        return "", ""
    last = frames[-1]
    if last.function == "<module>":
        return last.module, ""
    return "", f"{last.module}.{last.function}"
