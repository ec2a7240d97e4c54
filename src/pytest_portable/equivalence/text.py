"""Short texts for objects of any size, even ones whose methods raise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Final, cast

from pytest_portable.equivalence.guard import FAILED, attempt, instance_attributes, static

__all__ = ["first_difference", "kind_name", "shorten", "window"]

_module_of: Final = type.__dict__["__module__"].__get__  # a metaclass may return anything
_name_of: Final = type.__dict__["__qualname__"].__get__
MAX_ELEMENTS: Final = 6
MAX_LEVELS: Final = 3
MAX_INT_BITS: Final = 1024  # beyond it `repr` is slow and, past 4300 digits, refused
ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
BRACKETS: Final[dict[type, tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


def shorten(obj: object, limit: int = 80) -> str:
    """Return a one-line repr of at most `limit` characters; never raises.

    Only the beginning of big containers is read, so that the cost does not grow with the object.
    Memory addresses are left out: they differ between equal objects.
    """
    text = attempt(_render, obj, limit, 0)
    if not isinstance(text, str):
        text = f"<{kind_name(type(obj))}: repr failed>"
    text = ADDRESS.sub("", " ".join(text.split()) if "\n" in text else text)
    if len(text) <= limit:
        return text
    from pytest_portable.report.redaction import redact  # noqa: PLC0415 - only long texts need it

    # Half of a password would not be known as one.
    return f"{redact(text)[: max(limit - 3, 0)]}..."


def kind_name(kind: type) -> str:
    """Return `module.qualname` of a class, the bare name of a built-in one."""
    module, name = attempt(_module_of, kind), str(_name_of(kind))
    return name if module == "builtins" or not isinstance(module, str) else f"{module}.{name}"


def _render(obj: object, limit: int, level: int) -> str:  # noqa: PLR0911 - one return a kind
    kind = type(obj)
    if kind is str or kind is bytes:
        return repr(cast("str", obj)[: limit + 1])
    if kind is int:
        bits = cast("int", obj).bit_length()
        return repr(obj) if bits <= MAX_INT_BITS else f"<int of {bits} bits>"
    if kind in BRACKETS:
        return _render_elements(cast("Iterable[object]", obj), limit, level)
    if kind is dict:
        return _render_pairs(cast("dict[object, object]", obj), limit, level)
    if static(kind, "__repr__") is object.__repr__:
        return f"<{kind_name(kind)} object>"
    if is_dataclass(kind) and _has_generated_repr(kind):
        return _render_dataclass(obj, limit, level)
    return repr(obj)


def _nested(obj: object, limit: int, level: int) -> str:
    if level >= MAX_LEVELS:
        return "..."
    text = attempt(_render, obj, limit, level + 1)
    return text if isinstance(text, str) else f"<{kind_name(type(obj))}: repr failed>"


def _render_elements(obj: Iterable[object], limit: int, level: int) -> str:
    begin, end = BRACKETS[type(obj)]
    size = len(cast("list[object]", obj))
    if not size and type(obj) in {set, frozenset}:
        return f"{type(obj).__name__}()"
    parts = [_nested(element, limit, level) for element in islice(obj, MAX_ELEMENTS)]
    if size > MAX_ELEMENTS:
        parts.append(f"... {size} in all")
    comma = "," if size == 1 and type(obj) is tuple else ""
    return f"{begin}{', '.join(parts)}{comma}{end}"


def _render_pairs(obj: dict[object, object], limit: int, level: int) -> str:
    parts = [
        f"{_nested(key, limit, level)}: {_nested(value, limit, level)}"
        for key, value in islice(obj.items(), MAX_ELEMENTS)
    ]
    if len(obj) > MAX_ELEMENTS:
        parts.append(f"... {len(obj)} in all")
    return f"{{{', '.join(parts)}}}"


def _has_generated_repr(kind: type) -> bool:
    function = static(kind, "__repr__")
    wrapped = getattr(function, "__wrapped__", function)  # the recursion guard of dataclasses
    code = getattr(wrapped, "__code__", None)
    return code is not None and code.co_filename == "<string>"


def _render_dataclass(obj: object, limit: int, level: int) -> str:
    """Return a dataclass field by field: its own repr would write all of a million elements."""
    attributes = instance_attributes(obj)
    parts = [
        f"{field.name}={_nested(attributes[field.name], limit, level)}"
        for field in islice(_shown_fields(obj), MAX_ELEMENTS)
        if field.name in attributes
    ]
    return f"{_name_of(type(obj))}({', '.join(parts)})"


class _Named:
    """What this module uses of a `dataclasses.Field`."""

    name: str
    repr: bool


def _shown_fields(obj: object) -> Iterator[_Named]:
    found = cast("Iterable[_Named]", fields(obj))  # type: ignore[arg-type]  # checked by the caller
    return (field for field in found if field.repr)


def first_difference(left: str | bytes, right: str | bytes) -> int:
    """Return the first position at which two different texts differ."""
    low, high = 0, min(len(left), len(right))
    while low < high:  # halving compares slices in C; a loop over characters does not
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def window(text: str | bytes, position: int, width: int = 30) -> str:
    """Return the repr of a long text around a position, with dots where it was cut."""
    begin = max(position - width // 2, 0)
    end = begin + width
    before = "..." if begin else ""
    after = "..." if end < len(text) else ""
    found = attempt(repr, text[begin:end])
    return f"{before}{found if found is not FAILED else '?'}{after}"
