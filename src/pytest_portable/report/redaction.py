"""Cut credentials out of everything that is written, shown or hashed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import unquote

__all__ = ["MASK", "Redactor", "host_redactor", "redact"]

MASK = "****"
# Greedy up to the last @ of the authority: passwords with an unquoted @ exist.
_USERINFO = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.\-]*://)(?P<userinfo>[^\s/\"'<>]+)@", re.IGNORECASE
)
_QUERY = re.compile(
    r"(?P<name>[?&](?:access_|auth_|private_)?(?:token|password|secret|key|sig|signature)=)[^&\s\"'#]+",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(r"PASSWORD|PASSWD|TOKEN|SECRET|CREDENTIAL", re.IGNORECASE)
# `git@` and similar names are no secrets, and help a reader to recognise the address.
_HARMLESS_USERS = frozenset({"git", "hg", "svn", MASK})
# Shorter values are words of everyday output; masking them would make it unreadable.
_MIN_SECRET_LENGTH = 6


def redact(text: str) -> str:
    """Return a text without the user names, passwords and tokens of its addresses.

    Args:
        text: anything: a requirement, an installer's output, a configuration file.

    Returns:
        The text with `****` in their places.
    """
    return _QUERY.sub(rf"\g<name>{MASK}", _USERINFO.sub(_mask_userinfo, text))


def _mask_userinfo(found: re.Match[str]) -> str:
    if found["userinfo"] in _HARMLESS_USERS:
        return found[0]
    return f"{found['scheme']}{MASK}@"


class Redactor:
    """Cuts credentials out of output, also those outside of addresses.

    A build backend may print a bare token, so the secrets in environment variables and
    requirements are searched for literally.
    """

    def __init__(self, variables: Mapping[str, str], texts: tuple[str, ...] = ()) -> None:
        """Collect the secrets.

        Args:
            variables: environment variables: those named like a secret, and credentials in
                the addresses among the rest.
            texts: requirement lines and configuration, which may hold addresses too.
        """
        secrets = {value for name, value in variables.items() if _SECRET_NAME.search(name)}
        for text in (*variables.values(), *texts):
            for found in _USERINFO.finditer(text):
                secrets |= _parts(found["userinfo"])
        # Longest first, because one secret may be a part of another.
        self._secrets = sorted(
            (each for each in secrets if len(each) >= _MIN_SECRET_LENGTH), key=len, reverse=True
        )

    def __call__(self, text: str) -> str:
        """Return the text without credentials."""
        cut = redact(text)
        for secret in self._secrets:
            cut = cut.replace(secret, MASK)
        return cut


def _parts(userinfo: str) -> set[str]:
    user, _, password = userinfo.partition(":")
    # A user part without a password is a token; with a password it is a name, and no secret.
    secrets = {password or user}
    return secrets | {unquote(each) for each in secrets}


def host_redactor(*texts: str) -> Redactor:
    """Return a redactor with the secrets of this process's environment."""
    return Redactor(os.environ, texts)
