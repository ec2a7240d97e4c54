from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import joblib
import numpy as np

from pytest_portable.payload.graph import read
from pytest_portable.payload.inspection import inspect_payload

if TYPE_CHECKING:
    from pathlib import Path


def test_raw_arrays_in_joblibs_stream_are_stepped_over(tmp_path: Path) -> None:
    things = {
        "floats": np.arange(1000.0).reshape(10, 100),
        "text": np.array(["abc", "de"]),
        "mixed": np.zeros(3, dtype=[("x", "f8"), ("name", "U4")]),
        "empty": np.zeros((0, 3)),
        "objects": np.array([collections.Counter("a"), None], dtype=object),
        "after": collections.OrderedDict(),
    }
    joblib.dump(things, tmp_path / "things")

    payload = (tmp_path / "things").read_bytes()
    inspection = inspect_payload(payload)

    paths = {(r.module, r.qualname): r.paths for r in inspection.references}
    sizes = {size.path: size.bytes for size in inspection.sizes}
    assert inspection.damaged is None
    assert paths["collections", "Counter"] == ("obj['objects'][0]",)
    assert paths["collections", "OrderedDict"] == ("obj['after']",)
    assert 8000 <= sizes["obj['floats']"] < 8500
    assert read(payload).end == len(payload)


def test_a_damaged_array_of_joblibs_is_a_payload_error(tmp_path: Path) -> None:
    joblib.dump([np.arange(9.0)], tmp_path / "array")
    payload = (tmp_path / "array").read_bytes()

    for changed in (payload.replace(b"f8", b"??"), payload.replace(b"shape", b"shope")):
        assert inspect_payload(changed).damaged is not None
