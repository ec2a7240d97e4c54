"""Read requirement lines and the files they name: what is installed, and the key's text."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pytest_portable.environment.lines import (
    EXPORTED_LOCKS,
    Line,
    LineError,
    archive_name,
    direct_reference,
    parse_line,
)
from pytest_portable.environment.lock_export import exported_lines
from pytest_portable.environment.probing import Interpreter
from pytest_portable.environment.sources import (
    group_lines,
    read_text,
    read_toml,
    script_lines,
    unknown_extra,
)
from pytest_portable.errors import SetupError
from pytest_portable.report.redaction import redact

__all__ = [
    "Declared",
    "ProjectPath",
    "canonical_digest",
    "file_digest",
    "read_requirements",
    "runtime_pins",
]

_MAX_DEPTH = 20
# Of one file: what is no requirements file has a mistake in every line.
_MAX_MISTAKES = 3
_EDITABLE = re.compile(r"^\s*(?:-e|--editable)(?:\s*=\s*|\s+)")
_LOCAL = re.compile(r"file:|(?![a-z][\w+.-]*:)", re.IGNORECASE)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")


@dataclass(frozen=True)
class ProjectPath:
    """A source tree to build a wheel from.

    Attributes:
        path: its folder, absolute.
        extras: as written between the brackets, empty for none.
        marker: environment marker, empty for none.
        text: the line that named it.
    """

    path: Path
    extras: str = ""
    marker: str = ""
    text: str = ""


@dataclass
class Declared:
    """The content of a list of requirement lines, with files, groups and scripts read.

    Attributes:
        lines: for the installer, paths absolute, credentials in place: never to be shown.
        options: index options of requirements files, in order.
        constraints: lines that constrain versions and install nothing.
        projects: source trees, to be installed as wheels.
        locks: lock files, to be installed as they are.
        names: canonical names of the distributions that are asked for on this interpreter.
        identity: canonical text of everything above, credentials cut, contents hashed; sorted.
        shown: the lines as they were asked for, credentials cut.
    """

    lines: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    projects: list[ProjectPath] = field(default_factory=list)
    locks: list[Path] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    identity: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be installed."""
        return not (self.lines or self.projects or self.locks)

    @property
    def is_hashed(self) -> bool:
        """Whether a line has hashes; installers then want them for every line."""
        required = any(option.startswith("--require-hashes") for option in self.options)
        return required or any("--hash" in line for line in self.lines)

    @property
    def is_pinned(self) -> bool:
        """Whether hashes or a lock decide every version, so that nothing can change."""
        return not self.projects and (self.is_hashed or not self.lines)


def read_requirements(
    lines: Iterable[str],
    root: Path,
    interpreter: Interpreter,
    *,
    constraint_files: tuple[Path, ...] = (),
) -> Declared:
    """Read requirement lines and everything they name.

    Args:
        lines: as in a requirements file.
        root: where relative paths start, in nested files too, as with pip run from there.
        interpreter: the target; decides which markers hold.
        constraint_files: files of constraints besides those the lines name.

    Returns:
        What is to be installed, and its canonical text.

    Raises:
        SetupError: a line does not parse, or a file, group or tree is missing; names all mistakes.
    """
    reader = _Reader(root, interpreter.facts["marker"])
    reader.read(lines, "deps", constraining=False)
    for path in constraint_files:
        reader.read([f"-c {path}"], "portable_constraint", constraining=False)
    if reader.mistakes:
        raise SetupError("\n".join(dict.fromkeys(reader.mistakes)))
    declared = reader.declared
    # The order of options may decide which index wins; that of requirements decides nothing.
    identity = [*sorted(set(declared.identity)), *map(redact, declared.options)]
    return replace(declared, identity=identity)


class _Reader:
    """Collects one declaration; files that lines name are read at once."""

    def __init__(self, root: Path, marker_environment: Mapping[str, str]) -> None:
        self.declared = Declared()
        self.mistakes: list[str] = []
        self._root = root
        self._marker_environment = dict(marker_environment, extra="")
        self._files: list[Path] = []

    def read(self, lines: Iterable[str], source: str, *, constraining: bool) -> None:
        for text in lines:
            try:
                # Other tools read the file too and may need `-e`; here it is a wheel anyway.
                line = _parse(text if source == "deps" else _EDITABLE.sub("", text))
                self._add(line, constraining=constraining)
            except (LineError, SetupError, InvalidMarker) as error:  # noqa: PERF203 - all mistakes at once
                where = "" if source == "deps" else f" (in {source})"
                self.mistakes.append(f"{redact(str(error))}{where}")
            else:
                if source == "deps" and line.kind != "blank":
                    self.declared.shown.append(redact(line.text))

    def _add(self, line: Line, *, constraining: bool) -> None:
        match line.kind:
            case "blank":
                pass
            case "option":
                self.declared.options.append(self._anchored(line))
            case "file" | "constraint":
                self._follow(line, constraining=constraining or line.kind == "constraint")
            case "group":
                nested = group_lines(self._root, line.value)
                self.read(nested, line.text, constraining=constraining)
            case "script":
                nested = script_lines(self._root / line.value, line.text)
                self.read(nested, line.text, constraining=constraining)
            case "lock":
                self._add_lock(line)
            case "project":
                self._add_project(line)
            case _:
                self._add_requirement(line, constraining=constraining)

    def _follow(self, line: Line, *, constraining: bool) -> None:
        if "://" in line.value:
            # Left to the installer, which has the network and the user's credentials.
            lines = self.declared.options if constraining else self.declared.lines
            lines.append(f"{'-c' if constraining else '-r'} {line.value}")
            self.declared.identity.append(redact(lines[-1]))
            return
        # As in pip, a nested file is relative to the file that names it.
        base = self._files[-1].parent if self._files else self._root
        path = (base / Path(line.value).expanduser()).resolve()
        if path in self._files or len(self._files) > _MAX_DEPTH:
            raise SetupError(f"{line.text!r}: {path} includes itself")
        content = read_text(path, line.text)
        self._files.append(path)
        begin = len(self.mistakes)
        try:
            self.read(_joined(content), str(path), constraining=constraining)
        finally:
            self._files.pop()
        if more := self.mistakes[begin + _MAX_MISTAKES :]:
            self.mistakes[begin + _MAX_MISTAKES :] = [f"and {len(more)} more mistakes in {path}"]

    def _anchored(self, line: Line) -> str:
        """Make the folder of `--find-links` absolute: installers do not run where we do."""
        name = line.text.removesuffix(line.value).rstrip(" =")
        if name not in {"-f", "--find-links"} or "://" in line.value:
            return line.text
        # As in pip: relative to the file that has the option, else to where pip would be run.
        bases = [*(path.parent for path in self._files[-1:]), self._root]
        places = [base / Path(line.value).expanduser() for base in bases]
        return f"{name} {next((each for each in places if each.exists()), places[-1])}"

    def _add_lock(self, line: Line) -> None:
        path = (self._root / Path(line.value).expanduser()).resolve()
        if path.name in EXPORTED_LOCKS:
            read_text(path, line.text)  # whether it is there
            exported = exported_lines(path, line.extras, line.group, file_digest(path))
            self._files.append(path)
            self.read(exported, line.text, constraining=False)
            self._files.pop()
            return
        if line.extras or line.group:
            raise SetupError(
                f"{line.text!r}: the installer takes {path.name} as it is; export it with its "
                "extras and groups"
            )
        packages = read_toml(path, line.text).get("packages", [])
        self.declared.locks.append(path)
        self.declared.names.update(canonicalize_name(str(each.get("name"))) for each in packages)
        self.declared.identity.append(f"lock {file_digest(path)}")

    def _add_project(self, line: Line) -> None:
        path = (self._root / Path(line.value).expanduser()).resolve()
        if not path.is_dir():
            raise SetupError(f"{line.text!r}: there is no folder {path}")
        if not any((path / name).is_file() for name in ("pyproject.toml", "setup.py")):
            raise SetupError(f"{line.text!r}: {path} has no pyproject.toml")
        if not self._holds(line.marker):
            return
        if mistake := unknown_extra(path, line.extras):
            raise SetupError(f"{line.text!r}: {mistake}")
        self.declared.projects.append(ProjectPath(path, line.extras, line.marker, line.text))
        if (path / "pyproject.toml").is_file():
            table = read_toml(path / "pyproject.toml", line.text).get("project", {})
            self.declared.names.add(canonicalize_name(str(table.get("name", ""))))

    def _add_requirement(self, line: Line, *, constraining: bool) -> None:
        text, identity, name = line.text, redact(line.text), ""
        if line.kind == "requirement":
            requirement = _requirement(line.value)
            if requirement.url and _LOCAL.match(requirement.url):
                # A path behind a name is a path too: its content counts.
                self._add(_path_line(requirement, line), constraining=constraining)
                return
            identity = " ".join([_canonical(requirement), *sorted(line.hashes)])
            holds = requirement.marker is None or requirement.marker.evaluate(
                self._marker_environment
            )
            name = str(canonicalize_name(requirement.name)) if holds else ""
        elif line.kind == "url":
            egg = _EGG.search(line.value)
            name = canonicalize_name(egg[1]) if egg and self._holds(line.marker) else ""
        elif line.kind == "archive":
            path = (self._root / Path(line.value).expanduser()).resolve()
            if not path.is_file():
                raise SetupError(f"{line.text!r}: there is no file {path}")
            text = direct_reference(archive_name(path), line.extras, path.as_uri(), line.marker)
            identity = f"archive {path.name}[{line.extras}] {line.marker} {file_digest(path)}"
            name = archive_name(path) if self._holds(line.marker) else ""
        if constraining:
            self.declared.constraints.append(text)
            self.declared.identity.append(f"-c {identity}")
            return
        self.declared.lines.append(text)
        self.declared.identity.append(identity)
        self.declared.names.update({name} - {""})

    def _holds(self, marker: str) -> bool:
        return not marker or Marker(marker).evaluate(self._marker_environment)


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> Line:
    return parse_line(text)


def _path_line(requirement: Requirement, line: Line) -> Line:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    url = str(requirement.url)
    path = url if url.startswith(("file:///", "/")) else f"./{url.removeprefix('file:')}"
    return replace(_parse(f"{path}{extras}{marker}"), text=line.text)


@functools.lru_cache(maxsize=4096)
def _requirement(text: str) -> Requirement:
    return Requirement(text)


def _joined(content: str) -> list[str]:
    """Join continued lines; as in pip, a comment line does not end a continuation."""
    return content.replace("\\\r\n", " ").replace("\\\n", " ").splitlines()


def _canonical(requirement: Requirement) -> str:
    """Return a requirement as text, the same for equal ones; credentials are cut."""
    extras = ",".join(sorted(map(str, map(canonicalize_name, requirement.extras))))
    specifiers = ",".join(sorted(map(str, requirement.specifier)))
    url = f" @ {redact(requirement.url)}" if requirement.url else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{canonicalize_name(requirement.name)}[{extras}]{specifiers}{url}{marker}"


def runtime_pins(runtime: Iterable[str], declared: Declared) -> tuple[str, ...]:
    """Return the serializer's requirements that the declaration does not name itself."""
    return tuple(
        line for line in runtime if canonicalize_name(Requirement(line).name) not in declared.names
    )


def file_digest(path: Path) -> str:
    """Hash a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def canonical_digest(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Hash a JSON value independently of the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
