"""The standard library of another Python, and names that only some systems have."""

from __future__ import annotations

import builtins
import re
from typing import Final

from pytest_portable.diagnosis import stdlib_history
from pytest_portable.diagnosis.causes.wording import add, lacking
from pytest_portable.diagnosis.definitions import differences, facts_here, live
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.known_renames import find_move
from pytest_portable.diagnosis.target_errors import Failure, Lack
from pytest_portable.verdict import Problem, Remedy

__all__ = ["Platform", "StdlibFailure", "StdlibVersion", "bound_to_system"]

# Source: CPython documentation, "Availability" lines and the index of platform-specific modules.
_WINDOWS: Final = frozenset(
    {"nt", "winreg", "_winreg", "_winapi", "msvcrt", "winsound", "_overlapped"}
)
_POSIX: Final = frozenset(
    {
        "posix",
        "fcntl",
        "grp",
        "pwd",
        "resource",
        "termios",
        "tty",
        "pty",
        "syslog",
        "_posixsubprocess",
    }
)
_SYSTEM_NAMES: Final = {
    ("pathlib", "WindowsPath"): "Windows",
    ("pathlib._local", "WindowsPath"): "Windows",
    ("pathlib", "PosixPath"): "POSIX",
    ("pathlib._local", "PosixPath"): "POSIX",
}
_SYSTEM_MODULES: Final = {"asyncio.windows_events": "Windows", "asyncio.unix_events": "POSIX"}
_CANNOT_MAKE: Final = re.compile(r"cannot instantiate '(\w+)' on your system")
_LIBRARY: Final = re.compile(
    r"\.(?:so|dylib|dll)[\w.]{0,40}: (?:cannot open shared object|version [`'])"
    r"|DLL load failed"
)
_DEVICE: Final = re.compile(r"CUDA|cuda device|MPS backend|No (?:GPU|CUDA)", re.IGNORECASE)
_ZONE: Final = re.compile(r"No time zone found with key ([\w/+-]+)")


def bound_to_system(module: str, name: str = "") -> str:
    """Return the only operating system with a module or name; empty for any."""
    if (module, name) in _SYSTEM_NAMES:
        return _SYSTEM_NAMES[module, name]
    if module in _SYSTEM_MODULES:
        return _SYSTEM_MODULES[module]
    top = module.partition(".")[0]
    return "Windows" if top in _WINDOWS else "POSIX" if top in _POSIX else ""


class Platform:
    """Needs an operating system, a device, a library or data that is missing there."""

    code = "platform"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem of a module that only another system has, or nothing."""
        system = bound_to_system(lack.module, lack.name)
        if system:
            message = f"{lack.what} is for {system} only; the target is {evidence.target.platform}"
            return lacking(self.code, lack, message)
        if not evidence.is_stdlib(lack.module) or evidence.there_minor != evidence.maker.minor:
            return None
        if lack.name or lack.importer or lack.top not in evidence.maker.stdlib:
            return None
        if stdlib_history.words_about(lack.module, "", evidence.target.python):
            return None  # another Python made the payload
        return lacking(
            self.code,
            lack,
            f"Python {evidence.target.python} there was built without {lack.module}",
        )

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem of a class that cannot be made on another system, or nothing."""
        words, module, distribution = self._words(failure, evidence)
        if not words:
            return None
        remedies = add(evidence, "tzdata") if distribution == "tzdata" else ()
        if module == "pathlib":
            remedies = (Remedy("send str(path) or a PurePath"),)
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=module,
            distribution=distribution,
            message=words,
            evidence=failure.said,
            remedies=remedies,
        )

    def _words(self, failure: Failure, evidence: Evidence) -> tuple[str, str | None, str | None]:
        target, message = evidence.target.platform, failure.error.message
        if found := _CANNOT_MAKE.search(message):
            return f"pathlib.{found[1]} cannot be made on {target}", "pathlib", None
        if failure.error.type == "ZoneInfoNotFoundError" or _ZONE.search(message):
            zone = _ZONE.search(message)
            what = f"time zone {zone[1]}" if zone else "time zone"
            return (
                f"no data for the {what}: neither the system nor tzdata has any there",
                "zoneinfo",
                "tzdata",
            )
        if found := _LIBRARY.search(message):
            return f"a library of the system is missing there: {failure.summary}", None, None
        frames = failure.frames
        if _DEVICE.search(message) and frames and frames[-1].module.partition(".")[0] == "torch":
            return f"bound to a device that is not there: {failure.summary}", "torch", "torch"
        return "", None, None


class StdlibVersion:
    """A module or name that the target's Python does not have."""

    code = "stdlib-version"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        facts = stdlib_history.words_about(lack.module, lack.name, evidence.target.python)
        known = lack.module == "builtins" or lack.top in evidence.maker.stdlib or bool(facts)
        if not known or evidence.owner(lack.module) is not None:
            return None
        move = find_move(lack.module, lack.name)
        told = facts or (move.words if move else "")
        owner = evidence.there(lack.importer) if lack.importer else None
        who = f"{owner} imports {lack.what}" if owner else f"{lack.what}"
        return lacking(
            self.code,
            lack,
            f"{who}{': it' if owner else ''} is not in the standard library of Python "
            f"{evidence.target.python}{f' ({told})' if told else ''}",
            distribution=owner.name if owner else None,
            remedies=_other_python(lack.module, lack.name, evidence),
        )


def _other_python(module: str, name: str, evidence: Evidence) -> tuple[Remedy, ...]:
    since, until = stdlib_history.brought_in(module, name), stdlib_history.taken_out(module, name)
    facts = stdlib_history.words_about(module, name, evidence.target.python)
    if facts.startswith("since") and since:
        spec = f">={since[0]}.{since[1]}"
    elif facts.startswith("removed") and until:
        spec = f"<{until[0]}.{until[1]}"
    else:
        return ()
    return (Remedy(f'python="{spec}"', f'python="{spec}"'),)


class StdlibFailure:
    """A class, function or syntax of the standard library that differs between two Pythons."""

    code = "stdlib-version"

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if evidence.there_minor == evidence.maker.minor:
            return None
        found = (
            self._syntax(failure, evidence)
            or self._attribute(failure, evidence)
            or self._made(failure, evidence)
        )
        if found is None:
            return None
        module, name, words = found
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=module,
            message=words,
            evidence=failure.said,
            remedies=_other_python(module, name, evidence),
        )

    def _syntax(self, failure: Failure, evidence: Evidence) -> tuple[str, str, str] | None:
        if "SyntaxError" not in failure.error.bases:
            return None
        blame = evidence.blame
        named = blame.callee[0] if blame.opcode in {"GLOBAL", "STACK_GLOBAL"} else ""
        module = failure.importing or named
        there = f"Python {evidence.target.python}"
        words = f"{module or 'the module'} is written in a syntax that {there} does not read"
        return module, "", words

    def _attribute(self, failure: Failure, evidence: Evidence) -> tuple[str, str, str] | None:
        """Explain an attribute that the class has here and lacks there."""
        about, attribute = failure.error.about, failure.error.name
        if "AttributeError" not in failure.error.bases or not attribute:
            about, attribute = _no_attribute(failure)
        if not about or about[0] == "module" or about[1].partition(".")[0] not in _stdlib(evidence):
            return None
        module, name = about[1], f"{about[2]}.{attribute}"
        if live(module, name) is None and _builtin(module, name) is None:
            return None
        return module, name, _not_there(module, name, evidence)

    def _made(self, failure: Failure, evidence: Evidence) -> tuple[str, str, str] | None:
        """Explain a standard class or function that refused what this Python dumped."""
        if failure.stage != "load" or failure.importing or not evidence.maker.python:
            return None
        blame = evidence.blame
        module, name = blame.callee
        # copyreg.pickle_union: functools.reduce(operator.or_, arguments).
        if name in {"or_", "reduce"} and "or_" in {name, blame.about[1]}:
            return "types", "UnionType", _not_there("types", "UnionType", evidence)
        if module in {"builtins", "_operator", "_functools", "copyreg"} and blame.about[0]:
            module, name = blame.about
        if not name or module.partition(".")[0] not in _stdlib(evidence) or module == "builtins":
            return None
        if evidence.loads_here is False:
            return None
        there = evidence.census.names.get((module, name))
        apart = differences(facts_here(module, name), there, same_python=False)
        detail = f": {apart[0]}" if apart else ""
        return (
            module,
            name,
            (
                f"{module}.{name} of Python {evidence.target.python} refuses what "
                f"{evidence.maker.minor} dumped{detail}: {failure.summary}"
            ),
        )


def _no_attribute(failure: Failure) -> tuple[tuple[str, str, str] | None, str]:
    """Return an attribute's owner from the message, for Pythons before 3.10."""
    found = re.match(
        r"(?:type object )?'([\w.]+)' (?:object )?has no attribute '(\w+)'",
        failure.error.message,
    )
    if not found or "AttributeError" not in failure.error.bases:
        return None, ""
    return ("instance", "builtins", found[1]), found[2]


def _builtin(module: str, name: str) -> object | None:
    kind, _, attribute = name.partition(".")
    owner = getattr(builtins, kind, None) if module == "builtins" else None
    return getattr(owner, attribute, None)


def _stdlib(evidence: Evidence) -> frozenset[str]:
    return evidence.maker.stdlib | {"builtins"}


def _not_there(module: str, name: str, evidence: Evidence) -> str:
    facts = stdlib_history.words_about(module, name, evidence.target.python)
    whole = f"{module}.{name}".removeprefix("builtins.")
    return (
        f"{whole} is not in Python {evidence.target.python}{f' ({facts})' if facts else ''}; "
        f"the object was made by {evidence.maker.minor}"
    )
