"""The host half of a check: start an agent, feed it requests, read its answers."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.agent.expected import Expected
from pytest_portable.agent.hello import read_hello
from pytest_portable.agent.in_target import bootstrap
from pytest_portable.agent.in_target.folders import remove_tree
from pytest_portable.agent.in_target.limits import SPILL_BYTES
from pytest_portable.agent.in_target.messages import (
    HEAD_BYTES,
    SCHEMA,
    encode,
    number_at,
    write_all,
    write_buffers,
)
from pytest_portable.agent.left_over import end_left_over
from pytest_portable.agent.plain_files import read_plain
from pytest_portable.agent.program import script, sent_files
from pytest_portable.agent.transcript import Transcript, read_transcript
from pytest_portable.agent.typed_json import MalformedRecord
from pytest_portable.agent.variables import set_anywhere, target_environment
from pytest_portable.agent.wire import MalformedAnswer, Wire, read_message
from pytest_portable.errors import AgentError, SetupError
from pytest_portable.serializers.out_of_band import Stream

if TYPE_CHECKING:
    from pytest_portable.agent.command_target import CommandTarget
    from pytest_portable.serializers.shipping.sources import Sources

__all__ = ["Agent"]

START_SECONDS: Final = 60.0
GRACE_SECONDS: Final = 5.0
MAX_BANNER_BYTES: Final = 1 << 16
MAX_LOG_BYTES: Final = 1 << 26
_LOST: Final = (EOFError, OSError)
_GONE: Final = (EOFError, BrokenPipeError)
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
        self._wire: Wire | None = None
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
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._wire = Wire(self._process.stdin.fileno(), self._process.stdout.fileno())
        self._greet(seed)
        return self.hello

    @property
    def _name(self) -> str:
        return str(self.command or self.executable)

    def _hand_over(self, command: CommandTarget, seed: str, deadline: float) -> None:
        """Send our code through standard input, and skip what a login shell may have printed."""
        assert self._wire is not None
        opening = command.opening(sent_files(), {**set_anywhere(seed), **self.env})
        self._wire.write([opening], deadline)
        self._wire.skip_to(bootstrap.MARK, deadline, MAX_BANNER_BYTES)

    def _greet(self, seed: str) -> None:
        greeting: dict[str, object] = {
            "schema": SCHEMA,
            "scratch": None if self.command else str(self._folder),
            "preload": list(self.preload),
            "try_preload": list(self.try_preload),
            "there": self.there,
        }
        assert self._wire is not None
        deadline = time.monotonic() + START_SECONDS
        try:
            if self.command is not None:
                self._hand_over(self.command, seed, deadline)
            self._wire.send(encode(greeting), deadline)
            said, _ = _decoded(self._wire.receive(deadline))
            self.hello = read_hello(said)
        except (*_LOST, MalformedAnswer, MalformedRecord) as error:
            raise AgentError(
                f"the agent did not start in {self._name}: {self._bury(error)}"
            ) from error
        self._check_preloaded()

    def _check_preloaded(self) -> None:
        if (refused := self.hello.get("refused")) is None:
            return
        name, error = refused, self.hello["exception"]
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
                    if not isinstance(error, _GONE):  # it runs, and cannot be used any more
                        self._process.kill()
                    self._process.wait(1)
            with contextlib.suppress(OSError):  # user code may have removed it
                data = read_plain(self._folder / "agent.log", MAX_LOG_BYTES)
                said = data.decode("utf-8", "replace").strip()[-2000:]
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
        except TimeoutError as error:
            return self._stopped(error, timeout_seconds)
        except (*_LOST, MalformedAnswer) as error:
            self._bury(error)
        self.start()
        try:
            return self._run(request, payloads, loaders, timeout_seconds, sources)
        except TimeoutError as error:
            return self._stopped(error, timeout_seconds)
        except MalformedAnswer as error:
            # Twice, and the second time in an agent that had nothing else to do.
            self._bury(error)
            return _no_answer(malformed=str(error))
        except _LOST as error:
            raise AgentError(
                f"the agent in {self._name} was lost twice: {self._bury(error)}"
            ) from error

    def _stopped(self, error: Exception, seconds: float) -> Transcript:
        """Return what is known of a check whose agent said nothing, though it keeps the limit.

        Code of the user's has stopped it, or keeps the machine busy; it gets no second limit.
        """
        self._bury(error)
        return _no_answer(timed_out=True, seconds=seconds)

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
        assert self._wire is not None
        deadline = time.monotonic() + timeout_seconds + GRACE_SECONDS
        try:
            message = encode(header, tuple(blobs), ticket, int(timeout_seconds * 1000))
            self._wire.send(message, deadline)
            answer = self._wire.receive(deadline)
        finally:
            for path in files:
                with contextlib.suppress(OSError):
                    path.unlink()
        if number_at(answer, 2) != ticket:
            raise MalformedAnswer("an answer to another request")
        return read_transcript(
            *_decoded(answer),
            nonce,
            expected=Expected.of(request, (name for name, _ in payloads), loaders),
            folder=self._folder if self.shares_files else None,
        )

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
            if process.returncode and self._folder is not None and self.shares_files:
                end_left_over(self._folder)
        self._wire = None
        if self._folder is not None:
            remove_tree(str(self._folder))
            self._folder = None


def _decoded(message: bytes) -> tuple[dict[str, Any], list[bytes]]:
    start = HEAD_BYTES + number_at(message, 0)
    return read_message(message[HEAD_BYTES:start], message[start:])


def _no_answer(*, timed_out: bool = False, seconds: float = 0.0, malformed: str = "") -> Transcript:
    return Transcript(
        records=(),
        finished=False,
        status=-signal.SIGKILL,
        timed_out=timed_out,
        seconds=seconds,
        malformed=malformed,
    )
