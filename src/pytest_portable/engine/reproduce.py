"""Keep what a failing check sent, and say which command loads it again without the test.

Only where a command alone can tell the same: a payload that fails to load, on a leg without what
the command line does not take. Elsewhere the test itself is named.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pytest_portable.environment.lines import parse_line
from pytest_portable.report.redaction import host_redactor, redact
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Verdict

__all__ = ["ByHand", "SameRun", "keep_failure"]

MAX_KEPT: Final = 50
MAX_BYTES: Final = 20_000_000
# Looking at so much takes a third of a second.
_LOOKED_AT: Final = 2_000_000
# Lines that mean the same wherever they are read; the others may name files beside them.
_ANYWHERE: Final = frozenset(("blank", "requirement", "url"))
STAGES: Final = frozenset({"inspect", "load"})


@dataclass(frozen=True)
class SameRun:
    """How pytest was started, as far as it decides about a verdict.

    Attributes:
        options: of its command line.
        folder: where node ids start, if pytest was started elsewhere.
    """

    options: tuple[str, ...] = ()
    folder: Path | None = None

    def command(self, test: str) -> str:
        """Return the command that runs one test again.

        Args:
            test: its node id.
        """
        words = shlex.join(["python", "-m", "pytest", test, *self.options])
        return words if self.folder is None else f"cd {shlex.quote(str(self.folder))} && {words}"


@dataclass(frozen=True)
class ByHand:
    """What a command needs to know beside the payload.

    Attributes:
        leg: that the check ran on.
        root: where its relative paths start.
        cache_dir: where payloads are kept.
        store_options: of the command line: how environments are made here.
    """

    leg: Leg
    root: Path
    cache_dir: Path
    store_options: tuple[str, ...] = ()


def keep_failure(verdict: Verdict, by_hand: ByHand, payload: bytes) -> Verdict:
    """Return the verdict with a command that needs no test, where there is one.

    Args:
        verdict: of the check.
        by_hand: what else the command says; `failed-payloads` in its `cache_dir` holds the newest
            `MAX_KEPT` payloads of at most `MAX_BYTES`.
        payload: what was sent; it is kept with the rights of its owner only, and not at all where
            it holds a secret.
    """
    leg = by_hand.leg
    if verdict.stage not in STAGES or not _is_plain(leg) or len(payload) > MAX_BYTES:
        return verdict
    if _holds_secrets(payload, leg):
        return verdict
    folder = by_hand.cache_dir / "failed-payloads"
    file = folder / f"{hashlib.sha256(payload).hexdigest()[:12]}.bin"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(payload)
        _forget(folder)
    except OSError:  # a cache that cannot be written is told elsewhere
        return verdict
    return replace(verdict, reproduce=_command(by_hand, file))


def _holds_secrets(payload: bytes, leg: Leg) -> bool:
    """Tell whether a payload holds a variable's secret, or what looks like one in its beginning."""
    beginning = payload[:_LOOKED_AT].decode("latin-1")
    return host_redactor(given=leg.env).is_in(payload) or redact(beginning) != beginning


def _is_plain(leg: Leg) -> bool:
    """Tell whether the command line takes all that the leg says."""
    if leg.deps is None or any(redact(line) != line for line in leg.deps):
        return False
    taken = replace(
        leg,
        id="",
        python=None,
        deps=(),
        deps_id=None,
        deps_root=None,
        serializer="pickle",
        protocol=None,
        options={},
        timeout_seconds=Leg.timeout_seconds,
        round_trip=True,
        rtol=None,
        atol=None,
        signed_zero=False,
        seed=None,
        test="",
    )
    return taken == Leg()


def _command(by_hand: ByHand, file: Path) -> str:
    leg = by_hand.leg
    # The running Python dumped it, so the command has to be its own.
    words = [sys.executable, "-m", "pytest_portable", "check", str(file)]
    words += ["--python", leg.python] if leg.python else []
    for line in leg.deps or ():
        words += ["--dep", line]
    words += ["--serializer", leg.serializer] if leg.serializer != "pickle" else []
    if leg.timeout_seconds != Leg.timeout_seconds:
        words += ["--timeout", f"{leg.timeout_seconds:g}"]
    command = shlex.join([*words, *by_hand.store_options])
    if any(parse_line(line).kind not in _ANYWHERE for line in leg.deps or ()):
        return f"cd {shlex.quote(str(by_hand.root))} && {command}"
    return command


def _forget(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda path: -path.stat().st_mtime_ns)
    for path in kept[MAX_KEPT:]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
