"""Groundhog: it sends the text of scripts, and arguments and results as pickles in text.

Source: groundhog-hpc 0.9.3, `serialization.py`, `templating.py`, `future.py`, `function.py`.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import groundhog as there
from pytest_portable.serializers.serializer import Serializer
from pytest_portable.serializers.task import Answer, Limit

__all__ = ["make", "pickles"]

_MODULES: Final = (
    "groundhog_hpc",
    "groundhog_hpc.serialization",
    "groundhog_hpc.templating",
    "groundhog_hpc.future",
    "globus_compute_sdk",
)
LIMIT_BYTES: Final = 10 * 1024 * 1024
_REFUSED: Final = "Groundhog raises PayloadTooLargeError over 10 MiB"


def make() -> Serializer:
    """Groundhog's `serialize`; calls go out as a script's text, and its runner runs them."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("groundhog", there),
        dumps=framework.wrap(_dumps),
        requirement="groundhog-hpc",
        pickles=pickles,
        preload=("groundhog_hpc.serialization",),
        task=replace(framework.task(_pack, _unpack), prepared=_prepared),
        limits=tuple(
            Limit(LIMIT_BYTES, what, _REFUSED) for what in ("object", "arguments", "result")
        ),
    )


def pickles(payload: bytes) -> Sequence[bytes]:
    """Return the pickle behind Groundhog's prefix; JSON and scripts hold none."""
    if not payload.startswith(there.PICKLED):
        return ()
    try:
        return (base64.b64decode(payload[len(there.PICKLED) :]),)
    except binascii.Error:
        return ()


@dataclass(frozen=True)
class _Script:
    """What is sent of a function: not the function, but the script that defines it."""

    function: Any

    def parts(self) -> dict[str, str]:
        """Return what the runner's template asks for, and the script's text."""
        from groundhog_hpc.function import Function
        from groundhog_hpc.utils import path_to_module_name

        wrapped = self.function
        if not isinstance(wrapped, Function):
            wrapped = Function(wrapped)
        if "<" in wrapped.name:
            raise ValueError(
                f"Groundhog looks for {wrapped.name} by its name in the script, where it is not: "
                "define it at the top of the script, or in a class there"
            )
        path = wrapped.script_path
        return {
            "script": Path(path).read_text("utf-8"),
            "module": path_to_module_name(path),
            "function": wrapped.name,
        }


@contextlib.contextmanager
def _prepared(function: object) -> Iterator[_Script]:
    yield _Script(function)


def _dumps(value: object) -> bytes:
    """Dump without Groundhog's limit, which `limits` checks; a script as its text."""
    if isinstance(value, _Script):
        return there.SCRIPT + json.dumps(value.parts()).encode()
    return there.dumps(value)


def _pack(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> bytes:
    """Pack the three files that Groundhog's shell command writes on the node."""
    from groundhog_hpc import templating
    from groundhog_hpc.serialization import serialize
    from jinja2 import Environment, FileSystemLoader

    parts = _Script(function).parts()
    folder = Path(templating.__file__).parent / "templates"
    template = Environment(loader=FileSystemLoader(folder), autoescape=False)  # noqa: S701 - Python
    runner = template.get_template("groundhog_run.py.jinja").render(
        pep723_metadata="",
        script_path="user_script.py",
        function_name=parts["function"],
        payload_path="payload.in",
        outfile_path="payload.out",
        module_name=parts["module"],
    )
    files = {
        "user_script.py": parts["script"],
        "runner.py": runner,
        "payload.in": serialize((args, dict(kwargs)), size_limit_bytes=math.inf),
    }
    return json.dumps(files).encode()


def _unpack(data: bytes, **_: object) -> Answer:
    """Read the output of the shell command as Groundhog's future does; it has the exit code."""
    from globus_compute_sdk import ShellResult
    from groundhog_hpc.errors import DeserializationError, RemoteExecutionError
    from groundhog_hpc.future import _process_shell_result

    try:
        _, value = _process_shell_result(ShellResult(**json.loads(data)))
    except RemoteExecutionError as error:
        # The traceback of this side has no information: the text of the other side has it.
        return Answer(raised=error.with_traceback(None))
    except DeserializationError as error:
        raise error.original_exception from error
    return Answer(value=value)
