"""Wheels made by zipfile alone, and a folder of them that stands in for an index."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Wheelhouse", "make_wheel"]

# Zip files know no earlier time; a fixed one makes equal wheels equal bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def make_wheel(  # noqa: PLR0913 - a wheel has that many parts
    folder: Path,
    name: str,
    version: str = "1.0",
    modules: Mapping[str, str] | None = None,
    *,
    requires: Sequence[str] = (),
    requires_python: str = "",
    extras: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Write a pure wheel in a millisecond, without a build backend.

    Args:
        folder: where it goes.
        name: of the distribution.
        version: of the distribution.
        modules: path inside the wheel -> source; one module named like the distribution and
            holding its version, if `None`.
        requires: requirements of the distribution.
        requires_python: range of Pythons it supports.
        extras: extra -> its requirements.

    Returns:
        The path of the wheel.
    """
    stem = name.replace("-", "_")
    contents = dict(modules or {f"{stem}.py": f"__version__ = {version!r}\n"})
    info = f"{stem}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    metadata += [f"Requires-Python: {requires_python}"] if requires_python else []
    for extra, lines in (extras or {}).items():
        metadata.append(f"Provides-Extra: {extra}")
        metadata += [f'Requires-Dist: {each} ; extra == "{extra}"' for each in lines]
    contents[f"{info}/METADATA"] = "\n".join(metadata) + "\n"
    contents[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in contents.items())
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    wheel = folder / f"{stem}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), text)
    return wheel


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@dataclass(frozen=True)
class Wheelhouse:
    """A folder of wheels that installers use instead of an index."""

    folder: Path

    def add(self, name: str, version: str = "1.0", **parts: object) -> Path:
        """Put one more wheel into it; `parts` as `make_wheel` takes them."""
        return make_wheel(self.folder, name, version, **parts)  # type: ignore[arg-type]

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that make uv and pip use nothing else."""
        return {
            "PIP_FIND_LINKS": str(self.folder),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": "/dev/null",
            "UV_FIND_LINKS": str(self.folder),
            "UV_NO_INDEX": "1",
            "UV_NO_CONFIG": "1",
        }
