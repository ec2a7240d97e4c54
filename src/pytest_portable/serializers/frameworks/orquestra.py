"""Orquestra SDK: inline functions and constants of a workflow's JSON, AUTO results, task imports.

Source: orquestra-sdk 1.1 (`_client/_base/_traversal.py`), orquestra-workflow-shared 2.0
(`serde.py`), orquestra-workflow-runtime (`_ray/_build_workflow.py`).
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pytest_portable.errors import OptionError
from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import orquestra as there
from pytest_portable.serializers.serializer import Serializer
from pytest_portable.serializers.task import Answer

__all__ = ["make", "pickles", "requirements_of"]

_MODULES: Final = ("orquestra.sdk", "orquestra.workflow_shared.serde")
_SDK: Final = "orquestra-sdk"


def make() -> Serializer:
    """Inline functions, AUTO values; calls go out as workflows of one task."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("orquestra", there),
        dumps=framework.wrap(_dumps),
        # The platform appends exactly this to every task's imports, and installs it or fails.
        requirement=f"{_SDK}[all]=={importlib.metadata.version(_SDK)}",
        requirement_is_firm=True,
        machinery="cloudpickle",
        pickles=pickles,
        preload=("orquestra.workflow_shared.serde",),
        task=framework.task(_pack, _unpack),
    )


def requirements_of(task: object, secrets: Mapping[str, str] | None = None) -> list[str]:
    """Return what a task imports, for `deps` in the mark: Python packages and Git repositories.

    Args:
        task: what `@sdk.task(...)` returned.
        secrets: values of the `sdk.Secret`s that Git imports name, by their names.

    Returns:
        Requirement lines; credentials in them never show in a report.

    Raises:
        OptionError: a needed secret is missing.
    """
    from orquestra.workflow_shared import serde

    lines = []
    for found in _imports(task):
        if found.type == "PYTHON_IMPORT":
            lines += [serde.stringify_package_spec(package) for package in found.packages]
        elif found.type == "GIT_IMPORT":
            lines.append(_git_line(found, secrets or {}))
    return [line for line in lines if not line.startswith(f"{_SDK}[")]


def _imports(task: Any) -> list[Any]:
    """Return the imports of a task's model, its own source's first."""
    from orquestra.sdk._client._base import _traversal
    from orquestra.sdk._client._base._dsl import DeferredGitImport

    asked = [task._source_import, *(task._dependency_imports or ())]  # noqa: SLF001 - no public way
    asked = [one.resolved() if isinstance(one, DeferredGitImport) else one for one in asked]
    return [_traversal._make_import_model(one) for one in asked if one is not None]  # noqa: SLF001


def _git_line(found: Any, secrets: Mapping[str, str]) -> str:
    """Return a Git import as the platform's runtime writes it, with its secret."""
    url = found.repo_url
    scheme = url.protocol if url.protocol.startswith("git+") else f"git+{url.protocol}"
    password = ""
    if url.password is not None:
        name = url.password.secret_name
        if name not in secrets:
            raise OptionError(
                f"requirements_of: the Git import of {url.host}/{url.path} needs the secret "
                f"{name!r}; give its value: requirements_of(task, secrets={{{name!r}: ...}})"
            )
        password = f":{secrets[name]}"
    user = f"{url.user or 'git'}{password}@" if url.user or password else ""
    port = "" if url.port is None else f":{url.port}"
    extras = f"[{','.join(found.extras)}]" if found.extras else ""
    head = f"{found.package_name}{extras} @ " if found.package_name else ""
    return f"{head}{scheme}://{user}{url.host}{port}/{url.path}@{found.git_ref}"


def pickles(payload: bytes) -> Sequence[bytes]:
    """Return the pickles of inline functions and constants; constants in JSON have none."""
    try:
        found = json.loads(payload)
    except ValueError:
        return ()
    return [base64.b64decode("".join(chunks)) for chunks in _chunks(found)]


def _chunks(found: object) -> Iterator[list[str]]:
    if isinstance(found, dict):
        for key, value in found.items():
            if key in ("encoded_function", "chunks"):
                yield value
            else:
                yield from _chunks(value)
    elif isinstance(found, list):
        for value in found:
            yield from _chunks(value)


def _dumps(value: Any) -> bytes:
    """Dump a function as that of an inline task, other objects as a constant of a workflow."""
    from orquestra.sdk._client._base import _dsl, _traversal

    body = getattr(value, "_TaskDef__sdk_task_body", value)
    if not isinstance(body, types.FunctionType):
        return there.dumps(value)
    reference = _dsl.InlineFunctionRef(body.__name__, body)
    text: str = _traversal._make_fn_ref(reference).model_dump_json()  # noqa: SLF001 - the real one
    return text.encode()


def _pack(
    function: Any, args: tuple[object, ...], kwargs: Mapping[str, object], **_: object
) -> bytes:
    """Build a workflow that invokes one task, as a user does; its model is what is sent."""
    from orquestra import sdk
    from orquestra.sdk._client._base._dsl import TaskDef

    is_task = isinstance(function, TaskDef)
    task: Callable[..., object] = (
        function if is_task else sdk.task(source_import=sdk.InlineImport())(function)
    )

    def portable() -> object:
        return task(*args, **kwargs)

    text: str = sdk.workflow(portable)().model.model_dump_json()
    return text.encode()


def _unpack(data: bytes, *, raised: bool) -> Answer:
    if raised:
        # The platform keeps only the text of the traceback, in the task's log.
        return Answer(raised=RuntimeError(data.decode()))
    return Answer(value=there.loads(data))
