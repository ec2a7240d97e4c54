"""Load payloads in the target interpreter, each in a fresh process, and report what happened.

Run by path in a target (`python -s agent.py`); the host writes requests to descriptor 0 and reads
answers from descriptor 1. Both are duplicated away before anything else, so what user code prints
never meets them.

A message is 8 bytes (length of the header, big-endian), a JSON header, then the blobs whose
lengths stand in `header["blobs"]`.

Greeting to the agent (first message): `schema`, `scratch` (a directory of ours; null to make one,
where no files are shared with the host), `preload` (modules imported before any fork),
`try_preload` (the same, but allowed to be absent), `there` (source of functions that loaders and
dumpers name as `there:function`).
Hello from the agent: `schema`, `python`, `version_info`, `implementation`, `platform`,
`executable`, `pid`, `fork`, `absent` (what could not be preloaded).

Request: `nonce`, `kind` ("check" or "call"), `payloads` (a list of `name`, `loaders`, `file`; bytes
in the blobs where `file` is null), `dumpers` (a list of `[module:attribute, keyword arguments]`),
`protocol`, `round_trip`, `probe` (null, or `mode`, `source`, `name`), `warnings`, `spill`
(null, or a directory for blobs over `SPILL_BYTES`), `timeout` (seconds).

Answer: `nonce`, `status` (exit code, or minus the signal), `timed_out`, `seconds`, `stdout_bytes`,
`stderr_bytes` (before cutting), `files` (left in the working directory); blobs: the child's records
(messages as above), stdout, stderr.

Records of the child, each written before the step that it names: `{"step": ...}` with `loading`,
`describing`, `dumping`, `probing`, `calling`, `returning`; data records carry one of `loaded`,
`description`, `returned`, `value`, `raised`, `failed`, and at last `{"finished": nonce}`.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMA = 1
REFUSED = 86
REFUSAL = "pytest-portable: the target's Python is too old"

if sys.version_info < (3, 8):
    sys.stderr.write("%s: %s, wanted 3.8 or newer\n" % (REFUSAL, sys.version.split()[0]))
    sys.exit(REFUSED)

import errno
import faulthandler
import gc
import importlib
import json
import os
import pickle
import select
import signal
import time
import types
import warnings

SPILL_BYTES = 1 << 20
MAX_EVIDENCE_BYTES = 1 << 16
MAX_WARNINGS = 50
MAX_FILES = 50
ABORT_SECONDS = 0.3
CHUNK_BYTES = 1 << 18
OWN_FILES = (__file__, "<serializer>")
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


# Functions of the serializer, sent as source; no module, so that no payload can find them.
THERE = {"__name__": "there"}  # type: dict[str, Any]

# --- messages -------------------------------------------------------------------------------------


def encode(header: "dict[str, object]", blobs: "tuple[bytes, ...]" = ()) -> "list[bytes]":
    """Return the pieces of one message."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode("ascii")
    return [len(text).to_bytes(8, "big") + text, *blobs]


def write_all(descriptor: int, pieces: "list[bytes]") -> None:
    """Write every piece, however often the kernel takes only a part."""
    for piece in pieces:
        view = memoryview(piece)
        while view:
            view = view[os.write(descriptor, view) :]


def read_exactly(descriptor: int, size: int) -> bytes:
    """Read `size` bytes or raise `EOFError`."""
    parts = []
    while size:
        part = os.read(descriptor, min(size, CHUNK_BYTES))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_message(descriptor: int) -> "tuple[dict[str, Any], list[bytes]]":
    """Read one message; `EOFError` when the other side is gone."""
    size = int.from_bytes(read_exactly(descriptor, 8), "big")
    header = json.loads(read_exactly(descriptor, size).decode("ascii"))
    return header, [read_exactly(descriptor, length) for length in header["blobs"]]


# --- the child: one check -------------------------------------------------------------------------


def text_of(value: object) -> str:
    """Return `str(value)`, whatever its class does."""
    try:
        text = str(value)
    except BaseException as error:
        text = "<str() raised %s>" % type(error).__name__
    return text if len(text) <= MAX_EVIDENCE_BYTES else text[:MAX_EVIDENCE_BYTES] + " [cut]"


def describe_exception(error: "BaseException | None", depth: int = 0) -> "dict[str, Any] | None":
    """Return what is known of an exception as plain data, its causes included."""
    if error is None or depth > 8:
        return None
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename not in OWN_FILES:
            module = trace.tb_frame.f_globals.get("__name__")
            frames.append([code.co_filename, trace.tb_lineno, code.co_name, str(module)])
        trace = trace.tb_next
    name = getattr(error, "name", None)
    return {
        "type": type(error).__qualname__,
        "module": str(type(error).__module__),
        "bases": [base.__name__ for base in type(error).__mro__],
        "message": text_of(error),
        "name": name if isinstance(name, str) else None,
        "frames": frames[-60:],
        "traceback": format_traceback(error),
        "cause": describe_exception(
            error.__cause__ or (None if error.__suppress_context__ else error.__context__),
            depth + 1,
        ),
    }


def format_traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, the agent's own frames left out."""
    import traceback

    try:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename in OWN_FILES:
            trace = trace.tb_next
        lines = traceback.format_exception(type(error), error, trace)
    except BaseException:
        return text_of(error)
    return "".join(lines)[-MAX_EVIDENCE_BYTES:]


def resolve(name: str) -> "Any":
    """Import `module:attribute`."""
    module, _, attribute = name.partition(":")
    if module == "there":
        return THERE[attribute]
    return getattr(importlib.import_module(module), attribute)


def first_importable(candidates: "list[Any]") -> "tuple[str, Any, dict[str, Any]]":
    """Return name, function and keyword arguments of the first candidate whose module is there."""
    missing = None
    for candidate in candidates:
        name, options = (candidate, {}) if isinstance(candidate, str) else candidate
        try:
            return name, resolve(name), options
        except ModuleNotFoundError as error:
            missing = missing or error
    assert missing is not None
    raise missing


class Check:
    """One check in the forked child."""

    def __init__(self, request: "dict[str, Any]", blobs: "list[bytes]", answers: int) -> None:
        self.request = request
        self.blobs = blobs
        self.answers = answers
        self.spilled = 0

    def record(self, header: "dict[str, object]", blob: "bytes | None" = None) -> None:
        """Write one record; a large blob goes to a file beside it."""
        blobs = ()  # type: tuple[bytes, ...]
        if blob is not None and len(blob) > SPILL_BYTES and self.request["spill"]:
            self.spilled += 1
            path = os.path.join(
                self.request["spill"], "%s-%d" % (self.request["nonce"], self.spilled)
            )
            with open(path, "wb") as stream:
                stream.write(blob)
            header["file"] = path
        elif blob is not None:
            blobs = (blob,)
        write_all(self.answers, encode(header, blobs))

    def run(self) -> None:
        """Take the steps of the request; the last record says that it finished."""
        values = self.load()
        if values is not None:
            if self.request["kind"] == "call":
                self.call(values)
            else:
                self.inspect_and_probe(values)
        self.record({"finished": self.request["nonce"]})

    def load(self) -> "dict[str, Any] | None":
        """Load every payload, keeping the warnings; `None` after a failure."""
        values = {}
        blobs = iter(self.blobs)
        for payload in self.request["payloads"]:
            self.record({"step": "loading", "name": payload["name"]})
            caught = []  # type: list[warnings.WarningMessage]
            try:
                loader, function, _ = first_importable(payload["loaders"])
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    values[payload["name"]] = self.load_one(payload, blobs, loader, function)
            except BaseException as error:
                self.failed("loading", error, payload["name"], caught)
                return None
            self.record(
                {"loaded": payload["name"], "loader": loader, "warnings": plain_warnings(caught)}
            )
        return values

    def load_one(
        self, payload: "dict[str, Any]", blobs: "Any", loader: str, function: "Any"
    ) -> object:
        """Load from the file where there is one: it has the lowest peak of memory."""
        if payload["file"] is None:
            return function(next(blobs))
        with open(payload["file"], "rb") as stream:
            from_stream = payload.get("stream_loader")
            if from_stream and from_stream.partition(":")[0] == loader.partition(":")[0]:
                return resolve(from_stream)(stream)
            return function(stream.read())

    def failed(
        self, step: str, error: BaseException, name: str, caught: "list[Any] | tuple[()]" = ()
    ) -> None:
        """Record that a step raised."""
        self.record(
            {
                "failed": step,
                "name": name,
                "exception": describe_exception(error),
                "warnings": plain_warnings(caught),
            }
        )

    def inspect_and_probe(self, values: "dict[str, Any]") -> None:
        """Describe and dump before probing, because a probe may change the object."""
        obj = values["obj"]
        self.record({"step": "describing"})
        self.record({"description": describe(obj)})
        if self.request["round_trip"]:
            self.record({"step": "dumping", "name": "obj"})
            self.dump("returned", obj, "dumping", "obj")
        probe = self.request["probe"]
        if probe is None:
            return
        self.record({"step": "probing"})
        try:
            value = evaluate(probe, values)
        except BaseException as error:
            self.raised(error)
            return
        self.record({"step": "returning", "name": "obj()"})
        self.dump("value", value, "returning", "probe")

    def call(self, values: "dict[str, Any]") -> None:
        """Call the function that came as `obj` and send back what it returned or raised."""
        self.record({"step": "calling"})
        args, kwargs = values["arguments"]
        try:
            result = values["obj"](*args, **kwargs)
            if isinstance(result, types.CoroutineType):
                import asyncio

                result = asyncio.run(result)
        except BaseException as error:
            self.raised(error)
            return
        self.record({"step": "returning", "name": "obj()"})
        self.dump("value", result, "returning", "obj()")

    def raised(self, error: BaseException) -> None:
        """Send an exception back, with its causes where they can be dumped too."""
        about = describe_exception(error)
        chain, cause = [error], error.__cause__
        while cause is not None and cause not in chain and len(chain) < 20:
            chain.append(cause)
            cause = cause.__cause__
        trouble = None
        for sent in (chain, [error]):  # a cause that cannot be dumped must not hide the error
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    dumper, blob = self.dumps(sent)
            except BaseException as failure:
                trouble = describe_exception(failure)
            else:
                self.record({"raised": about, "dumper": dumper, "causes": len(sent) - 1}, blob)
                return
        self.record({"raised": about, "undumped": trouble})

    def dump(self, kind: str, value: object, step: str, name: str) -> None:
        """Dump a value into a record of its own."""
        try:
            dumper, blob = self.dumps(value)
        except BaseException as error:
            self.record({"type": type_name(value), "step": step})
            self.failed(step, error, name)
            return
        self.record({kind: name, "dumper": dumper, "type": type_name(value)}, blob)

    def dumps(self, value: object) -> "tuple[str, bytes]":
        """Dump with the first dumper that is installed, at the lower of both protocols."""
        name, function, options = first_importable(self.request["dumpers"])
        if self.request["protocol"] is not None:
            options = {
                **options,
                "protocol": min(self.request["protocol"], pickle.HIGHEST_PROTOCOL),
            }
        return name, function(value, **options)


def plain_warnings(caught: "list[Any] | tuple[()]") -> "list[dict[str, Any]]":
    """Return recorded warnings as plain data."""
    return [
        {
            "category": warning.category.__name__,
            "module": str(warning.category.__module__),
            "message": text_of(warning.message)[:2000],
            "file": warning.filename,
            "line": warning.lineno,
        }
        for warning in list(caught)[:MAX_WARNINGS]
    ]


def type_name(value: object) -> "list[str]":
    """Return module and qualified name of a value's class."""
    kind = type(value)
    return [str(kind.__module__), str(kind.__qualname__)]


def describe(value: object) -> "dict[str, object]":
    """Return what the target sees, without running code of the object's class."""
    kind = type(value)
    named = value if isinstance(value, (type, types.FunctionType)) else kind
    module, name = str(named.__module__), str(named.__qualname__)
    found = sys.modules.get(module)  # type: object
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    home = getattr(sys.modules.get(module), "__file__", None)
    return {
        "type": type_name(value),
        "named": [module, name],
        "importable": found is named,
        "file": home if isinstance(home, str) else None,
        "python": sys.version.split()[0],
    }


def evaluate(probe: "dict[str, Any]", values: "dict[str, Any]") -> object:
    """Evaluate an expression, or call a function that was sent as source."""
    scope = {"__name__": "__probe__", "__builtins__": __builtins__}  # type: dict[str, Any]
    if probe["mode"] == "expression":
        code = compile(probe["source"], "<probe>", "eval")
        return eval(code, {**scope, **values})
    exec(compile(probe["source"], "<probe>", "exec"), scope)
    function = scope[probe["name"]]
    named = {name: value for name, value in values.items() if name != "obj"}
    result = function(values["obj"], **named)
    if isinstance(result, types.CoroutineType):
        import asyncio

        result = asyncio.run(result)
    return result


# --- the agent: one process for many checks -------------------------------------------------------


def load_prctl() -> "Any":
    """Return the C library's `prctl`, or `None` where there is none.

    `ctypes` is forgotten again: a payload that needs it has to import it itself.
    """
    if not sys.platform.startswith("linux"):
        return None
    before = set(sys.modules)
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except Exception:
        return None
    finally:
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in {"ctypes", "_ctypes"}:
                del sys.modules[name]


class Pipe:
    """The reading end of one of the child's streams, kept up to a limit, cut in the middle."""

    def __init__(self, limit: "int | None") -> None:
        self.read_end, self.write_end = os.pipe()
        self.limit = limit
        self.total = 0
        self.head = bytearray()
        self.tail = bytearray()

    def take(self) -> bool:
        """Read what is there; false at the end of the stream."""
        part = os.read(self.read_end, CHUNK_BYTES)
        self.total += len(part)
        more = bool(part)
        if self.limit is None:
            self.head += part
            return more
        room = max(0, self.limit // 2 - len(self.head))
        self.head += part[:room]
        self.tail += part[room:]
        del self.tail[: -(self.limit // 2)]
        return more

    def kept(self) -> bytes:
        """Return what was kept of the stream."""
        return bytes(self.head + self.tail)


class Agent:
    """Serves requests until the host goes away."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests = requests
        self.answers = answers
        self.scratch = ""
        self.prctl = None  # type: Any
        self.count = 0
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_write, False)
        os.set_blocking(self.wake_read, False)

    def start(self) -> None:
        """Read the greeting, preload, say hello."""
        greeting, _ = read_message(self.requests)
        self.scratch = greeting["scratch"] or make_scratch()
        if greeting["there"]:
            exec(compile(greeting["there"], OWN_FILES[1], "exec"), THERE)
        absent = []
        for name in greeting["preload"]:
            importlib.import_module(name)
        for name in greeting["try_preload"]:
            try:
                importlib.import_module(name)
            except BaseException:
                absent.append(name)
        self.prctl = load_prctl()
        if self.prctl is not None:
            self.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        limit_cores()
        faulthandler.enable()
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()
        write_all(self.answers, encode(hello(absent)))

    def serve(self) -> None:
        """Answer requests, one at a time."""
        while True:
            try:
                request, blobs = read_message(self.requests)
            except EOFError:
                return
            header, evidence = self.check(request, blobs)
            write_all(self.answers, encode(header, evidence))

    def check(
        self, request: "dict[str, Any]", blobs: "list[bytes]"
    ) -> "tuple[dict[str, Any], tuple[bytes, ...]]":
        """Fork, follow the child to its end, clean up after it."""
        started = time.monotonic()
        self.count += 1
        cwd = os.path.join(self.scratch, "check-%d" % self.count)
        os.mkdir(cwd, 0o700)
        pipes = (Pipe(None), Pipe(MAX_EVIDENCE_BYTES), Pipe(MAX_EVIDENCE_BYTES))
        pid = os.fork()
        if pid == 0:
            self.become_child(request, blobs, pipes, cwd)
        for pipe in pipes:
            os.close(pipe.write_end)
        status, timed_out = self.follow(pid, pipes, started + request["timeout"])
        seconds = time.monotonic() - started
        self.kill_left_over(pid)
        header = {
            "nonce": request["nonce"],
            "status": status,
            "timed_out": timed_out,
            "seconds": seconds,
            "stdout_bytes": pipes[1].total,
            "stderr_bytes": pipes[2].total,
            "files": remove_tree(cwd),
        }
        return header, tuple(pipe.kept() for pipe in pipes)

    def become_child(
        self, request: "dict[str, Any]", blobs: "list[bytes]", pipes: "tuple[Any, ...]", cwd: str
    ) -> None:
        """Run one check in this fresh process and end it without coming back."""
        code = 70
        try:
            if self.prctl is not None:
                self.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(pipes[1].write_end, 1)
            os.dup2(pipes[2].write_end, 2)
            for pipe in pipes:
                os.close(pipe.read_end)
            for number in (pipes[1].write_end, pipes[2].write_end, self.requests, self.answers):
                os.close(number)
            os.close(self.wake_read)
            os.close(self.wake_write)
            os.chdir(cwd)
            Check(request, blobs, pipes[0].write_end).run()
            code = 0
        except BaseException as error:
            os.write(2, ("agent: %s\n" % text_of(error)).encode("utf-8", "replace"))
        finally:
            flush()
            os._exit(code)

    def follow(self, pid: int, pipes: "tuple[Any, ...]", deadline: float) -> "tuple[int, bool]":
        """Collect the child's streams until it ends or its time is over."""
        poll = select.poll()
        streams = {pipe.read_end: pipe for pipe in pipes}
        for number in [*streams, self.wake_read]:
            poll.register(number, select.POLLIN)
        poll.register(self.requests, 0)  # only to hear that the host went away
        timed_out = False
        while True:
            left = max(0.0, deadline - time.monotonic())
            events = poll.poll(left * 1000 + 1)
            for number, event in events:
                if number in streams:
                    if not streams[number].take():
                        poll.unregister(number)
                elif number == self.wake_read:
                    drain(self.wake_read)
                elif event & (select.POLLHUP | select.POLLERR):
                    kill_group(pid, signal.SIGKILL)
                    remove_tree(self.scratch)
                    os._exit(0)
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                finish_streams(streams)
                return decode(status), timed_out
            if time.monotonic() >= deadline:
                # The first signal makes faulthandler print the stacks; the second one is final.
                kill_group(pid, signal.SIGKILL if timed_out else signal.SIGABRT)
                timed_out = True
                deadline = time.monotonic() + ABORT_SECONDS

    def kill_left_over(self, pid: int) -> None:
        """Kill what the child started and did not end, daemons that left its group included."""
        kill_group(pid, signal.SIGKILL)
        for _ in range(100):
            children = orphans()
            for child in children:
                with_pid(os.kill, child, signal.SIGKILL)
            for child in children:
                with_pid(os.waitpid, child, 0)
            if not children:
                return


def hello(absent: "list[str]") -> "dict[str, object]":
    """Return the facts of this interpreter."""
    return {
        "schema": SCHEMA,
        "python": "%d.%d.%d" % sys.version_info[:3],
        "version_info": list(sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "platform": "%s-%s" % (sys.platform, os.uname().machine),
        "executable": sys.executable,
        "pid": os.getpid(),
        "fork": True,
        "absent": absent,
    }


def make_scratch() -> str:
    """Make a directory of ours, with a home in it: the host has none to give."""
    name = "pytest-portable-%d-%s" % (os.getpid(), os.urandom(6).hex())
    scratch = os.path.join(os.environ.get("TMPDIR") or "/tmp", name)
    home = os.path.join(scratch, "home")
    os.mkdir(scratch, 0o700)
    os.mkdir(home)
    os.chdir(home)
    for name in ("HOME", "TMPDIR"):
        os.environ.setdefault(name, home)
    return scratch


def limit_cores() -> None:
    """Let a crash leave no core file."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def flush() -> None:
    """Hand over what user code printed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # closed or replaced by user code
            pass


def drain(descriptor: int) -> None:
    """Empty a pipe that does not block."""
    try:
        os.read(descriptor, 4096)
    except BlockingIOError:
        pass


def finish_streams(streams: "dict[int, Pipe]") -> None:
    """Read what is left after the child's end without waiting for its grandchildren."""
    for number, pipe in streams.items():
        os.set_blocking(number, False)
        try:
            while pipe.take():
                pass
        except BlockingIOError:
            pass
        os.close(number)


def decode(status: int) -> int:
    """Return the exit code, or minus the signal."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def with_pid(function: "Any", pid: int, argument: int) -> None:
    """Call a process function; a process that is gone already is no trouble."""
    try:
        function(pid, argument)
    except (ProcessLookupError, ChildProcessError, PermissionError):
        pass


def kill_group(pid: int, number: int) -> None:
    """Signal the process group of a child."""
    with_pid(os.killpg, pid, number)


def orphans() -> "list[int]":
    """Return the processes that were adopted by this one (Linux; empty elsewhere)."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as stream:
            return [int(pid) for pid in stream.read().split()]
    except OSError:
        return []


def remove_tree(path: str) -> "list[str]":
    """Remove a directory and return the files that lay in it."""
    try:
        os.rmdir(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            return []
    else:
        return []
    files = []
    for folder, folders, names in os.walk(path, topdown=False):
        for name in names:
            files.append(os.path.relpath(os.path.join(folder, name), path))
            os.unlink(os.path.join(folder, name))
        for name in folders:
            inner = os.path.join(folder, name)
            (os.unlink if os.path.islink(inner) else os.rmdir)(inner)
    os.rmdir(path)
    return sorted(files)[:MAX_FILES]


def main() -> None:
    """Move descriptors 0 and 1 aside, hide the agent, serve."""
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0] or os.curdir) == here:
        del sys.path[0]
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = [""]
    sys.modules["__main__"] = types.ModuleType("__main__")
    agent = Agent(requests, answers)
    agent.start()
    agent.serve()
    remove_tree(agent.scratch)


if __name__ == "__main__":
    hidden = sys.modules["__main__"]  # keeps the globals of the running functions alive
    main()
