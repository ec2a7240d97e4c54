"""Hand the credentials in addresses of git repositories to git, on no command line.

Installers start `git clone ADDRESS`, and git starts helpers with the address again: everybody on
the machine can read the arguments of processes. So the address goes there without its credentials,
and git asks for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

__all__ = ["git_variables", "without_git_credentials"]

_GIT: Final = re.compile(
    r"(?P<git>\bgit\+(?P<scheme>https?)://)(?P<userinfo>[^\s/\"'<>]+)@(?P<host>[\w.\-]+(?::\d+)?)"
    r"(?P<path>/[^\s@#\"'<>]*)?"
)
_EXPANDED: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_PREFIX: Final = "PYTEST_PORTABLE_GIT"


def without_git_credentials(line: str) -> str:
    """Return a requirement line whose git addresses name no user and no password."""
    return _GIT.sub(lambda found: found[0].replace(f"{found['userinfo']}@", "", 1), line)


def git_variables(lines: Iterable[str], variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make git answer for the addresses in requirement lines.

    Args:
        lines: requirement lines, `${NAME}` in an address as it was written.
        variables: environment variables: those that the lines name, and git's own settings, which
            stay.

    Source:
        git-config, "GIT_CONFIG_COUNT"; gitcredentials, "Configuration options": a helper that
        begins with an exclamation mark is a shell command, an empty one sets aside those before.
    """
    logins = {
        (found["scheme"], found["host"], found["path"] or ""): found["userinfo"]
        for line in lines
        for found in _GIT.finditer(line)
    }
    hosts = [login[:2] for login in logins]
    settings: list[tuple[str, str]] = []
    secrets = {}
    for number, ((scheme, host, path), userinfo) in enumerate(logins.items()):
        is_shared = hosts.count((scheme, host)) > 1
        place = f"credential.{scheme}://{host}{path if is_shared else ''}"
        user, _, password = _expanded(userinfo, variables).partition(":")
        secrets[f"{_PREFIX}_USER_{number}"] = unquote(user)
        secrets[f"{_PREFIX}_PASSWORD_{number}"] = unquote(password)
        if is_shared:
            settings.append((f"credential.{scheme}://{host}.useHttpPath", "true"))
        settings += [(f"{place}.helper", ""), (f"{place}.helper", _helper(number))]
    return {**secrets, **_settings(settings, variables)} if settings else {}


def _helper(number: int) -> str:
    told = (
        f'printf "username=%s\\npassword=%s\\n" '
        f'"${_PREFIX}_USER_{number}" "${_PREFIX}_PASSWORD_{number}"'
    )
    return f"!f() {{ {told}; }}; f"


def _settings(settings: list[tuple[str, str]], variables: Mapping[str, str]) -> dict[str, str]:
    count = variables.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    found = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    return _EXPANDED.sub(lambda found: variables.get(found[1], found[0]), text)
