"""The host half of a check: start an agent, feed it requests, read its answers.

A `Transcript` is what one check left: the steps, the data records, the exit status, the streams.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_portable._target import agent as protocol
from pytest_portable._target import bootstrap
from pytest_portable.errors import AgentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_portable.environment.command import CommandTarget
    from pytest_portable.shipping.sources import Sources

__all__ = ["Agent", "Message", "Transcript", "target_environment"]

START_SECONDS: Final = 60.0
GRACE_SECONDS: Final = 5.0
# How a target that does not share our files names the agent in tracebacks.
REMOTE_NAME: Final = "pytest_portable/_target/agent.py"
_LOST: Final = (EOFError, OSError, TimeoutError)
THREAD_VARIABLES: Final = (
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)


@dataclass(frozen=True)
class Message:
    """One record of the child: its header and its blob."""

    header: Mapping[str, Any]
    blob: bytes | None = None


@dataclass(frozen=True)
class Transcript:
    """What one check left behind.

    Attributes:
        records: in the order they were written.
        finished: whether the last record carried this request's nonce.
        status: exit code, or minus the signal.
        seconds: wall-clock time there.
    """

    records: tuple[Message, ...]
    finished: bool
    status: int
    timed_out: bool
    seconds: float
    stdout: str = ""
    stderr: str = ""
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    files: tuple[str, ...] = ()

    def last_step(self) -> str:
        """Return the last step that was begun."""
        steps = [r.header["step"] for r in self.records if "step" in r.header]
        return str(steps[-1]) if steps else "starting"

    def find(self, key: str, name: str | None = None) -> Message | None:
        """Return the first record that carries `key`, of what is called `name` if that is given."""
        for record in self.records:
            named = record.header.get("name", record.header.get(key))
            if key in record.header and name in (None, named):
                return record
        return None


def target_environment(extra: Mapping[str, str], home: str, hash_seed: str) -> dict[str, str]:
    """Return the variables of a target: what a process needs, nothing else of the host's."""
    kept = {name: os.environ[name] for name in bootstrap.KEPT if name in os.environ}
    return {**kept, **_set_anywhere(hash_seed), "HOME": home, "TMPDIR": home, **extra}


def _set_anywhere(hash_seed: str) -> dict[str, str]:
    return {
        **dict.fromkeys(THREAD_VARIABLES, "1"),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": hash_seed,
    }


@dataclass
class Agent:
    """One agent process in one environment; started on first use, restarted once when lost.

    Attributes:
        command: what starts the interpreter where that is no file of this machine: then nothing
            but its standard streams is shared, and the agent makes a folder of its own there.
    """

    executable: Path
    env: Mapping[str, str] = field(default_factory=dict)
    try_preload: Sequence[str] = ()
    there: str = ""
    hello: Mapping[str, Any] = field(default_factory=dict)
    command: CommandTarget | None = None

    def __post_init__(self) -> None:
        """Hold no process yet."""
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None

    def start(self) -> Mapping[str, Any]:
        """Start the agent unless it runs; return its hello.

        Raises:
            AgentError: the interpreter cannot be started or refused.
        """
        if self._process is not None and self._process.poll() is None:
            return self.hello
        self.close()
        self._folder = Path(tempfile.mkdtemp(prefix="pytest-portable-"))
        home = self._folder / "home"
        home.mkdir()
        # A seed other than the host's lets order-dependent bugs show; one that repeats, replay.
        seed = "4242" if os.environ.get("PYTHONHASHSEED") != "4242" else "2424"
        argv = [str(self.executable), "-s", protocol.__file__]
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
        source = Path(protocol.__file__).read_text(encoding="utf-8")
        opening = command.opening(REMOTE_NAME, source, {**_set_anywhere(seed), **self.env})
        protocol.write_all(self._process.stdin.fileno(), [opening])
        deadline, said = time.monotonic() + START_SECONDS, b""
        while not said.endswith(bootstrap.MARK):
            said += os.read(self._answers(deadline), 1)

    def _greet(self, seed: str) -> None:
        greeting: dict[str, object] = {
            "schema": protocol.SCHEMA,
            "scratch": None if self.command else str(self._folder),
            "preload": [],
            "try_preload": list(self.try_preload),
            "there": self.there,
        }
        try:
            if self.command is not None:
                self._hand_over(self.command, seed)
            self._send(greeting, ())
            self.hello, _ = protocol.decode(self._receive(time.monotonic() + START_SECONDS))
        except _LOST as error:
            raise AgentError(
                f"the agent did not start in {self._name}: {self._bury(error)}"
            ) from error

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
            if len(data) > protocol.SPILL_BYTES and self.command is None:
                path = self._folder / f"{nonce}-in-{len(files)}"
                path.write_bytes(data)
                files.append(path)
                entry["file"], entry["stream_loader"] = str(path), "pickle:load"
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
        if protocol.number_at(message, 2) != ticket:
            raise EOFError("an answer to another request")
        return _transcript(*protocol.decode(message), nonce)

    def _ship(self, sources: Sources, blobs: list[bytes]) -> dict[str, object]:
        """Describe import packages; their contents are the last blob, or a file kept for all."""
        assert self._folder is not None
        path = self._folder / f"ship-{sources.digest}"
        is_spilled = len(sources.data) > protocol.SPILL_BYTES and self.command is None
        if not is_spilled:
            blobs.append(sources.data)
        elif not path.exists():
            path.write_bytes(sources.data)
        return {
            "names": list(sources.names),
            "files": [[name, len(content)] for name, content in sources.files.items()],
            "file": str(path) if is_spilled else None,
        }

    def _send(
        self, header: dict[str, object], blobs: Sequence[bytes], ticket: int = 0, limit_ms: int = 0
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        message = protocol.encode(header, tuple(blobs), ticket, limit_ms)
        protocol.write_all(self._process.stdin.fileno(), message)

    def _receive(self, deadline: float) -> bytes:
        return protocol.receive(self._answers(deadline))

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


def _transcript(answer: Mapping[str, Any], evidence: Sequence[bytes], nonce: str) -> Transcript:
    data = evidence[0]
    if answer["records"] is not None:
        path = Path(answer["records"])
        data = path.read_bytes()
        path.unlink()
    records = _parse_records(data)
    return Transcript(
        records=tuple(records),
        finished=bool(records) and records[-1].header.get("finished") == nonce,
        status=answer["status"],
        timed_out=answer["timed_out"],
        seconds=answer["seconds"],
        stdout=evidence[1].decode("utf-8", "replace"),
        stderr=evidence[2].decode("utf-8", "replace"),
        stdout_bytes=answer["stdout_bytes"],
        stderr_bytes=answer["stderr_bytes"],
        files=tuple(answer["files"]),
    )


def _parse_records(data: bytes) -> list[Message]:
    """Cut the child's stream into records; a torn last one (a crash) is left out."""
    records: list[Message] = []
    offset = 0
    while offset + protocol.HEAD_BYTES <= len(data):
        end = offset + protocol.length_of(data[offset : offset + protocol.HEAD_BYTES])
        if end > len(data):
            break
        header, blobs = protocol.decode(data[offset:end])
        records.append(Message(header, blobs[0] if blobs else None))
        offset = end
    return records
