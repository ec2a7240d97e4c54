"""Every option of the command line and of the ini file, in one table.

Imported at every start of pytest, like `options`, which reads the values.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CODES", "OPTIONS", "STORE_KEYS", "Option"]

# Ini keys about how environments are made; `store_options` reads them.
STORE_KEYS: Final = ("portable_link_mode", "portable_install_timeout", "portable_cache_ttl")

# The codes of problems and notes, as `--portable-notes` takes them.
CODES: Final = (
    "bytecode-version",
    "call-error",
    "crash",
    "deferred-import",
    "early-exit",
    "environment-dependency",
    "exception-not-portable",
    "forbidden-reference",
    "installed-copy",
    "load-hook",
    "load-warning",
    "main-reference",
    "mismatch",
    "missing-distribution",
    "missing-module",
    "not-compared",
    "platform",
    "protocol-too-new",
    "pytest-leak",
    "recursion",
    "result-not-portable",
    "serializer-missing",
    "serializer-skew",
    "side-effect",
    "stdlib-version",
    "test-module-reference",
    "timeout",
    "too-large",
    "undeclared-import",
    "unserializable",
    "unstable-payload",
    "unwanted-distribution",
    "version-skew",
)


class Option(NamedTuple):
    """One option: `--portable-NAME` and, with underscores, `portable_NAME`.

    Attributes:
        name: the words after `portable`, joined by hyphens.
        kind: `list`, `flag` or `text`.
        help: one line for `--help`.
        metavar: the word for the value in `--help`.
        flag: whether the command line has it.
        ini: whether the ini file has it.
    """

    name: str
    kind: str
    help: str
    metavar: str = ""
    flag: bool = True
    ini: bool = True

    @property
    def flag_name(self) -> str:
        """Return the flag of the command line."""
        return f"--portable-{self.name}"

    @property
    def key(self) -> str:
        """Return the ini key, which is also the name of the parsed argument."""
        return f"portable_{self.name.replace('-', '_')}"


OPTIONS: Final = (
    Option(
        "python",
        "list",
        "check on this Python instead of those of the marks (repeatable, or comma-separated)",
        "SPEC",
    ),
    Option(
        "serializer",
        "list",
        "use this serializer instead of those of the marks (repeatable, or comma-separated)",
        "NAME",
    ),
    Option("constraint", "list", "constraints file for every environment (repeatable)", "FILE"),
    Option("installer", "text", "what builds environments: auto (default), uv or pip", "NAME"),
    Option("offline", "flag", "build environments without the network"),
    Option("refresh", "flag", "build environments anew, even those at hand", ini=False),
    Option("cache-dir", "text", "where environments are kept", "DIR"),
    Option(
        "skip-missing-python",
        "flag",
        "skip where an interpreter is missing (default: an error)",
    ),
    Option(
        "install-python",
        "flag",
        "let uv install a Python that is missing (default: an error)",
    ),
    Option("suggest", "flag", "try remedies in fresh environments before printing them"),
    Option("timeout", "text", "time limit of one check (default: 60)", "SECONDS"),
    Option(
        "report",
        "list",
        "write a report: a path ending in .html, .json or .md, or the word github (repeatable)",
        "PATH",
    ),
    Option(
        "notes",
        "list",
        "notes that fail a check: error (all of them) or codes (repeatable, or comma-separated); "
        "report (default): none",
        "CODES",
    ),
    Option("export", "text", "write a bundle of every check into this folder", "DIR", ini=False),
    Option(
        "verify",
        "list",
        "also load the bundles below this folder: in this environment, or where --portable-python "
        "or the ini key portable_deps say, in the one they give (repeatable)",
        "DIR",
        ini=False,
    ),
    Option("update", "flag", "write golden bundles of objects that changed", ini=False),
    Option("deps", "list", "requirement lines of tests whose marks give no deps", flag=False),
    Option(
        "link-mode",
        "text",
        "how uv puts files into environments: clone, copy, hardlink or symlink (default: uv's)",
        flag=False,
    ),
    Option(
        "install-timeout",
        "text",
        "time limit of one run of the installer (default: 15 min)",
        flag=False,
    ),
    Option(
        "cache-ttl",
        "text",
        "age from which unpinned requirements are resolved again (default: 24 h)",
        flag=False,
    ),
)
