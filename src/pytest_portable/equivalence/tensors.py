"""Tensors of torch, sparse matrices and trees of SciPy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from pytest_portable.equivalence.comparators import Finding, Outcome, Part
from pytest_portable.equivalence.guard import attempt
from pytest_portable.equivalence.leaves import Tolerance

__all__ = ["neighbours", "sparse", "storage", "tensor"]

Anything: TypeAlias = Any
"""torch and SciPy are no dependencies, so their types are not there when this is checked."""

CHANNELS: Final = ("q_per_channel_axis", "q_per_channel_scales", "q_per_channel_zero_points")
TENSOR_FACTS: Final = ("dtype", "shape", "layout", "device", "requires_grad")
SPARSE_PARTS: Final = {
    "csr": ("indptr", "indices", "data"),
    "csc": ("indptr", "indices", "data"),
    "bsr": ("indptr", "indices", "data"),
    "coo": ("coords", "data"),
    "dia": ("offsets", "data"),
    "lil": ("rows", "data"),
}


def tensor(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare the attributes of a tensor and then its values, as an array on the CPU.

    A missing gradient is no difference: no format sends gradients.
    """
    wrong = False
    for name in TENSOR_FACTS:
        pair = attempt(getattr, original, name), attempt(getattr, returned, name)
        if pair[0] != pair[1]:
            wrong = True
            yield Finding(f".{name}", *pair, f"{name} differs")
    yield Part(".__dict__", *(dict(getattr(side, "__dict__", {})) for side in (original, returned)))
    if wrong or str(original.device) == "meta":
        return
    if original.is_nested:
        yield Part(".unbind()", original.unbind(), returned.unbind())
        return
    if original.is_quantized:
        yield from _quantization(original, returned)
    yield Part("", _values(original), _values(returned))
    if original.is_leaf and returned.is_leaf and returned.grad is not None:
        yield Part(".grad", original.grad, returned.grad)


def _quantization(original: Anything, returned: Anything) -> Iterator[Outcome]:
    """Compare the scheme of quantized numbers: equal numbers can have different scales."""
    asked = ["qscheme"]
    by_channel = "channel" in str(original.qscheme())
    asked += list(CHANNELS) if by_channel else ["q_scale", "q_zero_point"]
    for name in asked:
        values = [attempt(lambda side=side: getattr(side, name)()) for side in (original, returned)]  # noqa: B023
        yield Part(f".{name}()", values[0], values[1])


def storage(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare the storage of a tensor; the name that torch writes for it always differs."""
    for name in ("dtype", "device"):
        pair = attempt(getattr, original, name), attempt(getattr, returned, name)
        if pair[0] != pair[1]:
            yield Finding(f".{name}", *pair, f"{name} differs")
            return
    yield Part(".tolist()", original.tolist(), returned.tolist())


def _values(value: Anything) -> Anything:
    """Return the values as a NumPy array; a kind of number that NumPy lacks becomes `float`."""
    plain = value.detach().cpu()
    if str(plain.layout) != "torch.strided":
        plain = plain.to_dense()
    if plain.is_quantized:
        plain = plain.dequantize()
    plain = plain.resolve_conj().resolve_neg()
    try:
        return plain.numpy()
    except TypeError:  # bfloat16, float8
        return plain.float().numpy()


def sparse(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare the stored form: matrices of equal values in other formats differ."""
    for name in ("format", "shape", "dtype"):
        pair = getattr(original, name), getattr(returned, name)
        if pair[0] != pair[1]:
            yield Finding(f".{name}", *pair, f"{name} differs")
            return
    yield Part(".__dict__", _noted(original), _noted(returned))
    if original.format == "dok":
        yield Part("", dict(original.items()), dict(returned.items()))
        return
    for name in SPARSE_PARTS.get(original.format, ()):
        pair = getattr(original, name), getattr(returned, name)
        yield Part(f".{name}", *pair)


def _noted(matrix: Anything) -> dict[str, object]:
    """Return the attributes that the user added to a matrix."""
    own = {"maxprint", "row", "col", *(name for parts in SPARSE_PARTS.values() for name in parts)}
    return {
        name: value
        for name, value in vars(matrix).items()
        if name not in own and not name.startswith(("_", "has_"))
    }


def neighbours(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare the points and how they are sorted: the state of a tree holds memory addresses."""
    for name in ("data", "leafsize", "boxsize", "indices", "maxes", "mins", "size"):
        yield Part(f".{name}", getattr(original, name), getattr(returned, name))
    yield Part(".__dict__", *(dict(getattr(side, "__dict__", {})) for side in (original, returned)))
