"""Run probes, which a test sent as source, under its seed."""

from __future__ import annotations

import importlib
from functools import partial

if __name__ != "__main__":
    from typing import Any


def prepared(probe: dict[str, Any], values: dict[str, Any]) -> Any:
    """Return what evaluates an expression, or calls a function that was sent as source.

    No frame of ours is between who calls it and the probe's own.
    """
    scope: dict[str, Any] = {"__name__": "__probe__", "__builtins__": __builtins__}
    if probe["mode"] == "expression":
        code = compile(probe["source"], "<probe>", "eval", dont_inherit=True)
        return partial(eval, code, {**scope, **values})
    exec(compile(probe["source"], "<probe>", "exec", dont_inherit=True), scope)
    function = scope[probe["name"]]
    named = {name: value for name, value in values.items() if name != "obj"}
    return partial(function, values["obj"], **named)


def sow(seed: int | None, modules: list[str]) -> None:
    """Set the seed of `random`, and of the named libraries where they are installed."""
    if seed is None:
        return
    importlib.import_module("random").seed(seed)
    for name in modules:
        try:
            library: Any = importlib.import_module(name)
        except ImportError:
            continue
        (library.random.seed if name == "numpy" else library.manual_seed)(seed)
