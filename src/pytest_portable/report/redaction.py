"""Cut credentials out of everything that is written, shown or hashed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

__all__ = ["MASK", "Redactor", "host_redactor", "redact"]

MASK: Final = "****"
# Greedy up to the last @ of the authority: passwords with an unquoted @ exist.
_USERINFO: Final = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.\-]{0,30}://)(?P<userinfo>[^\s/\"'<>]+)@", re.IGNORECASE
)
# `user:password@host` without a scheme, as drivers of databases print it. An image's digest
# (`python:3.12@sha256:...`) is no host.
_BARE_USERINFO: Final = re.compile(
    r"(?<![\w.+%\-/])[\w.+%\-]{1,64}:[^\s:@/\"'<>()\[\]{}]{3,128}@"
    r"(?=(?!sha\d)(?:localhost\b|[\w\-]{1,63}(?:\.[\w\-]|:\d|/)))"
)
_QUERY: Final = re.compile(
    r"(?P<name>[?&](?:[\w.\-]{0,40}?(?:token|pass(?:word|wd|phrase)?|pwd|secret|signature|auth"
    r"|credentials?|(?:api|access|private|account|subscription)key)"
    r"|(?:[\w.\-]{0,40}?[_.\-])?(?:key|sig|session|jwt|sas|code))=)[^&\s\"'#<>]+",
    re.IGNORECASE,
)
# What services give out as keys, known by how it begins, and what a request carries.
_GIVEN_OUT: Final = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w\-]{16,64}"
    r"|pypi-[\w\-]{32,512}|xox[abeprs]-[\w\-]{10,255}|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|sk-[\w\-]{20,255}|hf_[A-Za-z0-9]{20,64}|npm_[A-Za-z0-9]{30,64}"
    r"|eyJ[\w\-]{8,1024}\.[\w\-]{8,1024}\.[\w\-]{8,1024})"
)
# A word after "basic" or "bearer" is a credential only with a digit in it, or with padding.
_AUTHORIZATION: Final = re.compile(
    r"(?P<name>\b(?:bearer|basic)\s{1,4}(?=[\w.~+/\-]{0,64}[\d=])"
    r"|\bauthorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?!bearer|basic))[\w.~+/\-]{8,4096}=*",
    re.IGNORECASE,
)
# Values of these names are secrets when they are longer than a word of everyday output; masking
# such words would make it unreadable.
_SECRET_NAME: Final = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIAL|(?:^|_)(?:PASS|PW)(?:_|$)", re.IGNORECASE
)
_MIN_SECRET_LENGTH: Final = 6
# Shorter pieces of a secret, beside the dots where a text was cut, tell nothing.
_MIN_PIECE: Final = 4
_MIN_MIDDLE: Final = 12
# Values of these may be secrets, and are when they look like one.
_DOUBTFUL_NAME: Final = re.compile(
    r"KEY|AUTH(?!OR)|SIGNATURE|DSN|WEBHOOK|COOKIE|JWT|BEARER|CONNECTION_?STRING|PRIVATE|SALT"
    r"|PWD|(?:^|_)(?:PAT|SAS|SESSION)(?:_|$)",
    re.IGNORECASE,
)
_MIN_DOUBTFUL_LENGTH: Final = 8
# pip and uv put variables in their place: pip's documentation, "Using environment variables".
_EXPANDED: Final = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)\}")
# `git@` and similar names are no secrets, and help a reader to recognise the address.
_HARMLESS_USERS: Final = frozenset({"git", "hg", "svn", MASK})


def redact(text: str) -> str:
    """Return a text without the user names, passwords and tokens of its addresses.

    Args:
        text: anything: a requirement, an installer's output, a configuration file.

    Returns:
        The text with `****` in their places, and in those of keys that a service gave out.
    """
    text = _QUERY.sub(rf"\g<name>{MASK}", _USERINFO.sub(_mask_userinfo, text))
    text = _AUTHORIZATION.sub(rf"\g<name>{MASK}", _BARE_USERINFO.sub(f"{MASK}@", text))
    return _GIVEN_OUT.sub(MASK, text)


def _mask_userinfo(found: re.Match[str]) -> str:
    if found["userinfo"] in _HARMLESS_USERS:
        return found[0]
    return f"{found['scheme']}{MASK}@"


class Redactor:
    """Cuts credentials out of output, also those outside of addresses.

    A build backend may print a bare token, so the secrets in environment variables and
    requirements are searched for literally.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        texts: tuple[str, ...] = (),
        given: Mapping[str, str] | None = None,
    ) -> None:
        """Collect the secrets.

        Args:
            variables: environment variables: those named like a secret, and credentials in
                the addresses among the rest.
            texts: requirement lines and configuration, which may hold addresses too; the
                variables that they name in `${NAME}` are secrets whatever their names.
            given: variables that somebody set for one target: secrets too where their values
                look like one, whatever their names.
        """
        given = given or {}
        secrets = {
            value for name, value in (*variables.items(), *given.items()) if _is_secret(name, value)
        }
        secrets |= {value for value in given.values() if _looks_secret(value)}
        for text in texts:
            secrets |= {variables.get(found["name"], "") for found in _EXPANDED.finditer(text)}
        for text in (*variables.values(), *given.values(), *texts):
            for found in _USERINFO.finditer(text):
                secrets |= _parts(found["userinfo"])
        secrets |= {quote(each, safe="") for each in secrets}
        # Longest first, because one secret may be a part of another.
        self._secrets = sorted(
            (each for each in secrets if len(each) >= _MIN_SECRET_LENGTH), key=len, reverse=True
        )

    def __call__(self, text: str) -> str:
        """Return the text without credentials."""
        cut = redact(text)
        for secret in self._secrets:
            cut = cut.replace(secret, MASK)
            if "..." in cut:
                cut = _without_pieces(cut, secret)
        return cut

    def is_in(self, data: bytes) -> bool:
        """Tell whether one of the secrets stands in some bytes as it is."""
        return any(secret.encode(errors="surrogateescape") in data for secret in self._secrets)


def _without_pieces(text: str, secret: str) -> str:
    """Mask what is left of a secret where a text was shortened: its beginning, its end, a part."""
    for length in range(len(secret) - 1, _MIN_PIECE - 1, -1):
        head, tail = secret[:length], secret[-length:]
        for quote_ in ("", "'", '"'):
            text = text.replace(f"{head}{quote_}...", f"{MASK}{quote_}...")
            text = text.replace(f"...{quote_}{tail}", f"...{quote_}{MASK}")
        if head[:_MIN_PIECE] not in text and tail[-_MIN_PIECE:] not in text:
            break
    for begin in range(len(secret) - _MIN_MIDDLE):
        text = text.replace(secret[begin : begin + _MIN_MIDDLE], MASK)
    return text


def _is_secret(name: str, value: str) -> bool:
    if _SECRET_NAME.search(name):
        return not _is_path(value)
    return bool(_DOUBTFUL_NAME.search(name)) and _looks_secret(value)


def _looks_secret(value: str) -> bool:
    """Tell whether a value is long, mixed, and neither a path nor an address nor a list."""
    return (
        len(value) >= _MIN_DOUBTFUL_LENGTH
        and not _is_path(value)
        and "://" not in value
        and not any(character.isspace() for character in value)
        and any(character.isdigit() for character in value)
        and any(character.isalpha() for character in value)
    )


def _is_path(value: str) -> bool:
    """Tell whether a value names a file or folder: variables such as `SSH_AUTH_SOCK` do."""
    if not value.startswith(("/", "~", ".")):
        return False
    try:
        return Path(value).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _parts(userinfo: str) -> set[str]:
    user, _, password = userinfo.partition(":")
    # A user part without a password is a token; with a password it is a name, and no secret.
    secrets = {password or user}
    return secrets | {unquote(each) for each in secrets}


def host_redactor(*texts: str, given: Mapping[str, str] | None = None) -> Redactor:
    """Return a redactor with the secrets of this process's environment.

    Args:
        *texts: requirement lines and configuration.
        given: variables that were set for one target.
    """
    return Redactor(os.environ, texts, given)
