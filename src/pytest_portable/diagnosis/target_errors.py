"""What an exception of the target says, before anybody asks why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Failure", "Frame", "Lack", "chain_of", "frames_of", "lack_in", "said"]

_NO_ATTRIBUTE: Final = re.compile(
    r"(?:Can't get (?:local )?attribute '(?P<name>[^']+)' on <module '(?P<module>[^']+)'"
    r"|^(?:partially initialized )?module '(?P<owner>[^']+)' has no attribute '(?P<what>[^']+)')"
)
_NO_NAME: Final = re.compile(r"cannot import name '([^']+)' from (?:partially[\w ]+ )?'([^']+)'")
_INSTALL: Final = re.compile(r"pip3? install (?:-U |--upgrade )?['\"`]?([A-Za-z0-9][\w.-]*\w)")
# Who loads what a payload names: what they do not find, the payload asked for.
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


class Frame(NamedTuple):
    """One line of a traceback, innermost last."""

    file: str
    line: int
    function: str
    module: str

    @property
    def name(self) -> str:
        """The function's own name: Pythons before 3.11 know no other."""
        return self.function.rpartition(".")[2]


@dataclass(frozen=True)
class Lack:
    """A module, or a name in one, that something needs and the target does not have.

    Attributes:
        module: the module that is asked for, or that has not the name.
        name: qualified name in it; empty where the module itself is missing.
        stage: where it matters: `load`, or `call` for what code imports when it runs.
        path: expression for what needs it.
        also: other paths that need it.
        error: what the target raised; `None` for what was only looked for.
        importer: module whose own import needs it; empty where the payload does.
        user: function that imports it when it runs.
        wanted: the name that is looked for in a module that is missing.
    """

    module: str
    name: str = ""
    stage: str = "load"
    path: str = "obj"
    also: tuple[str, ...] = ()
    error: Mapping[str, Any] | None = None
    importer: str = ""
    user: str = ""
    wanted: str = ""

    @property
    def what(self) -> str:
        """Name it as a person would."""
        return f"{self.module}.{self.name or self.wanted}".strip(".")

    @property
    def top(self) -> str:
        """The top-level module."""
        return self.module.partition(".")[0]

    @property
    def evidence(self) -> str:
        """What the target said of it."""
        return said(self.error) if self.error else ""


@dataclass(frozen=True)
class Failure:
    """An exception that the target raised, for which nothing is missing.

    Attributes:
        error: what the agent's `describe_exception` returned.
        stage: `load` or `call`.
        path: expression for what was loaded or called.
        importing: module whose import raised it; empty where the load or call itself did.
        probe: label of the probe that raised it.
        here: what the probe did here, to follow what it raised there; empty where it did not run.
    """

    error: Mapping[str, Any]
    stage: str = "load"
    path: str = "obj"
    importing: str = ""
    probe: str = "probe"
    here: str = "and not here"

    @property
    def said(self) -> str:
        """Write the exception as Python prints it."""
        return said(self.error)

    @property
    def summary(self) -> str:
        """Write it in one line that is not too long."""
        text = " ".join(self.said.split())
        return text if len(text) <= _MAX_SUMMARY else text[: _MAX_SUMMARY - 3] + "..."

    @property
    def frames(self) -> list[Frame]:
        """Return the traceback without machinery, innermost last."""
        return frames_of(self.error)


def said(error: Mapping[str, Any]) -> str:
    """Write an exception as Python prints it."""
    return f"{error['type']}: {error['message']}"


def frames_of(error: Mapping[str, Any]) -> list[Frame]:
    """Return the traceback without the import system's and pickle's own frames."""
    frames = [Frame(*frame) for frame in error["frames"]]
    return [
        frame
        for frame in frames
        if not frame.file.startswith("<frozen importlib") and frame.module not in _MACHINERY
    ]


def chain_of(error: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield an exception and what caused it."""
    while error is not None:
        yield error
        error = error["cause"]


def lack_in(error: Mapping[str, Any]) -> Lack | None:
    """Return what an exception says is not there, or `None`."""
    for each in chain_of(error):
        found = _lack(each)
        if found is not None:
            module, name = found
            importer, user = _importer(each)
            return Lack(module, name, error=error, importer=importer, user=user)
        if "ImportError" not in each["bases"]:
            # Only an import that failed is explained by the import that failed before it.
            return None
    return None


def _lack(error: Mapping[str, Any]) -> tuple[str, str] | None:
    message = str(error["message"])
    if "ImportError" in error["bases"]:
        return _import_lack(error, message)
    if "AttributeError" not in error["bases"]:
        return None
    found = _NO_ATTRIBUTE.search(message)
    if found:
        return found["module"] or found["owner"], found["name"] or found["what"]
    about = error.get("about")
    if about and about[0] == "module" and error["name"]:
        return about[1], error["name"]
    return None


def _import_lack(error: Mapping[str, Any], message: str) -> tuple[str, str] | None:
    named = _NO_NAME.search(message)
    if named:
        return named[2], named[1]
    if error["name"] and "ModuleNotFoundError" in error["bases"]:
        return str(error["name"]), ""
    wanted = _OPTIONAL.search(message) or _INSTALL.search(message)
    return (wanted[1].replace("-", "_"), "") if wanted else None


def _importer(error: Mapping[str, Any]) -> tuple[str, str]:
    """Return which module's import, or which function, asked for what is not there."""
    frames = frames_of(error)
    if not frames or "ImportError" not in error["bases"]:
        return "", ""
    last = frames[-1]
    if last.function == "<module>":
        return last.module, ""
    return "", f"{last.module}.{last.function}"
