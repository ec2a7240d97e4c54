"""Settings of the installers on which an environment depends: variables, files, wheelhouses."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pytest_portable.report.redaction import redact

__all__ = ["index_configuration", "wheelhouse_listing"]

# Caches, time limits of the network and credentials do not change what is installed.
_WITHOUT_EFFECT = (
    *("CACHE", "CERT", "COLOR", "CONCURRENT", "CREDENTIALS", "DISABLE", "INPUT", "KEYRING", "LOCK"),
    *("LOG", "NETRC", "PASSWORD", "PROGRESS", "PROXY", "QUIET", "RETRIES", "SECRET", "TIMEOUT"),
    *("TOKEN", "USERNAME", "VERBOSE", "WARN"),
)


def index_configuration(installer: str, variables: Mapping[str, str], home: Path) -> list[str]:
    """Return the user's settings of an installer as text, credentials cut.

    Args:
        installer: `uv` or `pip`.
        variables: environment variables.
        home: the user's home folder.

    Returns:
        Sorted lines; with equal lines, the same requirements lead to the same environment, unless
        the indexes change.
    """
    prefix = f"{installer.upper()}_"
    named = {
        name: value
        for name, value in variables.items()
        if name.startswith(prefix) and not any(word in name for word in _WITHOUT_EFFECT)
    }
    lines = [f"{name}={redact(value)}" for name, value in named.items()]
    wheelhouses = [
        word
        for name, value in named.items()
        if name.endswith(("FIND_LINKS", "CONSTRAINT"))
        for word in value.split()
    ]
    for path in _files(installer, variables, home):
        try:
            content = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        digest = hashlib.sha256(redact(content).encode()).hexdigest()
        lines.append(f"{path.name} {digest}")
        wheelhouses += _find_links(content)
    return sorted(lines) + sorted({line for place in wheelhouses for line in listing(place)})


def _files(installer: str, variables: Mapping[str, str], home: Path) -> Iterator[Path]:
    config = Path(variables.get("XDG_CONFIG_HOME") or home / ".config")
    name = "uv.toml" if installer == "uv" else "pip.conf"
    if named := variables.get("UV_CONFIG_FILE" if installer == "uv" else "PIP_CONFIG_FILE"):
        yield Path(named)
    yield Path("/etc") / ("uv/uv.toml" if installer == "uv" else "pip.conf")
    yield config / installer / name
    if installer == "pip":
        yield home / ".pip" / name
        yield Path(sys.prefix) / name
        yield home / "Library" / "Application Support" / "pip" / name
    if appdata := variables.get("APPDATA"):
        yield Path(appdata) / installer / name.replace("pip.conf", "pip.ini")


def _find_links(content: str) -> list[str]:
    """Return the wheelhouses in a configuration file, by a rough reading, enough for a key."""
    lines = [line for line in content.splitlines() if line.strip().startswith("find-links")]
    words = [word for line in lines for word in line.partition("=")[2].replace(",", " ").split()]
    return [word.strip("[]\"'") for word in words]


def listing(place: str) -> list[str]:
    """Return a wheelhouse's content as text: installers ignore changes of its files, we do not."""
    path = Path(unquote(urlsplit(place).path) if place.startswith("file:") else place).expanduser()
    try:
        if path.is_file():
            status = path.stat()
            return [f"{path} {status.st_size} {status.st_mtime_ns}"]
        entries = [(entry.name, entry.stat()) for entry in os.scandir(path)]
    except OSError:
        return []
    return [f"{path}/{name} {status.st_size} {status.st_mtime_ns}" for name, status in entries]


def wheelhouse_listing(options: list[str]) -> list[str]:
    """Return the wheelhouses in the options of requirements files, as text."""
    named = [option.replace("=", " ", 1).partition(" ") for option in options]
    places = [place.strip() for name, _, place in named if name in {"-f", "--find-links"}]
    return sorted(line for place in places for line in listing(place))
