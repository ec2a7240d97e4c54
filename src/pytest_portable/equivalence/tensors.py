"""Tensors of torch and sparse matrices of SciPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pytest_portable.equivalence.comparators import Finding, Outcome, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_portable.equivalence.leaves import Tolerance

__all__ = ["sparse", "tensor"]

Anything: TypeAlias = Any
"""torch and SciPy are no dependencies, so their types are not there when this is checked."""

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
    """Compare what a tensor is and then its values, as an array on the host's processor."""
    wrong = False
    for name in TENSOR_FACTS:
        pair = getattr(original, name), getattr(returned, name)
        if pair[0] != pair[1]:
            wrong = True
            yield Finding(f".{name}", *pair, f"{name} differs")
    if wrong or str(original.device) == "meta":
        return
    yield Part("", _values(original), _values(returned))
    if original.is_leaf and returned.is_leaf:
        yield Part(".grad", original.grad, returned.grad)


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
    """Compare the stored form: two matrices of equal values stored otherwise are told apart."""
    for name in ("format", "shape", "dtype"):
        pair = getattr(original, name), getattr(returned, name)
        if pair[0] != pair[1]:
            yield Finding(f".{name}", *pair, f"{name} differs")
            return
    if original.format == "dok":
        yield Part("", dict(original.items()), dict(returned.items()))
        return
    for name in SPARSE_PARTS.get(original.format, ()):
        pair = getattr(original, name), getattr(returned, name)
        yield Part(f".{name}", *pair)
