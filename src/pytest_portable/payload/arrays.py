"""Raw array bytes that joblib puts between the opcodes of its stream.

Source: joblib 1.0 to 1.6, `joblib/numpy_pickle.py` (`NumpyArrayWrapper.read_array`).
"""

from __future__ import annotations

import math
import re
from typing import Final

from pytest_portable.errors import PayloadError
from pytest_portable.payload import opcodes as op
from pytest_portable.payload.lenses.view import read_name
from pytest_portable.payload.nodes import Graph

__all__ = ["WRAPPER", "raw_array_end"]

WRAPPER: Final = b"NumpyArrayWrapper"

_PICKLED: Final = -1
_DTYPE: Final = re.compile(r"([a-zA-Z])(\d+)$")
_CHARACTER_BYTES: Final = 4  # NumPy keeps text as UCS-4
_FLAGS: Final = 7  # index of a dtype's flags in its state; bit 0 is set where it holds objects


def raw_array_end(graph: Graph, node: int, position: int) -> int:
    """Return where the next opcode is after a BUILD that ends at `position`.

    Returns:
        `position` itself where the node is no joblib array, the end of the raw bytes where it is
        one, -1 where a pickle of its own follows (arrays of objects).

    Raises:
        PayloadError: it is an array of unknown size.
    """
    if graph.kinds[node] != op.NEWOBJ:
        return position
    name = read_name(graph, graph.children(node)[0])
    if not name or name[0] != "joblib.numpy_pickle" or name[1] != WRAPPER.decode():
        return position
    fields = graph.entries(graph.states[node][-1])
    if "dtype" not in fields or "shape" not in fields:
        raise PayloadError("an array of joblib's without dtype or shape", position)
    item_bytes = _item_bytes(graph, fields["dtype"], position)
    if item_bytes == _PICKLED:
        return _PICKLED
    shape = [graph.value(size) for size in graph.children(fields["shape"])]
    count = math.prod(size for size in shape if isinstance(size, int))
    aligned = fields.get("numpy_array_alignment_bytes")
    if aligned is not None and graph.value(aligned) is not None:
        position += 1 + graph.data[position]
    return position + max(count, 0) * item_bytes


def _item_bytes(graph: Graph, node: int, position: int) -> int:
    arguments = graph.children(graph.children(node)[1]) if graph.kinds[node] == op.REDUCE else ()
    found = _DTYPE.search((graph.text(arguments[0]) or "") if arguments else "")
    if found is None:
        raise PayloadError("an array of joblib's with a dtype that cannot be read", position)
    letter, size = found[1], int(found[2])
    for state in graph.states.get(node, ()):
        parts = graph.children(state)
        flags = graph.value(parts[_FLAGS]) if len(parts) > _FLAGS else 0
        if isinstance(flags, int) and flags & 1:
            return _PICKLED
    if letter == "O":
        return _PICKLED
    return size * (_CHARACTER_BYTES if letter == "U" else 1)
