"""What an installer's failure means for the person who declared the requirements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_portable.errors import InstallError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_portable.environment.build import Plan
    from pytest_portable.environment.processes import Completed

__all__ = ["build_error", "install_error", "last_words"]

_LAST_LINES = 15
_LINE_LENGTH = 300
_REMEDIES = (
    (
        r"network was disabled|--offline|--no-index",
        "prepare it once with the index in reach, or put the wheels into a wheelhouse",
    ),
    (
        r"dns error|failed to fetch|connection (?:refused|error|reset)|name resolution|timed out",
        "check the address of the index, the proxy and the network",
    ),
    (r"401|403|unauthorized|forbidden", "check the credentials of the index"),
    (
        r"no solution found|resolutionimpossible|conflict",
        "change the requirement lines so that they agree, or choose another Python",
    ),
    (
        r"no matching distribution|not found in the (?:package registry|cache|provided)",
        "check the name and the version, and whether this Python is supported",
    ),
    (r"failed to build|metadata-generation-failed|subprocess-exited", "make the build work first"),
)


def install_error(plan: Plan, done: Completed, log: Path) -> InstallError:
    """Describe a failed installation.

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


def build_error(plan: Plan, done: Completed, project: Path) -> InstallError:
    """Describe a local project that does not build, in the build's own words."""
    words = last_words(done.output)
    said = "\n".join(f"    {line}" for line in words.splitlines())
    message = (
        f"{project} does not build (exit status {done.status}); {plan.installer.name} said:\n"
        f"{said or '    nothing'}"
    )
    return InstallError(message, plan.shown, words)


def last_words(output: str) -> str:
    """Give the last lines of an installer's output that say something."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return "\n".join(map(_shortened, lines[-_LAST_LINES:]))


def _shortened(line: str) -> str:
    """Cut the middle out of a line such as pip's list of all versions there are."""
    if len(line) <= _LINE_LENGTH:
        return line
    return f"{line[: _LINE_LENGTH // 2]} ... {line[-_LINE_LENGTH // 2 :]}"


def _remedy(output: str) -> str:
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, output, re.IGNORECASE):
            return remedy
    return "change the requirement lines or choose another Python"
