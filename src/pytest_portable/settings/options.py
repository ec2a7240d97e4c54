"""Options of the command line and of the ini file, read into `Settings`.

This module is imported at every start of pytest: it imports only what pytest has loaded already,
and uses named tuples, because their classes are made ten times faster than dataclasses.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from pytest_portable.errors import OptionError, near
from pytest_portable.settings.option_table import CODES, OPTIONS, STORE_KEYS, Option

__all__ = [
    "DEFAULT_TIMEOUT_SECONDS",
    "INSTALLERS",
    "OPTIONS",
    "Checks",
    "Option",
    "Settings",
    "read_settings",
    "report_mistake",
    "split_names",
    "split_pythons",
]

DEFAULT_TIMEOUT_SECONDS: Final = 60.0
INSTALLERS: Final = ("auto", "uv", "pip")
REPORTS: Final = (".html", ".json", ".md")
_YES: Final = frozenset({"1", "on", "true", "yes"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})


class Checks(NamedTuple):
    """Functions that find mistakes; the rooms behind them load on demand.

    Attributes:
        python: returns what is wrong with an interpreter spec, or `None`.
        requirement: returns what is wrong with a requirement line, or `None`.
        serializer: returns what is wrong with a serializer's name, or `None`.
        installers: returns the names of installers that conftest files and plugins add.
        place: returns why a requirement line means something of the project and not of an
            index, or `None`.
    """

    python: Callable[[str], str | None]
    requirement: Callable[[str], str | None]
    serializer: Callable[[object], str | None]
    installers: Callable[[], tuple[str, ...]] = tuple
    place: Callable[[str], str | None] = lambda _line: None


_NO_STORE: Final[Mapping[str, object]] = MappingProxyType({})


class Settings(NamedTuple):
    """The effective options. Marks override `default_*`; the others override marks.

    Attributes:
        cache_dir: where environments are kept; `None` is the user's cache.
        ini_dir: folder that relative lines of `default_deps` start from; `None` is the root.
        strict_notes: codes of notes that fail a check; `error` stands for all.
        store: the ini keys about how environments are made, named as in `StoreSettings`.
    """

    root: Path
    ini_dir: Path | None = None
    pythons: tuple[str, ...] = ()
    serializers: tuple[str, ...] = ()
    timeout_seconds: float | None = None
    default_pythons: tuple[str, ...] = ()
    default_serializers: tuple[str, ...] = ()
    default_timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    default_deps: tuple[str, ...] = ()
    constraints: tuple[Path, ...] = ()
    installer: str = "auto"
    offline: bool = False
    refresh: bool = False
    cache_dir: Path | None = None
    skip_missing_python: bool = False
    install_python: bool = False
    suggest: bool = False
    reports: tuple[str, ...] = ()
    strict_notes: tuple[str, ...] = ()
    export_dir: Path | None = None
    verify_dirs: tuple[Path, ...] = ()
    update: bool = False
    store: Mapping[str, object] = _NO_STORE

    def wants_inspections(self) -> bool:
        """Return whether a report shows the objects themselves."""
        return any(name.endswith((".html", ".json")) for name in self.reports)

    def header(self) -> str:
        """Return the line for pytest's report header."""
        pythons = ", ".join(self.pythons or self.default_pythons) or "this one"
        serializers = ", ".join(self.serializers or self.default_serializers) or "pickle"
        cache = self.cache_dir or os.environ.get("PYTEST_PORTABLE_CACHE_DIR") or "default"
        words = [f"python {pythons}", f"serializer {serializers}", f"installer {self.installer}"]
        words += ["offline"] if self.offline else []
        words += ["refresh"] if self.refresh else []
        words += ["missing Pythons skipped"] if self.skip_missing_python else []
        words += ["missing Pythons installed"] if self.install_python else []
        if self.strict_notes:
            which = "" if "error" in self.strict_notes else f" ({', '.join(self.strict_notes)})"
            words.append(f"notes are errors{which}")
        limit = self.timeout_seconds or self.default_timeout_seconds
        words += [f"timeout {limit:g} s"] if limit != DEFAULT_TIMEOUT_SECONDS else []
        return f"portable: {', '.join([*words, f'cache {cache}'])}"


def report_mistake(text: str) -> str | None:
    """Return what is wrong with the name of a report, or nothing."""
    suffix = Path(text).suffix
    if text != "github" and suffix not in REPORTS:
        words = (*REPORTS, "github")
        valid = f"a path ending in {', '.join(REPORTS)}, or github"
        return f"{text!r} is no report{near(suffix or text, words)} (valid: {valid})"
    if suffix == ".html" and find_spec("jinja2") is None:
        return "the HTML page needs Jinja2: install pytest-portable[report]"
    return None


def split_pythons(texts: Iterable[str]) -> tuple[str, ...]:
    """Split specs at commas; a piece that begins like a version bound continues the one before."""
    specs: list[str] = []
    for text in texts:
        first = True
        for piece in (part.strip() for part in text.split(",")):
            if not piece:
                continue
            if not first and piece[0] in "<>=!~":
                specs[-1] += f",{piece}"
            else:
                specs.append(piece)
            first = False
    return tuple(specs)


def split_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Split names at commas."""
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


class _Source:
    """The values of one source (command line or ini), and the mistakes found while reading them."""

    def __init__(
        self, values: Mapping[str, object], folder: Path, checks: Checks, *, command: bool
    ) -> None:
        self.values = values
        self.folder = folder
        self.checks = checks
        self.command = command
        self.mistakes: list[str] = []

    def name(self, key: str) -> str:
        return f"--{key.replace('_', '-')}" if self.command else f"ini {key}"

    def wrong(self, key: str, message: str) -> None:
        self.mistakes.append(f"{self.name(key)}: {message}")

    def given(self, key: str) -> bool:
        return self.values.get(key) not in (None, [], False, "")

    def texts(self, key: str) -> list[str]:
        value = self.values.get(key)
        several = value if isinstance(value, list | tuple) else [] if value is None else [value]
        for element in several:
            if not isinstance(element, str):
                self.wrong(key, f"{element!r} is no text: put it in quotes")
        return [element for element in several if isinstance(element, str)]

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        return None if value is None else str(value).strip()

    def pythons(self) -> tuple[str, ...]:
        key = "portable_python"
        texts = self.texts(key)
        specs = split_pythons(texts)
        if texts and not specs and self.given(key):
            self.wrong(key, "names no Python; valid: '3.11', '>=3.10,<3.13', 'pypy3.10', a path")
        for spec in specs:
            if trouble := self.checks.python(spec):
                self.wrong(key, trouble)
        return tuple(
            str(self.folder / spec) if "/" in spec and not spec.startswith("~") else spec
            for spec in specs
        )

    def serializers(self) -> tuple[str, ...]:
        names = split_names(self.texts("portable_serializer"))
        for name in names:
            if trouble := self.checks.serializer(name):
                self.wrong("portable_serializer", trouble)
        return names

    def deps(self) -> tuple[str, ...]:
        lines = tuple(self.texts("portable_deps"))
        for line in lines:
            if trouble := self.checks.requirement(line) or self.checks.place(line):
                self.wrong("portable_deps", trouble)
        return lines

    def installer(self) -> str | None:
        name = self.text("portable_installer")
        if name is not None and name not in INSTALLERS:
            known = (*INSTALLERS, *self.checks.installers())
            if name not in known:
                valid = ", ".join(known)
                self.wrong(
                    "portable_installer",
                    f"unknown installer {name!r}{near(name, known)} (valid: {valid})",
                )
        return name

    def store(self) -> dict[str, object]:
        texts = {key: text for key in STORE_KEYS if (text := self.text(key)) is not None}
        if not texts:
            return {}
        from pytest_portable.settings.store_options import read_store_options  # noqa: PLC0415 - rarely given

        return read_store_options(texts, self.wrong)

    def flag(self, key: str) -> bool:
        value = (self.text(key) or "").lower()
        if value not in _YES | _NO:
            self.wrong(key, f"{value!r} is neither true nor false{near(value, _YES | _NO)}")
        return value in _YES

    def seconds(self) -> float | None:
        text = self.text("portable_timeout")
        if text is None:
            return None
        try:
            seconds = float(text)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            self.wrong("portable_timeout", f"{text!r} is not a number of seconds above 0")
            return None
        return seconds

    def constraints(self) -> tuple[Path, ...]:
        paths = tuple(
            self.folder / Path(text).expanduser() for text in self.texts("portable_constraint")
        )
        for path in paths:
            if not path.is_file():
                self.wrong("portable_constraint", f"no such file: {path}")
        return paths

    def reports(self) -> tuple[str, ...]:
        key, names = "portable_report", []
        for text in self.texts("portable_report"):
            if mistake := report_mistake(text):
                self.wrong(key, mistake)
            names.append(text if text == "github" else str(self.folder / text))
        return tuple(names)

    def notes(self) -> tuple[str, ...] | None:
        """Return the codes of notes that fail; `None` where nothing is said."""
        key = "portable_notes"
        words = split_names(self.texts(key))
        valid = ("error", "report", *CODES)
        for word in words:
            if word not in valid:
                hint = near(word, valid) or "; valid: error, report, or codes of problems.md"
                self.wrong(key, f"{word!r} is no code of a note{hint}")
        if "report" in words and len(words) > 1:
            self.wrong(key, "report stands alone: it says that no note fails")
        return tuple(word for word in words if word != "report") if words else None

    def folder_of(self, key: str) -> Path | None:
        text = self.text(key)
        return None if text is None else self.folder / Path(text).expanduser()

    def verify(self) -> tuple[Path, ...]:
        paths = tuple(self.folder / text for text in self.texts("portable_verify"))
        for path in paths:
            if not path.is_dir():
                self.wrong("portable_verify", f"no such folder of bundles: {path}")
        return paths

    def cache_dir(self) -> Path | None:
        text = self.text("portable_cache_dir")
        if text is None:
            return None
        path = self.folder / Path(text).expanduser()
        if not text or (path.exists() and not path.is_dir()):
            self.wrong("portable_cache_dir", f"{text!r} is not a folder")
        return path


def read_settings(  # noqa: PLR0913 - two sources, each with its folder
    command: Mapping[str, object],
    ini: Mapping[str, object],
    *,
    root: Path,
    command_dir: Path,
    ini_dir: Path,
    checks: Checks,
) -> Settings:
    """Read both sources; all mistakes are reported at once.

    Args:
        command: parsed arguments by `Option.key`; `None` or empty where not given.
        ini: ini values by `Option.key`, likewise.
        root: the rootdir.
        command_dir: where relative paths of the command line start.
        ini_dir: where relative paths of the ini file start.
        checks: the functions that find mistakes in values.

    Returns:
        The effective options.

    Raises:
        OptionError: with every mistake of both sources.
    """
    upper = _Source(command, command_dir, checks, command=True)
    lower = _Source(ini, ini_dir, checks, command=False)
    ini_seconds = lower.seconds()
    ini_installer, ini_cache = lower.installer(), lower.cache_dir()
    ini_offline = lower.flag("portable_offline")
    ini_skip = lower.flag("portable_skip_missing_python")
    ini_install = lower.flag("portable_install_python")
    ini_suggest = lower.flag("portable_suggest")
    given_notes, ini_notes = upper.notes(), lower.notes()
    settings = Settings(
        root=root,
        ini_dir=ini_dir,
        pythons=upper.pythons(),
        serializers=upper.serializers(),
        timeout_seconds=upper.seconds(),
        default_pythons=lower.pythons(),
        default_serializers=lower.serializers(),
        default_timeout_seconds=DEFAULT_TIMEOUT_SECONDS if ini_seconds is None else ini_seconds,
        default_deps=lower.deps(),
        constraints=upper.constraints() or lower.constraints(),
        installer=upper.installer() or ini_installer or "auto",
        offline=bool(command.get("portable_offline")) or ini_offline,
        refresh=bool(command.get("portable_refresh")),
        cache_dir=upper.cache_dir() or ini_cache,
        reports=upper.reports() or lower.reports(),
        strict_notes=(given_notes if given_notes is not None else ini_notes) or (),
        export_dir=upper.folder_of("portable_export"),
        verify_dirs=upper.verify(),
        update=bool(command.get("portable_update")),
        store=lower.store(),
        skip_missing_python=bool(command.get("portable_skip_missing_python")) or ini_skip,
        install_python=bool(command.get("portable_install_python")) or ini_install,
        suggest=bool(command.get("portable_suggest")) or ini_suggest,
    )
    if mistakes := upper.mistakes + lower.mistakes:
        raise OptionError(mistakes)
    return settings
