"""Globus Compute: the strategies of `ComputeSerializer`, and the endpoint's `execute_task`.

Source: globus-compute-sdk 4.19, `serialize/facade.py`, `serialize/concretes.py`;
globus-compute-endpoint 4.19, `engines/helper.py`.
"""

from __future__ import annotations

import base64
import binascii
import builtins
import importlib.metadata
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pytest_portable.errors import near
from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import globus_compute as there
from pytest_portable.serializers.serializer import Serializer
from pytest_portable.serializers.task import Answer, LeftBehind, Limit

__all__ = ["make", "pickles"]

LIMIT_BYTES: Final = 10 * 1024 * 1024
_ID_BYTES: Final = 3
_BASE64: Final = frozenset((b"00\n", b"01\n", b"02\n", b"03\n", b"04\n"))
_PACKED: Final = frozenset((b"12\n", b"13\n"))
_COMBINED: Final = b"10\n"
# Strategies that send a function as text, or try that before anything else.
_SOURCE_FIRST: Final = frozenset(
    (
        "AllCodeStrategies",
        "CombinedCode",
        "DillCodeSource",
        "DillCodeTextInspect",
        "PureSourceDill",
        "PureSourceTextInspect",
    )
)
_OPTIONS: Final = frozenset(("result_serializers", "strategy_code", "strategy_data"))


def make() -> Serializer:
    """The SDK's `ComputeSerializer`; options are `strategy_code`, `strategy_data`, ..."""
    framework = Framework("dill", "globus_compute_sdk", "globus_compute_sdk.serialize")
    return replace(
        framework.serializer("globus-compute", there),
        dumps=framework.wrap(_dumps),
        # What an endpoint installs for its workers, at the SDK's version.
        requirement=f"globus-compute-endpoint=={importlib.metadata.version('globus-compute-sdk')}",
        pickles=pickles,
        machinery="dill",
        preload=("globus_compute_sdk.serialize", "globus_compute_endpoint.engines.helper"),
        accepts=_OPTIONS,
        check_options=_check_options,
        left_behind=_left_behind,
        task=framework.task(_pack, _unpack),
        limits=(
            Limit(LIMIT_BYTES, "task", "the service refuses submissions over 10 MB"),
            Limit(LIMIT_BYTES, "result", "workers raise MaxResultSizeExceeded over 10 MB"),
        ),
    )


def pickles(payload: bytes) -> Sequence[bytes]:
    """Return the pickle of a payload; of several alternatives the first is what workers load."""
    kind, body = payload[:_ID_BYTES], payload[_ID_BYTES:]
    if kind in _BASE64:
        try:
            return (base64.b64decode(body),)
        except binascii.Error:
            return ()
    if kind in _PACKED:
        size, _, rest = body.partition(b"\n")
        return pickles(rest[: int(size)]) if size.isdigit() else ()
    if kind == _COMBINED:
        first = body.split(b":", 2)[:2]
        return pickles(b"".join(first))
    return ()


def _serializer(strategy_code: str | None, strategy_data: str | None) -> Any:
    from globus_compute_sdk.serialize import ComputeSerializer

    return ComputeSerializer(
        strategy_code and there.strategy(strategy_code),
        strategy_data and there.strategy(strategy_data),
    )


def _dumps(
    value: object, strategy_code: str | None = None, strategy_data: str | None = None, **_: object
) -> bytes:
    """Dump as a submission does."""
    found: str = _serializer(strategy_code, strategy_data).serialize(value)
    return found.encode()


def _pack(
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    **options: Any,
) -> bytes:
    from globus_compute_sdk.serialize import ComputeSerializer

    parts = [_dumps(part, **options).decode() for part in (function, args, dict(kwargs))]
    packed: str = ComputeSerializer.pack_buffers(parts)
    return packed.encode()


def _unpack(data: bytes, *, raised: bool) -> Answer:
    from globus_compute_sdk.errors import TaskExecutionFailed

    if raised:
        return Answer(raised=TaskExecutionFailed(data.decode()))
    return Answer(value=there.loads(data))


def _check_options(options: Mapping[str, object]) -> Sequence[str]:
    """Return strategies that the installed SDK lacks, or has for the other kind of object."""
    from globus_compute_sdk.errors import SerdeError
    from globus_compute_sdk.serialize import concretes
    from globus_compute_sdk.serialize.facade import validate_strategylike

    results = options.get("result_serializers", ())
    if isinstance(results, str) or not isinstance(results, list | tuple):
        return [f"result_serializers: {results!r} is not a list of strategies"]
    asked: list[tuple[str, object, bool | None]] = [
        ("result_serializers", name, None) for name in results
    ]
    asked += [
        (key, options[key], kind)
        for key, kind in (("strategy_code", True), ("strategy_data", False))
        if options.get(key) is not None
    ]
    mistakes = []
    for key, name, for_code in asked:
        known = sorted(
            known.__name__
            for known in concretes.SELECTABLE_STRATEGIES
            if for_code is None or for_code is known.for_code
        )
        try:
            validate_strategylike(there.strategy(str(name)), for_code=for_code)
        except SerdeError as error:
            mistakes.append(
                f"{key}: {name!r} cannot be used{near(str(name), known)} "
                f"({error}; valid: {', '.join(known)})"
            )
    return mistakes


def _left_behind(value: object, options: Mapping[str, object]) -> Sequence[LeftBehind]:
    """Return the names that a function needs and that its source does not hold."""
    name = str(options.get("strategy_code") or "").rpartition(".")[2]
    if name not in _SOURCE_FIRST or not isinstance(value, types.FunctionType):
        return ()
    message = f"{name} sends the function as source, without {{}}; DillCode carries it"
    found = [
        LeftBehind(free, f"obj.__closure__[{place}].cell_contents", message.format(free))
        for place, free in enumerate(value.__code__.co_freevars)
    ]
    found += [
        LeftBehind(used, f"obj.__globals__[{used!r}]", message.format(used))
        for used in _names(value.__code__)
        if used in value.__globals__ and used not in vars(builtins)
    ]
    return found


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
