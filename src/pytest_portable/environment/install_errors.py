"""Explain an installer's failure to the person who declared the requirements."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_portable.environment.build_plan import BuildPlan
from pytest_portable.environment.processes import Completed
from pytest_portable.errors import InstallError

__all__ = ["backtracked", "build_error", "install_error", "is_network_trouble", "last_words"]

_LAST_LINES = 15
_FIRST_LINES = 4
_MOST_TRIED = 5
# Lines without news: what uv prints with -v, and what pip prints before it starts.
_CHATTER = re.compile(r"(?:DEBUG|TRACE|INFO|WARN) |Using Python |Looking in |Using cached ")
_TRIED = re.compile(r"Selecting: (?P<name>[\w.-]+)==(?P<version>\S+)")
_LOOKING = re.compile(r"pip is looking at multiple versions of (?P<name>[\w.-]+)")
_NETWORK = re.compile(
    r"dns error|failed to fetch|connection (?:refused|error|reset)|name resolution|"
    r"connect timeout|read timed out|newconnectionerror|operation timed out",
    re.IGNORECASE,
)
_LINE_LENGTH = 300
_REMEDIES = (
    (
        re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE),
        "make room (pytest-portable envs prune), or keep them elsewhere (--portable-cache-dir)",
    ),
    (
        re.compile(r"network was disabled|--offline|--no-index", re.IGNORECASE),
        "prepare it once with the index in reach, or put the wheels into a wheelhouse",
    ),
    (
        _NETWORK,
        "check the address of the index, the proxy and the network",
    ),
    (
        re.compile(r"401|403|unauthorized|forbidden", re.IGNORECASE),
        "check the credentials of the index",
    ),
    (
        re.compile(r"no solution found|resolutionimpossible|conflict", re.IGNORECASE),
        "change the requirement lines so that they agree, or choose another Python",
    ),
    (
        re.compile(
            r"no matching distribution|not found in the (?:package registry|cache|provided)",
            re.IGNORECASE,
        ),
        "check the name and the version, and whether this Python is supported",
    ),
    (
        re.compile(r"failed to build|metadata-generation-failed|subprocess-exited", re.IGNORECASE),
        "make the build work first",
    ),
)


def install_error(plan: BuildPlan, done: Completed, log: Path) -> InstallError:
    """Return the error of a failed installation.

    Args:
        plan: what was asked for.
        done: how the installer ended.
        log: where its whole output is.

    Returns:
        The error to raise: the lines asked for, the installer's last words, what to change.
    """
    name = plan.installer.name
    words = last_words(done.output)
    asked = "\n".join(f"    {line}" for line in plan.shown)
    said = "\n".join(f"    {line}" for line in words.splitlines())
    if done.timed_out:
        headline = f"{name} was stopped after {plan.settings.install_timeout_seconds:.0f} s"
        tried = backtracked(done.output)
        headline += f", going back over versions of {', '.join(tried)}" if tried else ""
        remedy = "narrow the requirement lines, or raise portable_install_timeout"
    else:
        headline = f"{name} failed (exit status {done.status})"
        remedy = _remedy(done.output)
    message = (
        f"cannot install the requirements for {plan.interpreter}: {headline}\n"
        f"  asked for:\n{asked}\n"
        f"  {name} said:\n{said or '    nothing'}\n"
        f"  whole output: {log}\n"
        f"  to do: {remedy}"
    )
    return InstallError(message, plan.shown, words, log)


def build_error(plan: BuildPlan, done: Completed, project: Path) -> InstallError:
    """Return the error of a local project that does not build, with the build's own output."""
    words = last_words(done.output)
    said = "\n".join(f"    {line}" for line in words.splitlines())
    message = (
        f"{project} does not build (exit status {done.status}); {plan.installer.name} said:\n"
        f"{said or '    nothing'}"
    )
    return InstallError(message, plan.shown, words)


def last_words(output: str) -> str:
    """Return the last lines of an installer's output that carry information."""
    said = _spoken(output)
    # A resolver's explanation starts here, and may be long; a build's error is at the end.
    start = next((at for at, line in enumerate(said) if _is_conflict(line)), None)
    said = said[-_LAST_LINES:] if start is None else said[start:]
    if len(said) > _LAST_LINES:
        said = [*said[:_FIRST_LINES], "...", *said[_FIRST_LINES - _LAST_LINES + 1 :]]
    return "\n".join(map(_shortened, said))


def _is_conflict(line: str) -> bool:
    """Tell whether a resolver begins to explain: uv's words, or pip's."""
    words = line.lower()
    wanted = words.partition("cannot install ")[2]
    return "no solution found" in words or " because" in wanted


def _spoken(output: str) -> list[str]:
    lines = (line.rstrip() for line in output.splitlines())
    return [line for line in lines if line and not _CHATTER.match(line)]


def backtracked(output: str) -> list[str]:
    """Return the distributions of which an installer tried several versions, most tried first."""
    versions: dict[str, set[str]] = {}
    for found in _TRIED.finditer(output):
        versions.setdefault(found["name"], set()).add(found["version"])
    for found in _LOOKING.finditer(output):
        versions.setdefault(found["name"], set()).update({"one", "another"})
    names = [name for name, tried in versions.items() if len(tried) > 1]
    return sorted(names, key=lambda name: -len(versions[name]))[:_MOST_TRIED]


def is_network_trouble(output: str) -> bool:
    """Return whether an installer failed because it reached no index."""
    return bool(_NETWORK.search("\n".join(_spoken(output))))


def _shortened(line: str) -> str:
    """Shorten a line such as pip's list of all versions in the middle."""
    if len(line) <= _LINE_LENGTH:
        return line
    return f"{line[: _LINE_LENGTH // 2]} ... {line[-_LINE_LENGTH // 2 :]}"


def _remedy(output: str) -> str:
    said = "\n".join(_spoken(output))
    for pattern, remedy in _REMEDIES:
        if pattern.search(said):
            return remedy
    return "change the requirement lines or choose another Python"
