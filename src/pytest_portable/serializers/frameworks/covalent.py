"""Covalent: `TransportableObject`, binary and JSON; its server's view; electrons; lattices.

Source: covalent 0.240, `_workflow/transportable_object.py`, `_workflow/transport.py`,
`executor/utils/wrappers.py`.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pytest_portable.errors import near
from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import covalent as there
from pytest_portable.serializers.in_target import covalent_lattice as lattice_there
from pytest_portable.serializers.serializer import Serializer
from pytest_portable.serializers.task import Answer

__all__ = ["make", "make_lattice", "make_server", "pickles", "requirements_of"]

_MODULES: Final = (
    "covalent",
    "covalent._workflow.lattice",
    "covalent._workflow.transport",
    "covalent.executor.utils.wrappers",
)
_FORMS: Final = ("binary", "json")
_OFFSET_BYTES: Final = 8


def make() -> Serializer:
    """`TransportableObject`; calls go out as electrons and are run by `wrapper_fn`."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("covalent", there),
        requirement="covalent",
        machinery="cloudpickle",
        pickles=pickles,
        preload=_MODULES,
        accepts=frozenset(("form",)),
        check_options=_check_options,
        reader="there:read",
        task=replace(framework.task(_pack, _unpack), prepared=_prepared),
    )


def make_server() -> Serializer:
    """What Covalent's server does with an object: read its header, forward it, never load it."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("covalent-server", there),
        loaders=("there:read_only",),
        dumpers=("there:forward",),
        requirement="covalent",
        # The server never loads the pickle inside, so for it there are none.
        pickles=_no_pickles,
        preload=_MODULES[:1],
        accepts=frozenset(("form",)),
        check_options=_check_options,
    )


def make_lattice() -> Serializer:
    """A built lattice as JSON, as it goes to the server."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("covalent-lattice", lattice_there),
        requirement="covalent",
        pickles=_no_pickles,
        preload=_MODULES[:2],
        is_same=_is_same_lattice,
    )


def _is_same_lattice(original: object, returned: object) -> bool:
    """Return whether two lattices have the same JSON: all that the server, and a reader, get.

    Cached views of the graph, and the list of nodes that were touched, are in none.
    """
    return bool(lattice_there.dumps(original) == lattice_there.dumps(returned))


def _no_pickles(_payload: bytes) -> Sequence[bytes]:
    return ()


def pickles(payload: bytes) -> Sequence[bytes]:
    """Return the pickle behind header and text, in the archive and in its JSON form."""
    if payload.startswith(b"{"):
        attributes = json.loads(payload)["attributes"]
        return (base64.b64decode(attributes["_object"]),)
    start = int.from_bytes(payload[_OFFSET_BYTES : 2 * _OFFSET_BYTES], "big")
    return (base64.b64decode(payload[start:]),)


def requirements_of(electron: Callable[..., object]) -> list[str]:
    """Return the packages of an electron's `DepsPip`, for `deps` in the mark.

    Args:
        electron: what `@ct.electron(deps_pip=...)` returned.

    Returns:
        Requirement lines; empty where the electron asks for none.
    """
    pip = (_metadata(electron)["hooks"].get("deps") or {}).get("pip")
    if not pip:
        return []
    attributes = pip["attributes"] if isinstance(pip, dict) else vars(pip)
    if content := attributes["requirements_content"]:
        lines = (line.strip() for line in content.splitlines())
        return [line for line in lines if line and not line.startswith("#")]
    return list(attributes["packages"])


def _metadata(function: object) -> dict[str, Any]:
    """Return the metadata of an electron in its JSON form; empty for a plain function."""
    from covalent._workflow.transport import encode_metadata

    electron = getattr(function, "electron_object", None)
    found = {} if electron is None else dict(electron.metadata)
    encoded: dict[str, Any] = encode_metadata({**found, "hooks": found.get("hooks") or {}})
    encoded["hooks"] = encoded.get("hooks") or {}
    return encoded


@contextlib.contextmanager
def _prepared(function: Any) -> Iterator[Any]:
    """Yield an electron's own function, while the modules of its `DepsModule` go by value."""
    from covalent._workflow.transport import pickle_modules_by_value

    electron = getattr(function, "electron_object", None)
    with pickle_modules_by_value(_metadata(function)):
        yield function if electron is None else electron.function


def _pack(
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    **_: object,
) -> bytes:
    """Pack an electron: its function, its inputs, its hooks but `DepsPip`, as assets in JSON."""
    from covalent._workflow.transport import pickle_modules_by_value
    from covalent._workflow.transportable_object import TransportableObject

    electron = getattr(function, "electron_object", None)
    with pickle_modules_by_value(_metadata(function)) as metadata:
        sent = TransportableObject(function if electron is None else electron.function)
    hooks = metadata["hooks"]
    # The environment holds what DepsPip asks for; installing is not what is tested here.
    deps = {name: dep for name, dep in (hooks.get("deps") or {}).items() if name != "pip"}
    parts = {
        "function": sent.to_dict(),
        "args": [TransportableObject(value).to_dict() for value in args],
        "kwargs": {name: TransportableObject(value).to_dict() for name, value in kwargs.items()},
        "hooks": [deps, hooks.get("call_before") or [], hooks.get("call_after") or []],
    }
    return json.dumps(parts).encode()


def _unpack(data: bytes, *, raised: bool) -> Answer:
    if raised:
        # Covalent keeps only the text of the traceback as the electron's error.
        return Answer(raised=RuntimeError(data.decode()))
    return Answer(value=there.loads(data))


def _check_options(options: Mapping[str, object]) -> Iterator[str]:
    form = options.get("form", "binary")
    if form not in _FORMS:
        yield f"form: {form!r} is unknown{near(str(form), _FORMS)} (valid: {', '.join(_FORMS)})"
