"""What frameworks send, recognised by its bytes where no framework is installed."""

from __future__ import annotations

import importlib.util
from typing import Final

import pytest

from pytest_portable.payload.containers import open_container
from pytest_portable.payload.envelopes import inspect_streams

# Each holds `{"c": collections.Counter("ab")}`, sent on Python 3.11 by the release that is named.
_BASE64 = (
    b"gASVNgAAAAAAAAB9lIwBY5SMC2NvbGxlY3Rpb25zlIwHQ291bnRlcpSTlH2UKIwBYZRLAYwBYpRLAXWFlFKUcy4="
)
_PICKLE = (
    b"\x80\x04\x956\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01c\x94\x8c\x0bcollections\x94"
    b"\x8c\x07Counter\x94\x93\x94}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94K\x01u\x85\x94R\x94s."
)
# Covalent adds the docstring of dict, left out here, and the text of the object.
_HEADER = (
    b'{"py_version": "3.11.7", "cloudpickle_version": "3.1.2", "attrs": {"doc": "", "name": ""}}'
)
_TEXT = b"{'c': Counter({'a': 1, 'b': 1})}"
MESSAGES: Final = {
    "parsl-2026.10.26": (b"02\n" + _PICKLE, "Parsl buffer"),
    "globus-compute-sdk-4.19.0": (
        b"00\n" + _BASE64[:76] + b"\n" + _BASE64[76:] + b"\n",
        "Globus Compute buffer",
    ),
    "covalent-0.240.0-binary": (
        (16 + len(_HEADER)).to_bytes(8, "big")
        + (16 + len(_HEADER) + len(_TEXT)).to_bytes(8, "big")
        + _HEADER
        + _TEXT
        + _BASE64,
        "Covalent TransportableObject",
    ),
    "covalent-0.240.0-json": (
        b'{"type": "TransportableObject", "attributes": {"_object": "'
        + _BASE64
        + b'", "_object_string": "'
        + _TEXT
        + b'", "_header": '
        + _HEADER
        + b"}}",
        "Covalent TransportableObject",
    ),
    "groundhog-hpc-0.9.3": (b"__PICKLE__:" + _BASE64, "Groundhog payload"),
    "modal-1.0.5": (_PICKLE, "pickle"),
}
# orquestra-sdk 1.1.0 sends `{"c": {1}}` so: a set needs a pickle, where a dict goes as JSON.
ORQUESTRA: Final = (
    b'{"chunks":["gASVDgAAAAAAAAB9lIwBY5SPlChLAZBzLg==\\n"],'
    b'"serialization_format":"ENCODED_PICKLE"}'
)


@pytest.mark.parametrize(("data", "kind"), MESSAGES.values(), ids=MESSAGES)
def test_a_message_is_opened_by_its_bytes(data: bytes, kind: str) -> None:
    container = open_container(data)

    assert container.kind == kind
    found = inspect_streams(container.streams, container.file_bytes)
    (reference,) = found.references
    assert (reference.module, reference.qualname) == ("collections", "Counter")
    assert reference.paths == ("obj['c']",)
    assert found.payload_bytes == len(data)


def test_results_of_orquestra_are_opened_by_their_bytes() -> None:
    container = open_container(ORQUESTRA)

    assert container.kind == "Orquestra result"
    assert inspect_streams(container.streams, container.file_bytes).protocol == 4


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"00\nno base64", id="globus"),
        pytest.param(b"__PICKLE__:no base64", id="groundhog"),
        pytest.param(b'{"type": "TransportableObject", "attributes": {}}', id="covalent-json"),
        pytest.param(bytes(16) + b"{}", id="covalent-archive"),
        pytest.param(b'{"type": "INLINE_FUNCTION_REF"}', id="orquestra"),
        pytest.param(b'{"a": 1}', id="json"),
    ],
)
def test_what_only_looks_like_a_message_holds_no_pickle(data: bytes) -> None:
    container = open_container(data)

    assert container.kind in {"text", "JSON text", "data of a format that is not known here"}
    assert container.streams == ()


def test_no_framework_is_needed() -> None:
    for name in ("covalent", "globus_compute_sdk", "groundhog_hpc", "modal", "orquestra", "parsl"):
        assert importlib.util.find_spec(name) is None, f"{name} is installed: this proves nothing"
