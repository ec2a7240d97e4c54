"""The host half of a check: start an agent, feed it requests, read its answers."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.agent.in_target import bootstrap
from pytest_portable.agent.in_target.limits import SPILL_BYTES
from pytest_portable.agent.in_target.messages import (
    SCHEMA,
    decode,
    encode,
    number_at,
    receive,
    write_all,
    write_buffers,
)
from pytest_portable.agent.program import script, sent_files
from pytest_portable.agent.transcript import Transcript, read_transcript
from pytest_portable.agent.variables import set_anywhere, target_environment
from pytest_portable.errors import AgentError, SetupError
from pytest_portable.serializers.out_of_band import Stream

if TYPE_CHECKING:
    from pytest_portable.agent.command_target import CommandTarget
    from pytest_portable.serializers.shipping.sources import Sources

__all__ = ["Agent"]

START_SECONDS: Final = 60.0
GRACE_SECONDS: Final = 5.0
_LOST: Final = (EOFError, OSError, TimeoutError)
# What loads from a file with the least memory, beside what loads from bytes.
STREAM_LOADERS: Final = ("dill:load", "pickle:load")


@dataclass
class Agent:
    """One agent process in one environment; started on first use, restarted once when lost.

    Attributes:
        try_preload: modules to import before any fork, where they are there.
        preload: modules to import before any fork, which have to be there.
        command: what starts the interpreter where that is no file of this machine: then nothing
            but its standard streams is shared, and the agent makes a folder of its own there.
    """

    executable: Path
    env: Mapping[str, str] = field(default_factory=dict)
    try_preload: Sequence[str] = ()
    preload: Sequence[str] = ()
    there: str = ""
    hello: Mapping[str, Any] = field(default_factory=dict)
    command: CommandTarget | None = None

    def __post_init__(self) -> None:
        """Hold no process yet."""
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None

    @property
    def shares_files(self) -> bool:
        """Whether the agent sees the files of this machine."""
        return self.command is None

    def start(self) -> Mapping[str, Any]:
        """Start the agent unless it runs; return its hello.

        Raises:
            AgentError: the interpreter cannot be started or refused.
            SetupError: a module of `preload` cannot be imported there.
        """
        if self._process is not None and self._process.poll() is None:
            return self.hello
        self.close()
        self._folder = Path(tempfile.mkdtemp(prefix="pytest-portable-"))
        home = self._folder / "home"
        home.mkdir()
        # A seed other than the host's lets order-dependent bugs show; one that repeats, replay.
        seed = "4242" if os.environ.get("PYTHONHASHSEED") != "4242" else "2424"
        argv = [str(self.executable), "-s", *script()]
        env = target_environment(self.env, str(home), seed)
        if self.command is not None:
            argv, env = self.command.argv, self.command.variables
        log = (self._folder / "agent.log").open("wb")
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=home,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            raise AgentError(f"cannot start {self._name}: {error}") from error
        finally:
            log.close()
        self._greet(seed)
        return self.hello

    @property
    def _name(self) -> str:
        return str(self.command or self.executable)

    def _hand_over(self, command: CommandTarget, seed: str) -> None:
        """Send our code through standard input, and skip what a login shell may have printed."""
        assert self._process is not None
        assert self._process.stdin is not None
        opening = command.opening(sent_files(), {**set_anywhere(seed), **self.env})
        write_all(self._process.stdin.fileno(), [opening])
        deadline, said = time.monotonic() + START_SECONDS, b""
        while not said.endswith(bootstrap.MARK):
            said += os.read(self._answers(deadline), 1)

    def _greet(self, seed: str) -> None:
        greeting: dict[str, object] = {
            "schema": SCHEMA,
            "scratch": None if self.command else str(self._folder),
            "preload": list(self.preload),
            "try_preload": list(self.try_preload),
            "there": self.there,
        }
        try:
            if self.command is not None:
                self._hand_over(self.command, seed)
            self._send(greeting, ())
            self.hello, _ = decode(self._receive(time.monotonic() + START_SECONDS))
        except _LOST as error:
            raise AgentError(
                f"the agent did not start in {self._name}: {self._bury(error)}"
            ) from error
        self._check_preloaded()

    def _check_preloaded(self) -> None:
        if "refused" not in self.hello:
            return
        name, error = self.hello["refused"], self.hello["exception"]
        self.close()
        raise SetupError(
            f"preload: {name!r} cannot be imported by {self._name}: "
            f"{error['type']}: {error['message']}; declare the distribution that holds it in deps, "
            "or take it out of preload"
        )

    def _bury(self, error: Exception) -> str:
        """Close a lost agent; return its last words, or the error that told of the loss."""
        said = ""
        if self._folder is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self._process is not None:
                    self._process.wait(1)
            said = (self._folder / "agent.log").read_text("utf-8", "replace").strip()[-2000:]
        self.close()
        return said or repr(error)

    def run_check(
        self,
        request: Mapping[str, object],
        payloads: Sequence[tuple[str, bytes]],
        *,
        loaders: Sequence[object],
        timeout_seconds: float,
        sources: Sources | None = None,
    ) -> Transcript:
        """Run one request in a fresh process of the target.

        Args:
            request: what is asked for.
            payloads: names and bytes.
            loaders: `module:function` names that load there.
            timeout_seconds: limit of the whole check.
            sources: import packages that the process finds first.

        Raises:
            AgentError: the agent was lost twice.
        """
        self.start()
        try:
            return self._run(request, payloads, loaders, timeout_seconds, sources)
        except _LOST as error:
            self._bury(error)
        self.start()
        try:
            return self._run(request, payloads, loaders, timeout_seconds, sources)
        except _LOST as error:
            raise AgentError(
                f"the agent in {self._name} was lost twice: {self._bury(error)}"
            ) from error

    def _run(
        self,
        request: Mapping[str, object],
        payloads: Sequence[tuple[str, bytes]],
        loaders: Sequence[object],
        timeout_seconds: float,
        sources: Sources | None,
    ) -> Transcript:
        assert self._folder is not None
        ticket = secrets.randbits(63)
        nonce = f"{ticket:x}"
        described: list[dict[str, object]] = []
        blobs: list[bytes] = []
        files: list[Path] = []
        for name, data in payloads:
            entry: dict[str, object] = {"name": name, "loaders": list(loaders), "file": None}
            entry["stream_loaders"], entry["beside"] = STREAM_LOADERS, None
            pieces = getattr(data, "pieces", (data,))
            if isinstance(data, Stream) and data.buffers:
                files.append(self._folder / f"{nonce}-beside-{len(files)}")
                entry["beside"] = write_buffers(str(files[-1]), list(data.buffers))
            if sum(map(len, pieces)) > SPILL_BYTES and self.shares_files:
                files.append(self._folder / f"{nonce}-in-{len(files)}")
                with files[-1].open("wb", buffering=0) as stream:
                    write_all(stream.fileno(), list(pieces))
                entry["file"] = str(files[-1])
            else:
                blobs.append(data)
            described.append(entry)
        header = {
            **request,
            "nonce": nonce,
            "payloads": described,
        }
        if sources is not None:
            header["ship"] = self._ship(sources, blobs)
        try:
            self._send(header, blobs, ticket, int(timeout_seconds * 1000))
            message = self._receive(time.monotonic() + timeout_seconds + GRACE_SECONDS)
        finally:
            for path in files:
                path.unlink(missing_ok=True)
        if number_at(message, 2) != ticket:
            raise EOFError("an answer to another request")
        return read_transcript(*decode(message), nonce)

    def _ship(self, sources: Sources, blobs: list[bytes]) -> dict[str, object]:
        """Describe import packages; their contents are the last blob, or a file kept for all."""
        assert self._folder is not None
        path = self._folder / f"ship-{sources.digest}"
        is_spilled = len(sources.data) > SPILL_BYTES and self.command is None
        if not is_spilled:
            blobs.append(sources.data)
        elif not path.exists():
            path.write_bytes(sources.data)
        return {
            "main": sources.main,
            "names": list(sources.names),
            "files": [[name, len(content)] for name, content in sources.files.items()],
            "file": str(path) if is_spilled else None,
        }

    def _send(
        self, header: dict[str, object], blobs: Sequence[bytes], ticket: int = 0, limit_ms: int = 0
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        message = encode(header, tuple(blobs), ticket, limit_ms)
        write_all(self._process.stdin.fileno(), message)

    def _receive(self, deadline: float) -> bytes:
        return receive(self._answers(deadline))

    def _answers(self, deadline: float) -> int:
        """Wait until there is something to read, and return where."""
        assert self._process is not None
        assert self._process.stdout is not None
        number = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(number, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError("no answer in time")
        return number

    def close(self) -> None:
        """End the agent and everything it started, and remove its folder."""
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
