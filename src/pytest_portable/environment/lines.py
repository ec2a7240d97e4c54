"""Parse one requirement line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pytest_portable.report.redaction import redact

__all__ = [
    "EXPORTED_LOCKS",
    "Kind",
    "Line",
    "LineError",
    "archive_name",
    "direct_reference",
    "parse_line",
    "validate_requirement",
]

Kind = Literal[
    "archive",
    "blank",
    "constraint",
    "file",
    "group",
    "lock",
    "option",
    "project",
    "requirement",
    "script",
    "url",
]

ARCHIVE_SUFFIXES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")
# Options about where distributions come from; other options would change what is installed
# without a requirement line that shows it (`-e`), or make no sense per line.
_SOURCE_OPTIONS = frozenset(
    {
        *("-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links"),
        *("--no-binary", "--only-binary", "--prefer-binary", "--pre", "--require-hashes"),
        *("--trusted-host", "--use-feature"),
    }
)
_COMMENT = re.compile(r"(?:^|\s)#")
_OPTION = re.compile(r"(?P<name>--?[A-Za-z][\w-]*)(?![\w-])(?:\s*=)?\s*(?P<value>(?:\S.*)?)")
_INCLUDE = re.compile(r"(?P<name>--requirement|--constraint|-r|-c)(?:\s*=)?\s*(?P<value>(?:\S.*)?)")
# Lock files of tools, which those tools write as requirement lines.
EXPORTED_LOCKS = frozenset({"uv.lock", "poetry.lock", "pdm.lock"})
_LOCK_FILE = re.compile(r"[^\[\]#]+")
_LOCK_GROUP = re.compile(r"[\w.-]+")
_LOCK = re.compile(r"pylock(?:\.[^./\\]+)?\.toml")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|file:", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class LineError(ValueError):
    """A requirement line is none of the known forms; the text says which part is wrong."""


@dataclass(frozen=True)
class Line:
    """One requirement line, parsed.

    Attributes:
        kind: its form.
        text: the line without comment.
        value: file name, path, URL, group name, or the PEP 508 part of a requirement.
        extras: extras of a path, as written between the brackets.
        marker: environment marker of a path or URL, empty for none.
        hashes: `--hash=...` options of a requirement.
        group: dependency group of a lock file.
    """

    kind: Kind
    text: str
    value: str = ""
    extras: str = ""
    marker: str = ""
    hashes: tuple[str, ...] = ()
    group: str = ""

    @property
    def requirement(self) -> Requirement:
        """The PEP 508 requirement of a `requirement` line."""
        return Requirement(self.value)


def validate_requirement(line: str) -> str | None:
    """Return what is wrong with a requirement line; no file is opened.

    Args:
        line: one line of `deps`.

    Returns:
        A one-line message without credentials, or `None` when the line can be tried.
    """
    try:
        parse_line(line)
    except LineError as error:
        return str(error)
    return None


def parse_line(line: str) -> Line:  # noqa: PLR0911 - one return per form of a line
    """Parse one requirement line.

    Raises:
        LineError: the line has no known form.

    Source:
        pip documentation, "Requirements file format"; PEP 508; PEP 735; PEP 723; PEP 751.
    """
    text = _without_comment(line)
    if not text:
        return Line("blank", "")
    if text.startswith("-"):
        return _parse_option(text)
    if text.startswith(("group:", "script:")):
        return _parse_named(text)
    if text.startswith("lock:"):
        return _parse_lock(text, text.removeprefix("lock:").strip())
    name, hashes = _split_hashes(text)
    if _is_lock(name.partition("[")[0].partition("#")[0]):
        return _parse_lock(text, name)
    if _ADDRESS.match(name):
        return _parse_url(text, name, hashes)
    if _is_path(name):
        return _parse_path(text, name, hashes)
    return _parse_requirement(text, name, hashes)


def _without_comment(line: str) -> str:
    *above, last = line.rstrip().split("\n")
    return "\n".join([*above, _COMMENT.split(last, maxsplit=1)[0]]).strip()


def _parse_option(text: str) -> Line:
    if include := _INCLUDE.fullmatch(text):
        name, value = include["name"], include["value"].strip()
        if not value:
            raise LineError(f"{text!r} names no file; write '{name} FILE'")
        if name in {"-c", "--constraint"}:
            return Line("constraint", text, value)
        is_lock = _LOCK.fullmatch(re.split(r"[/\\]", value)[-1])
        return Line("lock" if is_lock else "file", text, value)
    option = _OPTION.fullmatch(text)
    name = option["name"] if option else text
    if name in {"-e", "--editable"}:
        raise LineError(
            f"{redact(text)!r} is an editable install, which hides files that are missing from "
            "the wheel; write the path alone"
        )
    if name not in _SOURCE_OPTIONS and name[:2] not in {"-i", "-f"}:
        raise LineError(
            f"option {name!r} in {redact(text)!r} is not supported; valid: -r, -c, "
            + ", ".join(sorted(each for each in _SOURCE_OPTIONS if each.startswith("--")))
        )
    return Line("option", text, option["value"] if option else "")


def _parse_named(text: str) -> Line:
    kind, _, value = text.partition(":")
    value = value.strip()
    if kind == "group":
        if not _NAME.fullmatch(value):
            raise LineError(f"{text!r} names no dependency group; write 'group:NAME'")
        return Line("group", text, value)
    if not value:
        raise LineError(f"{text!r} names no file; write 'script:FILE'")
    return Line("script", text, value)


def _is_lock(name: str) -> bool:
    file = re.split(r"[/\\]", name.strip())[-1]
    return file in EXPORTED_LOCKS or bool(_LOCK.fullmatch(file))


def _parse_lock(text: str, name: str) -> Line:
    head, named, group = name.partition("#group=")
    file, extras = _split_extras(head.rstrip())
    if not _LOCK_FILE.fullmatch(file) or (named and not _LOCK_GROUP.fullmatch(group)):
        raise LineError(
            f"{text!r} names no lock file; write 'lock:FILE', 'lock:FILE[extra]' or "
            "'lock:FILE#group=NAME'"
        )
    return Line("lock", text, file, extras, group=group)


def _split_hashes(text: str) -> tuple[str, tuple[str, ...]]:
    name, *options = re.split(r"\s(?=--)", text)
    hashes = tuple(re.sub(r"^--hash[=\s]\s*", "--hash=", option.strip()) for option in options)
    for each in hashes:
        if not each.startswith("--hash="):
            raise LineError(f"option {each!r} in {redact(text)!r} is not supported; valid: --hash")
    return name.strip(), hashes


def _is_path(name: str) -> bool:
    if re.match(r"[\w.-]+\s*(?:\[[^\[\]]*\]\s*)?@", name):
        return False  # "name @ where", PEP 508
    head = name.partition(";")[0].strip()
    return (
        head.startswith((".", "/", "~", "\\"))
        or bool(_DRIVE.match(head))
        or ("/" in head.partition("[")[0] and "://" not in head)
        or _split_extras(head)[0].endswith(ARCHIVE_SUFFIXES)
    )


def _split_extras(name: str) -> tuple[str, str]:
    """Part a path from the extras in brackets at its end."""
    path, bracket, extras = name.removesuffix("]").rpartition("[")
    if not (name.endswith("]") and bracket) or "]" in extras:
        return name.rstrip(), ""
    return path.rstrip(), extras


def _parse_path(text: str, name: str, hashes: tuple[str, ...]) -> Line:
    head, marker = _split_marker(name)
    path, extras = _split_extras(head)
    kind: Kind = "archive" if path.endswith(ARCHIVE_SUFFIXES) else "project"
    return Line(kind, text, path, extras, marker, hashes)


def _parse_url(text: str, name: str, hashes: tuple[str, ...]) -> Line:
    head, marker = _split_marker(name)
    if head.startswith("file:"):
        path, _, extras = head.partition("[")
        place = unquote(urlsplit(path).path)
        # file:///C:/a; `urllib.request` can do this, but it imports http.client.
        place = place[1:] if re.match(r"/[A-Za-z]:", place) else place
        return _parse_path(text, f"{place}[{extras}" if extras else place, hashes)
    return Line("url", text, head, marker=marker, hashes=hashes)


def _split_marker(name: str) -> tuple[str, str]:
    # A semicolon may be part of a URL; only one after a space begins a marker.
    head, _, marker = name.partition(" ;")
    return head.strip(), marker.strip()


def _parse_requirement(text: str, name: str, hashes: tuple[str, ...]) -> Line:
    try:
        Requirement(name)
    except InvalidRequirement as error:
        why = str(error).splitlines()[0].strip()
        hint = ""
        if re.search(r"[^=<>!~]=[^=]", name):
            hint = "; an exact version is written '=='"
        raise LineError(f"{redact(text)!r} is no requirement: {redact(why)}{hint}") from error
    return Line("requirement", text, name, hashes=hashes)


def archive_name(path: str | Path) -> str:
    """Return the canonical distribution name in a wheel's or sdist's file name, else `""`."""
    name = Path(path).name
    try:
        return str(parse_wheel_filename(name)[0])
    except InvalidWheelFilename:
        stem = re.sub(r"(\.tar\.\w+|\.zip|\.tgz|\.whl)$", "", name)
        return str(canonicalize_name(stem.rpartition("-")[0]))


def direct_reference(name: str, extras: str, url: str, marker: str) -> str:
    """Return a PEP 508 direct reference."""
    bracket = f"[{extras}]" if extras else ""
    condition = f" ; {marker}" if marker else ""
    return f"{name}{bracket} @ {url}{condition}" if name else f"{url}{condition}"
