"""What a file is that holds no pickle: known by its bytes, so that a person is told what it is.

Source:
    The formats' own specifications: HDF5 (superblock), Apache Parquet, Arrow and ORC, ONNX (a
    protobuf whose field 1 is a number), safetensors (the length of a JSON header, then it), NumPy
    (`numpy/lib/_format_impl.py`), SQLite ("Database File Format"), GGUF, TensorFlow Lite,
    LightGBM and XGBoost models, PEP 3147 (a compiled module), POSIX tar.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final, NamedTuple

__all__ = ["NUMPY_ARCHIVE", "NUMPY_FILE", "UNKNOWN", "FileFormat", "format_of"]

_TEXT_BYTES: Final = 4096
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_ONNX: Final = re.compile(rb"\x08[\x01-\x7f][\x12\x1a\x3a]")
_TAR_MAGIC: Final = slice(257, 262)
_MAX_HEADER_BYTES: Final = 100_000_000  # of safetensors, which allows no longer one


class FileFormat(NamedTuple):
    """What a file is.

    Attributes:
        name: with its article, for a sentence.
        reader: what reads it; empty where that is not for us to say.
        is_signed: whether it begins with a sign of its own, as no pickle does.
    """

    name: str
    reader: str = ""
    is_signed: bool = False

    @property
    def kind(self) -> str:
        """The name without its article."""
        return re.sub(r"^an? ", "", self.name)


UNKNOWN: Final = FileFormat("data of a format that is not known here")
NUMPY_FILE: Final = FileFormat("a NumPy file", "numpy.load")
NUMPY_ARCHIVE: Final = FileFormat("a NumPy archive", "numpy.load")


def format_of(data: bytes) -> FileFormat:
    """Return what a file without pickles is; `UNKNOWN` where its bytes do not say.

    Args:
        data: the file, unpacked.
    """
    if not data:
        return FileFormat("an empty file")
    for found, signs in _SIGNS:
        if data.startswith(signs):
            return found._replace(is_signed=True)
    return next((found for found, fits in _SHAPES if fits(data)), UNKNOWN)


_SIGNS: Final[tuple[tuple[FileFormat, tuple[bytes, ...]], ...]] = (
    (NUMPY_FILE, (b"\x93NUMPY",)),
    (FileFormat("an HDF5 file", "h5py, or what wrote it"), (b"\x89HDF\r\n\x1a\n",)),
    (FileFormat("a Parquet file", "pandas.read_parquet or pyarrow.parquet"), (b"PAR1",)),
    (FileFormat("a Feather file", "pandas.read_feather"), (b"ARROW1", b"FEA1")),
    (FileFormat("an Arrow stream", "pyarrow.ipc.open_stream"), (b"\xff\xff\xff\xff",)),
    (FileFormat("an ORC file", "pandas.read_orc"), (b"ORC",)),
    (FileFormat("an Avro file"), (b"Obj\x01",)),
    (FileFormat("an SQLite database", "sqlite3"), (b"SQLite format 3\0",)),
    (FileFormat("a GGUF model"), (b"GGUF",)),
    (FileFormat("a CatBoost model", "catboost"), (b"CBM1",)),
    (FileFormat("a LightGBM model", "lightgbm.Booster(model_file=...)"), (b"tree\n",)),
    (
        FileFormat("an XGBoost model", "xgboost.Booster"),
        (b"binf", b"{L\x00\x00\x00\x00\x00\x00\x00"),
    ),
    (FileFormat("a netCDF file"), (b"CDF\x01", b"CDF\x02", b"CDF\x05")),
    (FileFormat("a MATLAB file", "scipy.io.loadmat"), (b"MATLAB 5.0",)),
    (FileFormat("an R data file"), (b"RDX2\n", b"RDX3\n")),
    (FileFormat("a zip archive", "zipfile"), (b"PK\x03\x04", b"PK\x05\x06")),
    (FileFormat("a 7z archive"), (b"7z\xbc\xaf\x27\x1c",)),
    (FileFormat("data packed with zstd"), (b"\x28\xb5\x2f\xfd",)),
    (FileFormat("a PNG image"), (b"\x89PNG\r\n\x1a\n",)),
    (FileFormat("a JPEG image"), (b"\xff\xd8\xff",)),
    (FileFormat("a GIF image"), (b"GIF87a", b"GIF89a")),
    (FileFormat("a PDF document"), (b"%PDF-",)),
    (FileFormat("a program or a shared library"), (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe")),
)


def _is_tar(data: bytes) -> bool:
    return data[_TAR_MAGIC] == b"ustar"


def _is_compiled(data: bytes) -> bool:
    # A number of Python's version, then an end of line that text transfer would break.
    return data[2:4] == b"\r\n" and len(data) > 16 and data[1] in {0x0C, 0x0D, 0x0E}  # noqa: PLR2004


def _is_safetensors(data: bytes) -> bool:
    length = int.from_bytes(data[:8], "little")
    return 1 < length < _MAX_HEADER_BYTES and data[8:10] == b'{"'


def _is_onnx(data: bytes) -> bool:
    # Field 1 is `ir_version`, a small number; the others follow in order: a name, or the graph.
    return bool(_ONNX.match(data))


def _is_tflite(data: bytes) -> bool:
    return data[4:8] == b"TFL3"


def _is_json(data: bytes) -> bool:
    if not data.lstrip().startswith((b"{", b"[")):
        return False
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def _is_markup(data: bytes) -> bool:
    return data.lstrip()[:5].lower() in {b"<?xml", b"<html", b"<!doc"}


def _is_text(data: bytes) -> bool:
    head = data[:_TEXT_BYTES]
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character may be cut at the end
            return False
    return not _CONTROL.search(head)


_SHAPES: Final[tuple[tuple[FileFormat, Callable[[bytes], bool]], ...]] = (
    (FileFormat("a tar archive", "tarfile"), _is_tar),
    (FileFormat("a compiled Python module"), _is_compiled),
    (FileFormat("a safetensors file", "safetensors"), _is_safetensors),
    (FileFormat("a TensorFlow Lite model"), _is_tflite),
    (FileFormat("an ONNX model", "onnx or onnxruntime"), _is_onnx),
    (FileFormat("JSON text", "json"), _is_json),
    (FileFormat("a markup document"), _is_markup),
    (FileFormat("text"), _is_text),
)
