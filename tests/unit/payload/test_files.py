from __future__ import annotations

import bz2
import collections
import gzip
import io
import lzma
import pickle
import sys
import tarfile
import types
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest

from pytest_portable.errors import PayloadError
from pytest_portable.payload import budget
from pytest_portable.payload.containers import Container, open_container
from pytest_portable.payload.envelopes import inspect_streams
from pytest_portable.payload.inspection import disassemble
from unit.payload.modulepickles import LATER, PACKAGE
from unit.payload.truth import Model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.payload.inspection import Inspection

PAYLOAD = pickle.dumps({"m": Model(1), "c": collections.Counter("ab")})


def inspected(container: Container) -> Inspection:
    return inspect_streams(container.streams, container.file_bytes)


def paths_of(container: Container, qualname: str) -> tuple[str, ...]:
    return next(r.paths for r in inspected(container).references if r.qualname == qualname)


def old_joblib(data: bytes) -> bytes:
    return b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data)


@pytest.mark.parametrize(
    ("pack", "name"),
    [
        pytest.param(lambda data: data, None, id="not"),
        pytest.param(gzip.compress, "gzip", id="gzip"),
        pytest.param(bz2.compress, "bz2", id="bz2"),
        pytest.param(lzma.compress, "xz", id="xz"),
        pytest.param(lambda data: lzma.compress(data, lzma.FORMAT_ALONE), "lzma", id="lzma"),
        pytest.param(zlib.compress, "zlib", id="zlib"),
        pytest.param(lambda data: zlib.compress(data, 9), "zlib", id="zlib-9"),
        pytest.param(old_joblib, "zlib", id="old-joblib"),
    ],
)
def test_a_packed_pickle_is_unpacked(pack: Callable[[bytes], bytes], name: str | None) -> None:
    container = open_container(pack(PAYLOAD))

    kind = "joblib file" if pack is old_joblib else "pickle"
    assert (container.compression, container.kind) == (name, kind)
    assert container.unpacked_bytes == len(PAYLOAD)
    assert paths_of(container, "Counter") == ("obj['c']",)


def test_a_packing_without_its_package_says_what_to_install() -> None:
    with pytest.raises(PayloadError, match=r"packed with lz4.*pip install lz4"):
        open_container(b"\x04\x22\x4d\x18" + bytes(20))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(gzip.compress(PAYLOAD)[:-9], id="cut-gzip"),
        pytest.param(b"BZh9" + bytes(20), id="no-bz2"),
        pytest.param(b"PK\x03\x04" + bytes(40), id="no-zip"),
    ],
)
def test_what_only_looks_packed_is_an_error(data: bytes) -> None:
    with pytest.raises(PayloadError):
        open_container(data)


def test_two_weak_signs_do_not_make_zlib() -> None:
    container = open_container(b"\x78\x9c" + PAYLOAD)

    assert container.compression is None
    assert container.streams == ()


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "HARMLESS_BYTES", 100_000)
    monkeypatch.setattr(budget, "MOST_TIMES", 1)
    big = bytes(200_000)

    for packed in (gzip.compress(big), zlib.compress(big), lzma.compress(big)):
        with pytest.raises(PayloadError, match="unpacks to more than"):
            open_container(packed)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        stream.writestr("a/data.pkl", big)
    with pytest.raises(PayloadError, match="unpacks to more than"):
        open_container(archive.getvalue())


def test_pickles_one_behind_the_other_have_a_root_each() -> None:
    container = open_container(PAYLOAD * 3)

    assert [stream.root for stream in container.streams] == ["objs[0]", "objs[1]", "objs[2]"]
    assert container.kind == "pickles"
    assert paths_of(container, "Counter") == ("objs[0]['c']", "objs[1]['c']", "objs[2]['c']")


def test_many_small_pickles_are_told_apart_in_linear_time() -> None:
    container = open_container(PAYLOAD * 20_000)

    assert len(container.streams) == 1000
    assert container.rest == 19_000 * len(PAYLOAD)


def test_bytes_behind_a_pickle_are_no_pickle() -> None:
    container = open_container(PAYLOAD + b"\0" * 50)

    assert (len(container.streams), container.rest) == (1, 50)
    assert inspected(container).damaged is None


def test_a_cut_pickle_behind_a_whole_one_is_damaged_where_it_ends() -> None:
    container = open_container(PAYLOAD + PAYLOAD[:-20])

    assert len(container.streams) == 2
    assert inspected(container).damaged == pytest.approx(2 * len(PAYLOAD) - 20, abs=20)


@pytest.mark.parametrize("compress", [0, 3, ("bz2", 3), ("xz", 3), ("gzip", 3), ("lzma", 3)])
def test_joblib_files_are_read_past_their_arrays(compress: Any, tmp_path: Path) -> None:
    thing = {
        "a": np.arange(5000.0),
        "o": np.array([collections.Counter(), "x"], dtype=object),
        "m": Model(np.ones(2000)),
    }
    file = tmp_path / "m.joblib"
    joblib.dump(thing, file, compress=compress)

    container = open_container(file.read_bytes())

    inspection = inspected(container)
    assert (container.kind, inspection.damaged) == ("joblib file", None)
    assert paths_of(container, "Counter") == ("obj['o'][0]",)
    assert set(paths_of(container, "ndarray")) >= {"obj['a']", "obj['m'].weights"}
    sizes = {size.path: size.bytes for size in inspection.filled_by}
    assert sizes["obj['a']"] == pytest.approx(40_000, abs=400)
    steps = list(disassemble(container.streams[0].data))
    assert steps[-1].opcode == "STOP"
    assert any(step.path == "obj['m'].weights" and step.opcode == "BUILD" for step in steps)


def test_texts_with_odd_escapes_are_listed_without_a_warning() -> None:
    steps = list(disassemble(b"S'\\q'\n."))

    assert [(step.opcode, step.argument) for step in steps] == [("STRING", "\\q"), ("STOP", None)]


class _Storage:
    def __init__(self, key: str) -> None:
        self.key = key


def torch_archive(folder: str = "model") -> bytes:
    """Write what `torch.save` writes, without torch: a pickle beside its storages."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    class FloatStorage:
        pass

    def _rebuild_tensor_v2(*args: object) -> object:
        return args

    for module, thing in ((torch, FloatStorage), (utils, _rebuild_tensor_v2)):
        thing.__module__, thing.__qualname__ = module.__name__, thing.__name__
        setattr(module, thing.__name__, thing)

    class Tensor:
        def __init__(self, key: str) -> None:
            self.key = key

        def __reduce__(self) -> tuple[Any, ...]:
            return _rebuild_tensor_v2, (_Storage(self.key), 0, (10,), (1,))

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> object:
            if isinstance(obj, _Storage):
                return "storage", FloatStorage, obj.key, "cuda:1", 10
            return None

    sys.modules.update({"torch": torch, "torch._utils": utils})
    try:
        stream = io.BytesIO()
        layers = {"weight": Tensor("0"), "bias": Tensor("1"), "tied": Tensor("0")}
        Pickler(stream, 2).dump({"state": layers, "epoch": 3})
    finally:
        del sys.modules["torch"], sys.modules["torch._utils"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"{folder}/data.pkl", stream.getvalue())
        file.writestr(f"{folder}/byteorder", "little")
        file.writestr(f"{folder}/data/0", bytes(40_000))
        file.writestr(f"{folder}/data/1", bytes(4_000))
        file.writestr(f"{folder}/version", "3\n")
    return archive.getvalue()


def test_what_torch_saves_is_read_without_torch() -> None:
    container = open_container(torch_archive())

    inspection = inspected(container)
    assert "torch" not in sys.modules
    assert container.kind == "torch.save archive"
    assert paths_of(container, "_rebuild_tensor_v2")[0] == "obj['state']['weight']"
    sizes = {size.path: size.bytes for size in inspection.filled_by}
    assert sizes["obj['state']['weight']"] == pytest.approx(40_000, abs=200)
    assert sizes["obj['state']['bias']"] == pytest.approx(4_000, abs=200)
    assert "obj['state']['tied']" not in sizes
    assert inspection.bound_to["device"] == "cuda:1"


def test_pickles_in_any_archive_are_found() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("deep/one.pkl", PAYLOAD)
        file.writestr("notes.txt", "nothing")

    container = open_container(archive.getvalue())

    assert container.kind == "zip archive"
    assert paths_of(container, "Counter") == ("obj['deep/one.pkl']['c']",)


def test_numpy_files_hold_pickles_where_they_hold_objects(tmp_path: Path) -> None:
    objects = np.array([collections.Counter(), 1], dtype=object)
    np.savez(tmp_path / "a.npz", numbers=np.arange(5), objects=objects)
    np.save(tmp_path / "b.npy", objects)
    np.save(tmp_path / "c.npy", np.arange(5))

    both = open_container((tmp_path / "a.npz").read_bytes())
    alone = open_container((tmp_path / "b.npy").read_bytes())
    numbers = open_container((tmp_path / "c.npy").read_bytes())

    assert (both.kind, paths_of(both, "Counter")) == ("NumPy archive", ("obj['objects'][0]",))
    assert (alone.kind, paths_of(alone, "Counter")) == ("NumPy file", ("obj[0]",))
    assert numbers.streams == ()


NUMBERS = np.arange(100.0)


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(b"", "empty file", id="empty"),
        pytest.param(saved(NUMBERS), "NumPy file", id="numpy"),
        pytest.param(gzip.compress(saved(NUMBERS)), "NumPy file", id="numpy in gzip"),
        pytest.param(old_joblib(saved(NUMBERS)), "NumPy file", id="numpy in zlib"),
        # The first bytes of what h5py 3.14, pyarrow 21, safetensors 0.6 and onnx 1.19 wrote.
        pytest.param(b"\x89HDF\r\n\x1a\n\0\0\0", "HDF5 file", id="hdf5"),
        pytest.param(b"PAR1\x15\x04\x15\x80}\x15\n.", "Parquet file", id="parquet"),
        pytest.param(b"ARROW1\0\0\xff\xff\xff\xffp\0", "Feather file", id="feather"),
        pytest.param(b"\xff\xff\xff\xffp\0\0\0\x10\0", "Arrow stream", id="arrow"),
        pytest.param(b'@\0\0\0\0\0\0\0{"a":{"dtype":"F64"', "safetensors file", id="safetensors"),
        pytest.param(b"\x08\x0e:3\n\x0c\n\x01x\x12\x01y", "ONNX model", id="onnx"),
        pytest.param(b"SQLite format 3\0\x10", "SQLite database", id="sqlite"),
        pytest.param(tarred(), "tar archive", id="tar"),
        pytest.param(b'{"a": [1, 2.5, null]}', "JSON text", id="json"),
        pytest.param(b"hello world\n", "text", id="text"),
        pytest.param(b"cat\ndog\nbird\n", "text", id="text like a global"),
        pytest.param("a,b\n1,größe\n".encode(), "text", id="table"),
        pytest.param(NUMBERS.tobytes(), "data of a format that is not known here", id="numbers"),
        pytest.param(
            zlib.compress(NUMBERS.tobytes()),
            "data of a format that is not known here",
            id="numbers in zlib",
        ),
    ],
)
def test_what_is_no_pickle_is_told_as_what_it_is(data: bytes, kind: str) -> None:
    container = open_container(data)

    assert (container.kind, container.streams) == (kind, ())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pickle.dumps({"a": [1, "x"]}, 0)[:-8], id="protocol 0"),
        pytest.param(pickle.dumps({"a": [1, "x"] * 9}, 1)[:-8], id="protocol 1"),
        pytest.param(PAYLOAD[:40], id="protocol 4"),
        pytest.param(PAYLOAD[:2], id="two bytes"),
    ],
)
def test_what_begins_as_a_pickle_is_a_damaged_one(data: bytes) -> None:
    container = open_container(data)

    assert container.kind == "pickle"
    assert inspected(container).damaged is not None


@pytest.mark.parametrize("protocol", [0, 1, 2])
@pytest.mark.parametrize("value", [None, 1, "x", (), {}, [1.5], {"a": Model(1)}])
def test_old_protocols_are_known_whatever_they_hold(value: object, protocol: int) -> None:
    container = open_container(pickle.dumps(value, protocol))

    assert container.kind == "pickle"
    assert inspected(container).damaged is None


@pytest.mark.parametrize("protocol", [2, 4])
def test_packages_that_modulepickle_sends_are_listed(protocol: int) -> None:
    """Its format: a call of `import_compressed` with a name and an instance that holds a tar."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name in ("lab/__init__.py", "lab/core.py"):
            entry = tarfile.TarInfo(name)
            archive.addfile(entry, io.BytesIO())
    module = types.ModuleType("modulepickle")

    class Package:
        def __init__(self, compressed: bytes) -> None:
            self.compressed = compressed

    def import_compressed(name: str, package: Package) -> None: ...

    for thing in (Package, import_compressed):
        thing.__module__, thing.__qualname__ = "modulepickle", thing.__name__
        setattr(module, thing.__name__, thing)

    class Sent:
        def __reduce__(self) -> tuple[Any, ...]:
            return import_compressed, ("lab.core", Package(tar.getvalue()))

    sys.modules["modulepickle"] = module
    try:
        payload = pickle.dumps({"module": Sent()}, protocol)
    finally:
        del sys.modules["modulepickle"]

    (package,) = inspected(open_container(payload)).packages

    assert (package.name, package.path) == ("lab.core", "obj['module']")
    assert package.files == ("lab/__init__.py", "lab/core.py")
    assert package.bytes == len(tar.getvalue())


def test_a_real_payload_of_modulepickle_is_read() -> None:
    """d1: the package travels, and its files are told."""
    found = inspected(open_container(PACKAGE))

    assert {package.name: package.path for package in found.packages} == {
        "lab": "obj['use'].__globals__['lab']",
        "lab.core": "obj['module']",
    }
    assert found.packages[0].files == ("lab/__init__.py", "lab/core.py")
    assert [(code.kind, code.name, code.path) for code in found.code] == [
        ("function", "use", "obj['use']")
    ]
    assert {"modulepickle"} <= {reference.module for reference in found.references}


def test_a_deferred_import_that_modulepickle_left_behind_is_told() -> None:
    """d3: nothing is shipped for it, and the call fails there."""
    found = inspected(open_container(LATER))

    assert found.packages == ()
    (code,) = found.code
    assert (code.name, code.path, code.imports) == ("later", "obj", ("lab.core",))
