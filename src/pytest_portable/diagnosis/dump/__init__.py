"""Explain a failed dump: every part that cannot be dumped, with its path."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Final

from pytest_portable.agent.in_target.asking import is_kind, read_name, slot_of
from pytest_portable.agent.in_target.describe import text_of
from pytest_portable.diagnosis.dump.picklers import flavour_of
from pytest_portable.diagnosis.dump.places import Chain, find_chain, paths_of_leaves, read_trace
from pytest_portable.diagnosis.dump.tracing import MAX_LEAVES, GaveUpError, Leaf, Trace, trace
from pytest_portable.diagnosis.dump.walk import every, smallest
from pytest_portable.diagnosis.dump.words import (
    code_of,
    explain_leaf,
    module_of,
    remedies_of,
    traceback_of,
)
from pytest_portable.equivalence.guard import qualname_of
from pytest_portable.interrupts import pass_on
from pytest_portable.payload.paths import Paths
from pytest_portable.verdict import Problem, Remedy

__all__ = ["explain_dump"]

_MORE_PATHS: Final = 2
# A member is in the tuple of arguments of what is rebuilt.
_HOLDER: Final = 2


def explain_dump(  # noqa: PLR0913 - one keyword for each thing the caller knows
    obj: object,
    error: BaseException,
    dumps: Callable[[object], bytes],
    *,
    root: str = "obj",
    protocol: int | None = None,
    serializer: str = "pickle",
) -> list[Problem]:
    """Return a problem for every smallest part of an object that cannot be dumped.

    The object is dumped again by a pickler that replaces what fails and goes on; of the object's
    code, only its reducers run again.

    Args:
        obj: what could not be dumped.
        error: what the dump raised.
        dumps: the dump, with the leg's options.
        root: name of the object in paths.
        protocol: pickle protocol of the dump.
        serializer: name of the leg's serializer.

    Returns:
        At least one problem, in the order in which a dump meets them.
    """
    refused = _refused(error)
    if refused is not None:
        path, value, reason = smallest(obj, error, dumps, root, until=refused)
        return [_problem(Leaf(0, value, reason), [path], reason, serializer)]
    found = trace(obj, flavour_of(error, protocol))
    paths = read_trace(found, root)
    places = paths_of_leaves(paths)
    leaves = [leaf for leaf in found.leaves if not is_kind(leaf.error, GaveUpError)]
    if protocol is None and not _is_of_pickle(error, leaves):
        return _refusals(every(obj, error, dumps, root), serializer)
    # On a busy machine the time may run out first.
    if _is_recursion(error) and (found.ended == "depth" or not leaves):
        is_set = _ends_without_recurse(obj, error, protocol)
        return [_endless(error, root) if is_set else _too_deep(error, found, paths, root)]
    if leaves:
        return [
            _problem(leaf, places.get(leaf.number, [root]), error, serializer) for leaf in leaves
        ]
    if found.ended == "time":
        where = places[found.leaves[0].number][0] if found.leaves else root
        return [_gave_up(where, found, error)]
    path, value, reason = smallest(obj, error, dumps, root)
    return [_problem(Leaf(0, value, reason), [path], reason, serializer)]


def _refusals(found: list[tuple[str, object, BaseException]], serializer: str) -> list[Problem]:
    """Return a problem for every part that a format refused, or where they are many, every kind."""
    kinds: dict[object, list[tuple[str, object, BaseException]]] = {}
    is_many = len(found) > MAX_LEAVES
    for number, one in enumerate(found):
        key = (type(one[1]), type(one[2]), str(one[2])) if is_many else number
        kinds.setdefault(key, []).append(one)
    return [
        _problem(
            Leaf(0, group[0][1], group[0][2], by=serializer),
            [path for path, _, _ in group],
            group[0][2],
            serializer,
        )
        for group in kinds.values()
    ]


def _refused(error: BaseException) -> object | None:
    """Return the object that a pickler's `persistent_id` raised for, where that is what failed.

    Its parts are no findings, because they are not dumped.
    """
    found = None
    step = slot_of(error, "__traceback__")
    while step is not None:
        if step.tb_frame.f_code.co_name == "persistent_id":
            found = step.tb_frame.f_locals.get("obj")
        step = step.tb_next
    return found


def _is_of_pickle(error: BaseException, leaves: list[Leaf]) -> bool:
    """Return whether a pickler raised: else a format refuses by rules of its own."""
    if (
        is_kind(error, pickle.PicklingError, RecursionError)
        or slot_of(error, "__traceback__") is None
    ):
        return True
    said = text_of(error)
    # Python 3.13's words for what it cannot find by name: "Can't get local object 'f.<locals>.g'".
    if "pickle" in said.lower() or "Can't get local" in said or flavour_of(error, None).is_known:
        return True
    return any((type(leaf.error), str(leaf.error)) == (type(error), said) for leaf in leaves)


def _is_recursion(error: BaseException) -> bool:
    # cloudpickle raises a PicklingError from it.
    return is_kind(error, RecursionError) or is_kind(slot_of(error, "__cause__"), RecursionError)


def _ends_without_recurse(obj: object, error: BaseException, protocol: int | None) -> bool:
    """Return whether dill comes to an end where it does not follow the globals of functions."""
    if not flavour_of(error, protocol).keywords.get("recurse"):
        return False
    import dill  # noqa: PLC0415 - it raised

    try:
        dill.dumps(obj, protocol=protocol, recurse=False)
    except BaseException as failure:  # noqa: BLE001 - then it is not for that setting
        pass_on(failure)
        return False
    return True


def _endless(error: BaseException, root: str) -> Problem:
    return Problem(
        code="recursion",
        stage="dump",
        path=root,
        message="dill does not come to an end with recurse=True, which follows the globals of "
        "functions round in a circle; without it, it does",
        evidence=f"{read_name(type(error))}: {text_of(error)}",
        remedies=(Remedy('options={"recurse": False}', 'options={"recurse": False}'),),
    )


def _problem(leaf: Leaf, places: list[str], error: BaseException, serializer: str) -> Problem:
    # The dump raised for the first part that fails; the C pickler's message differs.
    said = error if leaf.number == 0 else leaf.error
    places = [_in_tuple(place, leaf) for place in places]
    others = [place for place in dict.fromkeys(places) if not places[0].startswith(place)]
    also = ", ".join(others[:_MORE_PATHS])
    if len(others) > _MORE_PATHS:
        also += f" and {len(others) - _MORE_PATHS} more"
    return Problem(
        code=code_of(leaf),
        stage="dump",
        path=places[0],
        module=module_of(leaf.value),
        message=explain_leaf(leaf) + (f"; also at {also}" if also else ""),
        evidence=f"{read_name(type(said))}: {text_of(said)}",
        remedies=remedies_of(leaf, serializer),
        traceback=traceback_of(leaf.error),
    )


def _in_tuple(path: str, leaf: Leaf) -> str:
    """Return the path of a named tuple's member as `obj[0]`, where its class names no fields."""
    before, call, after = path.rpartition(".__getnewargs__()")
    holder = leaf.stack[-_HOLDER] if len(leaf.stack) >= _HOLDER else None
    return before + after if call and is_kind(holder, tuple) else path


def _gave_up(path: str, found: Trace, error: BaseException) -> Problem:
    return Problem(
        code="unserializable",
        stage="dump",
        path=path,
        message=f"what fails is here or behind it: the search was given up in {found.ended_in}",
        evidence=f"{read_name(type(error))}: {text_of(error)}",
    )


def _too_deep(error: BaseException, found: Trace, paths: Paths, root: str) -> Problem:
    chain = find_chain(paths, found)
    more = "more than " if found.ended else ""
    if chain is None:
        path, message = root, f"is {more}{found.depth:,} levels deep for the pickler"
    elif chain.endless and found.ended:
        kind = "a part" if chain.kind is None else qualname_of(chain.kind)
        path = chain.path
        message = f"endless recursion: what {kind} is reduced to holds a new {kind}, and so on"
    else:
        path = chain.path
        message = f"is {more}{chain.turns:,} levels deep along {chain.unit}"
    return Problem(
        code="recursion",
        stage="dump",
        path=path,
        message=message,
        evidence=f"{read_name(type(error))}: {text_of(error)}",
        remedies=_flatten(chain),
    )


def _flatten(chain: Chain | None) -> tuple[Remedy, ...]:
    if chain is None or chain.kind is None:
        return (Remedy("send it as a flat list, and nest it there"),)
    kind = qualname_of(chain.kind)
    if chain.endless:
        return (Remedy(f"let {kind}.__reduce__ return plain values, not another {kind}"),)
    return (Remedy(f"give {kind} a __getstate__ that returns a flat list, not nested objects"),)
