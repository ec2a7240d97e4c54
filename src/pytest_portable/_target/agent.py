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

Request: `nonce`, `kind` ("check", "call" or "task": the one payload is a message for `runner`, a
name and keyword arguments), `payloads` (a list of `name`, `loaders`, `file`; bytes
in the blobs where `file` is null), `dumpers` (a list of `[module:attribute, keyword arguments]`),
`protocol`, `round_trip`, `probes` (a list of `label`, `mode`, `source`, `name`), `warnings`, `seed`
(null, or a number), `seeded` (modules beside `random` that the seed is for), `spill` (null, or a
directory for blobs over `SPILL_BYTES`), `timeout` (seconds).

Answer: `nonce`, `status` (exit code, or minus the signal), `timed_out`, `seconds`, `stdout_bytes`,
`stderr_bytes` (before cutting), `files` (left in the working directory); blobs: the child's records
(messages as above), stdout, stderr.

Records of the child, each written before the step that it names: `{"step": ...}` with `loading`,
`describing`, `dumping`, `probing`, `calling`, `returning`; data records carry one of `loaded`,
`description`, `returned`, `value`, `raised`, `alone`, `failed`, and at last `{"finished": nonce}`.
What a call (`obj()`) or a probe (its label) gave is named by `name`. `raised` holds the exception,
as the first of a list of all it was raised from; `links` says how they hang together, `facts` what
its arguments and attributes are. `alone` is the exception without the others.
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
from functools import partial

SPILL_BYTES = 1 << 20
MAX_EVIDENCE_BYTES = 1 << 16
MAX_WARNINGS = 50
MAX_FILES = 50
MAX_RELATIVES = 50
MAX_DUMPED_PARTS = 200
MAX_CANONICAL = 200
MAX_TEXT = 2000
PLAIN_TYPES = frozenset({bool, int, float, complex, str, bytes, type(None), type(...)})
CONTAINER_TYPES = frozenset({list, tuple, set, frozenset, dict})
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
        self.request = {"probes": [], "seed": None, "seeded": [], **request}
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
        if self.request["kind"] == "task":
            self.task()
            self.record({"finished": self.request["nonce"]})
            return
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
        self,
        step: str,
        error: BaseException,
        name: str,
        caught: "list[Any] | tuple[()]" = (),
        part: "list[str] | None" = None,
    ) -> None:
        """Record that a step raised, and at which part of the object where that is known."""
        self.record(
            {
                "failed": step,
                "name": name,
                "exception": describe_exception(error),
                "part": part,
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
        for probe in self.request["probes"]:
            self.record({"step": "probing", "name": probe["label"]})
            self.exercise(probe["label"], partial(evaluate, probe, values))

    def call(self, values: "dict[str, Any]") -> None:
        """Call the function that came as `obj`."""
        self.record({"step": "calling", "name": "obj()"})
        args, kwargs = values["arguments"]
        self.exercise("obj()", lambda: values["obj"](*args, **kwargs))

    def task(self) -> None:
        """Hand a system's own message to its own code, and send back what that answers."""
        name, options = self.request["runner"]
        payload = self.request["payloads"][0]
        self.record({"step": "calling", "name": "obj()"})
        try:
            message = self.load_one(payload, iter(self.blobs), name, bytes)
            answer, told = resolve(name)(message, **options)
        except BaseException as error:
            self.failed("running", error, payload["name"])
            return
        self.record({"step": "returning", "name": "obj()"})
        if told is None:
            self.record({"value": "obj()", "dumper": name, "type": ["", ""]}, answer)
            return
        about = describe_exception(told) if isinstance(told, BaseException) else None
        about = about or {"type": "", "module": "", "message": told, "traceback": told}
        self.record({"raised": about, "name": "obj()", "dumper": name}, answer)

    def exercise(self, name: str, action: "Any") -> None:
        """Run the user's code under the seed and send back what it gives or raises."""
        error, value = None, None  # type: BaseException | None, object
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                sow(self.request["seed"], self.request["seeded"])
                value = action()
                if isinstance(value, types.CoroutineType):
                    import asyncio

                    value = asyncio.run(value)
            except BaseException as problem:
                error = problem
        if error is not None:
            self.raised(name, error, caught)
            return
        self.record({"step": "returning", "name": name, "warnings": plain_warnings(caught)})
        self.dump("value", value, "returning", name)

    def raised(self, name: str, error: BaseException, caught: "list[Any]") -> None:
        """Send an exception back, with what it was raised from where that can be dumped too."""
        family = relatives(error)
        header = {
            "raised": describe_exception(error),
            "name": name,
            "facts": exception_facts(error),
            "links": [links(member, family) for member in family],
            "warnings": plain_warnings(caught),
        }  # type: dict[str, object]
        trouble = None
        for sent in (family, [error]):  # a cause that cannot be dumped must not hide the error
            try:
                dumper, blob = self.quietly_dumped(sent)
            except BaseException as failure:
                trouble = describe_exception(failure)
                continue
            self.record({**header, "dumper": dumper, "members": len(sent)}, blob)
            if len(sent) > 1:
                self.send_alone(name, error)
            return
        self.record({**header, "undumped": trouble, "part": self.smallest(error, name)})

    def send_alone(self, name: str, error: BaseException) -> None:
        """Send the exception without its causes: the host may not be able to load one of them."""
        try:
            dumper, blob = self.quietly_dumped([error])
        except BaseException:
            return
        self.record({"alone": name, "dumper": dumper}, blob)

    def quietly_dumped(self, value: object) -> "tuple[str, bytes]":
        """Dump without the warnings of reducers."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.dumps(value)

    def smallest(self, value: object, path: str) -> "list[str]":
        """Follow the parts that cannot be dumped by themselves; return the last: path and class."""
        left = MAX_DUMPED_PARTS
        seen = {id(value)}
        parts = parts_of(value)
        while parts and left:
            suffix, part = parts.pop(0)
            if id(part) in seen:
                continue
            seen.add(id(part))
            left -= 1
            try:
                self.quietly_dumped(part)
            except BaseException:
                value, path, parts = part, path + suffix, parts_of(part)
        return [path, *type_name(value)]

    def dump(self, kind: str, value: object, step: str, name: str) -> None:
        """Dump a value into a record of its own."""
        try:
            dumper, blob = self.dumps(value)
        except BaseException as error:
            self.record({"type": type_name(value), "step": step})
            self.failed(step, error, name, part=self.smallest(value, name))
            return
        self.record({kind: name, "name": name, "dumper": dumper, "type": type_name(value)}, blob)

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
    return function(values["obj"], **named)


def sow(seed: "int | None", modules: "list[str]") -> None:
    """Set the seed of `random`, and of the named libraries where they are installed."""
    if seed is None:
        return
    importlib.import_module("random").seed(seed)
    for name in modules:
        try:
            library = importlib.import_module(name)  # type: Any
        except ImportError:
            continue
        (library.random.seed if name == "numpy" else library.manual_seed)(seed)


# --- exceptions and parts -------------------------------------------------------------------------


def relatives(error: BaseException) -> "list[BaseException]":
    """Return an exception and all that it was raised from or consists of, itself first."""
    family = [error]
    for member in family:
        group = getattr(member, "exceptions", ())
        inner = (
            [part for part in group if isinstance(part, BaseException)]
            if (isinstance(group, tuple))
            else []
        )
        for other in [member.__cause__, member.__context__, *inner]:
            if other is not None and not any(other is known for known in family):
                family.append(other)
        if len(family) >= MAX_RELATIVES:
            break
    return family


def links(member: BaseException, family: "list[BaseException]") -> "list[Any]":
    """Return positions of cause and context, and whether the context is hidden."""
    places = [
        next((place for place, known in enumerate(family) if known is other), None)
        for other in (member.__cause__, member.__context__)
    ]
    return [*places, bool(member.__suppress_context__)]


def exception_facts(error: BaseException) -> "dict[str, str]":
    """Return arguments and attributes as text that equal ones have in every process."""
    facts = {"args": canonical(tuple(error.args))}
    held = getattr(error, "__dict__", None)
    for name, part in list(held.items()) if isinstance(held, dict) else []:
        if isinstance(name, str) and name != "__notes__":
            facts["." + name] = canonical(part)
    return facts


def canonical(value: object, depth: int = 6) -> str:
    """Return the text of plain data, the same in every process; of anything else, its class."""
    kind = type(value)
    if kind in PLAIN_TYPES:
        try:
            text = repr(value)
        except ValueError:  # more digits than Python likes to write
            text = "<int>"
    elif kind in CONTAINER_TYPES and depth and len(value) <= MAX_CANONICAL:  # type: ignore[arg-type]
        if kind is dict:
            pairs = dict.items(value)  # type: Any  # type: ignore[arg-type]
            inner = sorted(
                canonical(a, depth - 1) + ": " + canonical(b, depth - 1) for a, b in pairs
            )
        else:
            inner = [canonical(part, depth - 1) for part in value]  # type: ignore[attr-defined]
        if kind in {set, frozenset}:
            inner.sort()
        text = "%s(%s)" % (kind.__name__, ", ".join(inner))
    else:
        text = "<%s.%s>" % (kind.__module__, kind.__qualname__)
    return (
        text
        if len(text) <= MAX_TEXT
        else text[:MAX_TEXT] + " [cut at %d of %d]" % (MAX_TEXT, len(text))
    )


def parts_of(value: object) -> "list[tuple[str, object]]":
    """Return the parts of a value that may be what cannot be dumped, with their path suffixes."""
    found = []  # type: list[tuple[str, object]]
    if isinstance(value, dict):
        found = [("[%s]" % text_of_key(key), part) for key, part in dict.items(value)]
    elif isinstance(value, (list, tuple)):
        found = [("[%d]" % index, part) for index, part in enumerate(value)]
    elif isinstance(value, BaseException):
        found = [(".args[%d]" % index, part) for index, part in enumerate(value.args)]
    held = getattr(value, "__dict__", None)
    if isinstance(held, dict) and not isinstance(value, (type, types.ModuleType)):
        found += [("." + str(name), part) for name, part in list(held.items())]
    return found[:MAX_DUMPED_PARTS]


def text_of_key(key: object) -> str:
    """Return how a path names a key."""
    return repr(key) if type(key) in PLAIN_TYPES else "<%s>" % type(key).__qualname__


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
