"""Random numbers that both sides draw alike."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from pytest_portable.agent.in_target.probes import sow

__all__ = ["seeded", "seeded_modules"]


def seeded_modules(seed: int | None) -> list[str]:
    """List the libraries whose generators get the seed of `random` too.

    NumPy where it is installed here, torch where the test imported it: that takes seconds.
    """
    if seed is None:
        return []
    found = ["numpy"] if importlib.util.find_spec("numpy") else []
    return [*found, "torch"] if "torch" in sys.modules else found


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Draw from the seed inside; the test's own random numbers go on as if nothing happened."""
    if seed is None:
        yield
        return
    modules = seeded_modules(seed)
    restore = [_state(random.getstate, random.setstate)]
    for name in modules:
        library: Any = importlib.import_module(name)
        if name == "numpy":
            restore.append(_state(library.random.get_state, library.random.set_state))
        else:
            restore.append(_state(library.random.get_rng_state, library.random.set_rng_state))
    sow(seed, modules)
    try:
        yield
    finally:
        for put_back in restore:
            put_back()


def _state(read: Callable[[], Any], write: Callable[[Any], object]) -> Callable[[], object]:
    state = read()
    return lambda: write(state)
