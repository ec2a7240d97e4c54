"""Files of several pickles, to which programs append, such as Parsl's checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_portable.payload.graph import pickles

__all__ = ["split"]


def split(data: bytes, streams: Callable[[bytes], Sequence[bytes]]) -> list[bytes]:
    """Cut a file into its pickles; nothing is loaded.

    Args:
        data: the file's bytes.
        streams: the serializer's `pickles`; a file in the serializer's envelope is one payload.

    Returns:
        The pickles in order, a damaged last one included; the whole file where there are not two.
    """
    if tuple(streams(data)) != (data,):
        return [data]
    found = [data[start:end] for start, end, _ in pickles(data)]
    # A tail that is no pickle (padding, raw bytes) means that the file is no row of records.
    is_row = len(found) > 1 and sum(map(len, found)) == len(data)
    return found if is_row else [data]
