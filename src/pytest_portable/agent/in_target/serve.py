"""Load payloads in the target interpreter, each in a fresh process, and report what happened.

Run by path in a target (`python -s agent.py`); the host writes requests to descriptor 0 and reads
answers from descriptor 1. Both are duplicated away before anything else, so what user code prints
never meets them.

A message is a head of four numbers, 8 bytes each, big-endian (length of the header, length of the
body, ticket, time limit in milliseconds), a JSON header, then the body: the blobs whose lengths
stand in `header["blobs"]`. An answer has the ticket of its request. Each side waits for the other,
so messages never queue up.

Greeting to the agent (first message): `schema`, `scratch` (a directory that is the agent's: it goes
with it; null to make one, where no files are shared with the host), `preload` (modules imported
before any fork), `try_preload` (the same, but allowed to be absent), `there` (source of functions
that loaders and dumpers name as `there:function`).
Hello from the agent: `schema`, `python`, `version_info`, `implementation`, `platform`,
`executable`, `pid`, `fork`, `absent` (what could not be preloaded); or, and nothing follows it,
`refused` (a module of `preload` that cannot be imported) and `exception`.

Request: `nonce`, `kind` ("check"; "call"; "pass": load and dump again; "forward": hand the bytes
on, or what `reader` makes of them; "task": the one payload is a message for `runner`; both are a
name and keyword arguments), `payloads` (a
list of `name`, `loaders`, `file`; bytes
in the blobs where `file` is null; `stream_loaders`, which read a file; `beside`, null or where
the buffers lie that protocol 5 keeps out of the stream: `file`, and `places`, pairs of offset and
size), `outside` (whether such buffers may come back so),
`dumpers` (a list of `[module:attribute, keyword arguments]`),
`protocol`, `round_trip`, `probes` (a list of `label`, `mode`, `source`, `name`, `plain`: what it
gives is text and comes back as it is), `warnings`, `seed` (null, or a number), `seeded` (modules
beside `random` that the seed is for), `ship` (null, or import packages to find first: `names`,
`files` as pairs of path and length, contents in the last blob or in `file`).

Answer: `status` (exit code, or minus the signal), `timed_out`, `seconds`, `stdout_bytes`,
`stderr_bytes` (before cutting), `files` (left in the working directory), `records` (null, or the
file that holds them, for the host to remove); blobs: the child's records (messages as above; empty
where there is a file), stdout, stderr.

A check has a process of its own, forked before its request comes, which takes a small check of its
own to get warm: that hides most of what a fork costs. It writes its records to a file, and one byte
to a pipe when it is done, then waits for its end; the agent answers, and cleans up behind it and
forks the next when the host had a moment to read, or asks already.

Three kinds of requests explain a failure. "blame" loads the payload that `blame` names with an
unpickler that notes every step before it is taken (`globals`: a list of `[module, name, place]`
that the loader finds elsewhere: in another module, or as the namespace of `module:attribute`). The
last step stands in the blob of the record `noted`, memory that outlives the process: length of the
text, offset of the opcode, text (opcode and words, parted by zeros). Record: `asked`.
"again" runs the first of `probes` once more, watches what that asks of its surroundings (record
`looked`), and describes `parts`, expressions over the payloads (record `parts`).
"census" (`references`: a list of `[module, [name, ...]]`, imported; `modules`: looked for without
being imported) asks what is there; records: `counted`, `located`, `facts`.

Records of the child, each written before the step that it names: `{"step": ...}` with `loading`,
`describing`, `dumping`, `probing`, `calling`, `returning`, `forwarding`; data records carry one of
`loaded`, `description`, `surroundings`, `shadowed`, `returned`, `value`, `plain`, `raised`,
`alone`, `forwarded`, `events` (what an opaque hop did beside forwarding),
`failed`, and at last `{"finished": nonce}`. What a call (`obj()`) or a probe (its label) gave is
named by `name`. `raised` holds the exception, as the first of a list of all it was raised from;
`links` says how they hang together, `facts` what its arguments and attributes are. `alone` is the
exception without the others.
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

import _signal  # type: ignore[import-not-found]
import binascii
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
FORBIDDEN_EVENTS = frozenset(
    {"import", "pickle.find_class", "marshal.loads", "compile", "exec", "code.__new__"}
)
MAX_EVENTS = 5000
MAX_SURVEYED = 300
MAX_SOURCE_BYTES = 1 << 20
MAX_SOURCE_LINES = 200
MISSING = object()
CONTAINER_TYPES = frozenset({list, tuple, set, frozenset, dict})
ABORT_SECONDS = 0.3
ASIDE_SECONDS = 0.001
CHUNK_BYTES = 1 << 18
OWN_FILES = (__file__, "<serializer>")
HEAD_BYTES = 32
ALIGNED_BYTES = 64
SHIPPED = "-shipped"  # beside the working directory, which belongs to user code
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


# Functions of the serializer, sent as source; no module, so that no payload can find them.
THERE = {"__name__": "there"}  # type: dict[str, Any]
# What runs for every check stays in C where it can: after a fork each page of memory that Python
# touches costs 2 microseconds, and a call through a module of the library touches dozens.
scan_json = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def to_json(value: object) -> str:
    """Return `json.dumps(value)`."""
    return "".join(encode_json(value, 0)) if encode_json else json.dumps(value)


def json_encoder() -> "Any":
    """Return the C encoder that `json.dumps` makes anew for every call; PyPy has none."""
    make = getattr(json.encoder, "c_make_encoder", None)
    text = json.encoder.encode_basestring_ascii
    return make and make(None, None, text, None, ": ", ", ", False, False, True)


encode_json = json_encoder()


# --- messages -------------------------------------------------------------------------------------


def encode(
    header: "dict[str, object]",
    blobs: "tuple[bytes, ...]" = (),
    ticket: int = 0,
    limit_ms: int = 0,
) -> "list[bytes]":
    """Return the pieces of one message."""
    sizes = [len(blob) for blob in blobs]
    text = to_json({**header, "blobs": sizes}).encode("ascii")
    body = sum(sizes)
    head = b"".join([n.to_bytes(8, "big") for n in (len(text), body, ticket, limit_ms)])
    if body < CHUNK_BYTES:
        return [b"".join((head, text, *blobs))]
    return [head + text, *blobs]


def number_at(message: "bytes | memoryview", position: int) -> int:
    """Return one of the four numbers in a message's head."""
    return int.from_bytes(message[8 * position : 8 * position + 8], "big")


def length_of(head: "bytes | memoryview") -> int:
    """Return the length of a whole message."""
    return HEAD_BYTES + number_at(head, 0) + number_at(head, 1)


def decode(message: "bytes | memoryview") -> "tuple[dict[str, Any], list[bytes]]":
    """Return header and blobs of a whole message."""
    offset = HEAD_BYTES + number_at(message, 0)
    header = scan_json(str(message[HEAD_BYTES:offset], "ascii"), 0)[0]
    blobs = []
    for size in header["blobs"]:
        blobs.append(bytes(message[offset : offset + size]))
        offset += size
    return header, blobs


def write_all(descriptor: int, pieces: "list[bytes] | list[memoryview]") -> None:
    """Write every piece, however often the kernel takes only a part."""
    for piece in pieces:
        written = os.write(descriptor, piece)
        if written < len(piece):
            view = memoryview(piece)[written:]
            while view:
                view = view[os.write(descriptor, view) :]


def receive(descriptor: int) -> bytes:
    """Read one whole message; `EOFError` when the other side is gone."""
    message = read_some(descriptor)
    while len(message) < HEAD_BYTES:
        message += read_some(descriptor)
    missing = length_of(message) - len(message)
    if not missing:
        return message
    parts = [message]
    while missing:
        parts.append(read_some(descriptor))
        missing -= len(parts[-1])
    return b"".join(parts)


def is_inside(buffers: "list[memoryview]", buffer: "Any") -> bool:
    """Keep a big buffer out of the stream, as `buffer_callback` of pickle's protocol 5."""
    with memoryview(buffer) as view:
        if view.nbytes < SPILL_BYTES or not (view.c_contiguous or view.f_contiguous):
            return True
    buffers.append(buffer.raw())
    return False


def write_buffers(path: str, buffers: "list[memoryview]") -> "dict[str, object]":
    """Write buffers to a new file, each where every processor likes to find its numbers."""
    places, offset = [], 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for buffer in buffers:
            os.lseek(file, offset, os.SEEK_SET)
            write_all(file, [buffer])
            places.append([offset, buffer.nbytes])
            offset += -(-buffer.nbytes // ALIGNED_BYTES) * ALIGNED_BYTES
    finally:
        os.close(file)
    return {"file": path, "places": places}


def map_buffers(beside: "dict[str, Any]") -> "list[memoryview]":
    """Return the buffers of a file: memory that is read when it is looked at, and private."""
    import mmap

    with open(beside["file"], "rb") as stream:
        view = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY))
    return [view[offset : offset + size] for offset, size in beside["places"]]


def read_some(descriptor: int) -> bytes:
    """Read what is there, at least one byte; `EOFError` at the end."""
    part = os.read(descriptor, CHUNK_BYTES)
    if not part:
        raise EOFError
    return part


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
            name = getattr(code, "co_qualname", code.co_name)
            frames.append([code.co_filename, trace.tb_lineno, name, str(module)])
        trace = trace.tb_next
    name = getattr(error, "name", None)
    return {
        "type": type(error).__qualname__,
        "module": str(type(error).__module__),
        "bases": [base.__name__ for base in type(error).__mro__],
        "message": text_of(error),
        "name": name if isinstance(name, str) else None,
        "about": about(error),
        "file": file_of(error),
        "frames": frames[-60:],
        "traceback": format_traceback(error),
        "cause": describe_exception(
            error.__cause__ or (None if error.__suppress_context__ else error.__context__),
            depth + 1,
        ),
    }


def about(error: BaseException) -> "list[str] | None":
    """Return what an attribute was looked up on: its class, or the module itself."""
    try:
        found = error.obj  # type: ignore[attr-defined]
    except BaseException:
        return None
    if isinstance(found, types.ModuleType):
        return ["module", str(found.__name__), ""]
    named = found if isinstance(found, type) else type(found)
    kind = "class" if isinstance(found, type) else "instance"
    return [kind, str(named.__module__), str(named.__qualname__)]


def file_of(error: BaseException) -> "str | None":
    """Return the file that an `OSError` is about."""
    name = getattr(error, "filename", None) if isinstance(error, OSError) else None
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else None


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
    __import__(module)
    return getattr(sys.modules[module], attribute)


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
    """One check in a process of its own."""

    def __init__(self, message: bytes, records: int, watch: "Watch", beside: str) -> None:
        request, self.blobs = decode(message)
        defaults = {"probes": [], "seed": None, "seeded": [], "ship": None, "survey": None}  # type: dict[str, Any]
        self.request = {**defaults, **request}
        self.records = records
        self.watch = watch
        self.beside = beside
        self.notes = Notes(records) if self.request["kind"] == "blame" else None

    def record(self, header: "dict[str, object]", blob: "bytes | None" = None) -> None:
        """Write one record."""
        write_all(self.records, encode(header, () if blob is None else (blob,)))

    def run(self) -> None:
        """Take the steps of the request; the last record says that it finished."""
        self.unpack()
        kinds = {
            "again": self.look_again,
            "blame": self.find_blame,
            "census": self.count,
            "forward": self.forward,
            "task": self.task,
        }
        kinds.get(self.request["kind"], self.exercise_all)()
        flush()
        self.record({"finished": self.request["nonce"]})

    def find_blame(self) -> None:
        """Load with the unpickler that notes its steps, and tell what was asked for."""
        assert self.notes is not None
        found = Asking(self.notes)
        found.watch()
        self.load()
        found.open = False
        self.record({"asked": found.seen})

    def exercise_all(self) -> None:
        """Load, and do what the kind of the request asks for."""
        values = self.load()
        if values is None:
            return
        if self.request["kind"] == "call":
            self.call(values)
        elif self.request["kind"] == "pass":
            for name, value in values.items():
                self.record({"step": "dumping", "name": name})
                self.dump("returned", value, "dumping", name)
        else:
            self.inspect_and_probe(values)

    def forward(self) -> None:
        """Hand every payload on, and watch that nothing is imported or loaded for it."""
        events = []  # type: list[str]

        def watch(event: str, args: "tuple[Any, ...]") -> None:
            if event in FORBIDDEN_EVENTS and len(events) < MAX_EVENTS:
                events.append("%s %s" % (event, args[0] if args else ""))

        def profile(_: object, event: str, function: "Any") -> None:
            # A pickle without globals loads without an event of its own.
            if event == "c_call" and is_unpickling(function):
                events.append("pickle %s" % function.__qualname__)

        name, options = self.request.get("reader") or (None, {})
        read = resolve(name) if name else None
        self.record({"step": "forwarding"})
        sys.addaudithook(watch)
        blobs = iter(self.blobs)
        for payload in self.request["payloads"]:
            if payload["file"] is None:
                data = next(blobs)
            else:
                with open(payload["file"], "rb") as stream:
                    data = stream.read()
            if read is not None:
                sys.setprofile(profile)
                try:
                    data = read(data, **options)
                except BaseException as error:
                    sys.setprofile(None)
                    self.failed("loading", error, payload["name"])
                    return
                sys.setprofile(None)
            self.record({"forwarded": payload["name"]}, data)
        self.record({"events": events})

    def unpack(self) -> None:
        """Put import packages that came as source where they are found before all others."""
        ship = self.request["ship"]
        if ship is None:
            return
        if ship["file"] is None:
            data = self.blobs.pop()
        else:
            with open(ship["file"], "rb") as stream:
                data = stream.read()
        folder, offset = os.getcwd() + SHIPPED, 0
        for path, size in ship["files"]:
            place = os.path.join(folder, *path.split("/"))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as stream:
                stream.write(data[offset : offset + size])
            offset += size
        # What was imported under these names before (a preload) is another version.
        for name in list(sys.modules):
            if any(name == one or name.startswith(one + ".") for one in ship["names"]):
                del sys.modules[name]
        sys.path.insert(0, folder)

    def load(self) -> "dict[str, Any] | None":
        """Load every payload, keeping the warnings; `None` after a failure."""
        values = {}
        blobs = iter(self.blobs)
        for payload in self.request["payloads"]:
            self.record({"step": "loading", "name": payload["name"]})
            try:
                loader, function, options = first_importable(payload["loaders"])
                function = partial(function, **options) if options else function
                if self.notes is not None and payload["name"] == self.request["blame"]:
                    function = self.notes.watching(function, self.request["globals"])
                values[payload["name"]] = self.load_one(payload, blobs, loader, function)
            except BaseException as error:
                self.failed("loading", error, payload["name"], self.watch.take())
                return None
            caught = plain_warnings(self.watch.take())
            self.record({"loaded": payload["name"], "loader": loader, "warnings": caught})
        self.watch.end()
        return values

    def load_one(
        self, payload: "dict[str, Any]", blobs: "Any", loader: str, function: "Any"
    ) -> object:
        """Load from the file where there is one: it has the lowest peak of memory."""
        options = {"buffers": map_buffers(payload["beside"])} if payload["beside"] else {}
        if payload["file"] is None:
            return function(next(blobs), **options)
        with open(payload["file"], "rb") as stream:
            watched = self.notes is not None
            for from_stream in () if watched else payload["stream_loaders"]:
                if from_stream.partition(":")[0] == loader.partition(":")[0]:
                    return resolve(from_stream)(stream, **options)
            return function(stream.read(), **options)

    def count(self) -> None:
        """Say what is there of the modules and names that a payload refers to."""
        for module, names in self.request["references"]:
            self.record({"step": "counting", "name": module})
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    importlib.import_module(module)
                    found = sys.modules[module]
            except BaseException as error:
                self.record({"counted": module, "exception": describe_exception(error)})
                continue
            facts = {name: find_name(found, name) for name in names}
            self.record({"counted": module, "exception": None, "names": facts})
        for module in self.request["modules"]:
            self.record({"located": module, "found": locate(module)})
        tops = {module.partition(".")[0] for module, _ in self.request["references"]}
        tops.update(module.partition(".")[0] for module in self.request["modules"])
        self.record(
            {
                "facts": True,
                "stdlib": sorted(getattr(sys, "stdlib_module_names", ())),
                "owners": owners(tops),
            }
        )

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
        self.look_around()
        if self.request["round_trip"]:
            self.record({"step": "dumping", "name": "obj"})
            self.dump("returned", obj, "dumping", "obj")
        for probe in self.request["probes"]:
            self.record({"step": "probing", "name": probe["label"]})
            action = partial(evaluate, probe, values)
            self.exercise(probe["label"], action, plain=probe.get("plain", False))
        self.look_for_shadows()

    def look_again(self) -> None:
        """Run a probe that disagreed once more, and watch what it asks for."""
        looking = Looking()
        looking.watch_imports()
        values = self.load()
        if values is None:
            return
        probe = self.request["probes"][0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sow(self.request["seed"], self.request["seeded"])
            looking.watch()
            try:
                value = evaluate(probe, values)
                if isinstance(value, types.CoroutineType):
                    value.close()
            except BaseException:  # it was judged already
                pass
            finally:
                looking.end()
        self.record({"looked": looking.seen, "facts": process_facts()})
        self.record({"parts": [part_facts(source, values) for source in self.request["parts"]]})

    def call(self, values: "dict[str, Any]") -> None:
        """Call the function that came as `obj`."""
        self.look_around()
        self.record({"step": "calling", "name": "obj()"})
        args, kwargs = values["arguments"]
        self.exercise("obj()", lambda: values["obj"](*args, **kwargs))
        self.look_for_shadows()

    def look_around(self) -> None:
        """Describe what lies around what was loaded, before user code may change it."""
        if self.request["survey"] is not None:
            self.record({"surroundings": survey(self.request["survey"])})

    def look_for_shadows(self) -> None:
        """Tell which classes came by value beside the installed ones of that name."""
        found = shadowed()
        if found:
            self.record({"shadowed": found})

    def task(self) -> None:
        """Hand a system's own message to its own code, and send back what that answers."""
        name, options = self.request["runner"]
        payload = self.request["payloads"][0]
        self.record({"step": "calling", "name": "obj()"})
        try:
            message = self.load_one(payload, iter(self.blobs), name, bytes)
            answer, told = resolve(name)(message, **options)
        except BaseException as error:
            self.failed("loading", error, "obj")  # what the function raises is an answer
            return
        self.record({"step": "returning", "name": "obj()"})
        if told is None:
            self.record({"value": "obj()", "dumper": name, "type": ["", ""]}, answer)
            return
        about = describe_exception(told) if isinstance(told, BaseException) else None
        about = about or {"type": "", "module": "", "message": told, "traceback": told}
        self.record({"raised": about, "name": "obj()", "dumper": name}, answer)

    def exercise(self, name: str, action: "Any", plain: bool = False) -> None:
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
        if plain:
            self.record({"plain": name, "dumper": None}, str(value).encode("utf-8", "replace"))
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
        """Follow the parts that cannot be dumped by themselves; return the last: path and class.

        Of a function or a class, its own name as well.
        """
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
        kind = type_name(value)
        if isinstance(value, (type, types.FunctionType)):
            kind[1] += " " + str(value.__qualname__)
        return [path, *kind]

    def dump(self, kind: str, value: object, step: str, name: str) -> None:
        """Dump a value into a record of its own."""
        buffers = []  # type: list[memoryview]
        try:
            dumper, blob = self.dumps(value, partial(is_inside, buffers))
        except BaseException as error:
            self.record({"type": type_name(value), "step": step})
            self.failed(step, error, name, part=self.smallest(value, name))
            return
        header = {
            kind: name,
            "name": name,
            "dumper": dumper,
            "type": type_name(value),
        }  # type: dict[str, object]
        if buffers:
            header["beside"] = write_buffers("%s-%s" % (self.beside, kind), buffers)
        self.record(header, blob)

    def dumps(self, value: object, callback: "Any" = None) -> "tuple[str, bytes]":
        """Dump with the first dumper that is installed, at the lower of both protocols."""
        name, function, options = first_importable(self.request["dumpers"])
        if self.request["protocol"] is not None:
            protocol = min(self.request["protocol"], pickle.HIGHEST_PROTOCOL)
            options = {**options, "protocol": protocol}
            if protocol >= 5 and self.request["outside"] and self.beside:
                options.setdefault("buffer_callback", callback)
        return name, function(value, **options)


def is_unpickling(function: "Any") -> bool:
    """Tell whether a built-in function is one of pickle's that load."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    return name in ("load", "loads") and (
        function in (pickle.load, pickle.loads) or isinstance(owner, pickle.Unpickler)
    )


class Watch:
    """Keeps every warning from now on; begun before the fork, because it is not cheap."""

    def __init__(self) -> None:
        self.context = warnings.catch_warnings(record=True)
        self.caught = self.context.__enter__()  # type: list[Any]
        warnings.simplefilter("always")

    def take(self) -> "list[Any]":
        """Return the warnings since the last time."""
        taken = self.caught[:]
        del self.caught[:]
        return taken

    def end(self) -> None:
        """Let warnings go where they went before."""
        self.context.__exit__(None, None, None)


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


# --- surroundings: what the object finds around it, described alike on both sides -----------------


class Survey:
    """Functions, classes and values that lie about, as text that equal ones have everywhere.

    Nothing is imported and nothing is called: what stands in `__dict__` is read.

    Args:
        follow: top-level import names whose code is looked into.
    """

    def __init__(self, follow: "list[str]") -> None:
        self.follow = frozenset(follow)
        self.entries = {}  # type: dict[str, dict[str, Any]]
        self.origins = {}  # type: dict[str, str]
        self.files = {}  # type: dict[str, tuple[Any, list[str]]]
        self.waiting = []  # type: list[tuple[str, str, str]]

    def take(self, wanted: "list[list[str]]") -> "dict[str, Any]":
        """Describe globals, given by module and name, and what they use of the same packages."""
        self.waiting = [(module, name, "") for module, name in wanted]
        while self.waiting and len(self.entries) < MAX_SURVEYED:
            module, name, origin = self.waiting.pop(0)
            key = module + ":" + name
            if key not in self.entries:
                self.origins[key] = origin
                try:
                    self.entries[key] = self.portrait(look_up(module, name), module, key)
                except Exception:  # a metaclass or a module may answer anything
                    self.entries[key] = {"kind": "other", "type": ["", ""]}
        files = {}
        for key in self.entries:
            module = key.partition(":")[0]
            home = getattr(sys.modules.get(module), "__file__", None)
            if module not in files and isinstance(home, str):
                files[module] = [home, self.file(home)[0]]
        return {"entries": self.entries, "origins": self.origins, "files": files}

    def portrait(self, value: object, module: str, key: str) -> "dict[str, Any]":
        """Describe one value that was found in a module."""
        if value is MISSING:
            return {"kind": "missing"}
        if isinstance(value, types.ModuleType):
            return {"kind": "module", "name": str(value.__name__)}
        if isinstance(value, type):
            if top_of(value.__module__) in self.follow:
                return self.of_class(value, module, key)
            return {"kind": "foreign", "module": str(value.__module__)}
        function, more = unwrapped(value, self.follow)
        if isinstance(function, types.FunctionType):
            return {**self.of_function(function, module, key), **more}
        return self.of_value(value)

    def of_value(self, value: object) -> "dict[str, Any]":
        """Describe what is neither a definition nor a module."""
        kind = type(value)
        if kind in PLAIN_TYPES or kind in CONTAINER_TYPES:
            return {"kind": "plain", "text": canonical(value), "flat": kind in PLAIN_TYPES}
        if kind.__module__ == "unittest.mock":
            return {"kind": "mock"}
        if (kind.__module__, kind.__qualname__) == ("_contextvars", "ContextVar"):
            return {"kind": "plain", "text": canonical(value.get(None)), "flat": False}  # type: ignore[attr-defined]
        if (kind.__module__, kind.__qualname__) == ("_thread", "_local"):
            return {"kind": "plain", "text": canonical(vars(value)), "flat": False}
        if top_of(kind.__module__) in self.follow:
            held = object.__getattribute__(value, "__dict__") if has_dict(kind) else {}
            fields = {str(name): canonical(part) for name, part in list(held.items())[:100]}
            return {"kind": "object", "type": kind.__qualname__, "fields": fields}
        return {"kind": "other", "type": type_name(value)}

    def of_function(self, value: "Any", module: str, key: str) -> "dict[str, Any]":
        """Describe a function by its source, and look at the globals that it names."""
        code = value.__code__
        home = str(value.__globals__.get("__name__"))
        mark, lines = self.file(code.co_filename)
        names = names_in(code)
        if top_of(home) in self.follow:
            for name in names:
                found = value.__globals__.get(name, MISSING)
                if isinstance(found, types.ModuleType) and top_of(found.__name__) in self.follow:
                    self.waiting.extend(
                        (found.__name__, inner, key) for inner in names if inner in vars(found)
                    )
                elif found is not MISSING:
                    self.waiting.append((home, name, key))
        found = getattr(sys.modules.get(module), "__file__", None)
        return {
            "kind": "function",
            "module": home,
            "place": "%s:%d" % (code.co_filename, code.co_firstlineno),
            "own": code.co_filename == found,
            "file": mark,
            "source": source_block(lines, code.co_firstlineno),
            "code": [
                "%s %d.%d" % (sys.implementation.name, *sys.version_info[:2]),
                code_mark(code),
            ],
            "wrappers": [],
        }

    def of_class(self, value: type, module: str, key: str) -> "dict[str, Any]":
        """Describe a class by its functions and its plain values, and look at its bases."""
        members = {}  # type: dict[str, Any]
        for name, held in list(vars(value).items())[:MAX_SURVEYED]:
            part = accessor(held)
            function, more = unwrapped(part, self.follow)
            if isinstance(function, types.FunctionType):
                members[name] = {**self.of_function(function, module, key), **more}
            elif not (name.startswith("__") and name.endswith("__")):
                members[name] = self.of_value(part)
        for base in value.__bases__:
            if top_of(base.__module__) in self.follow:
                self.waiting.append((str(base.__module__), base.__qualname__, key))
        entry = {"kind": "class", "members": members}  # type: dict[str, Any]
        names = vars(value).get("_member_map_")
        if isinstance(names, dict) and "enum" in sys.modules:
            entry["members"] = {n: m for n, m in members.items() if m["kind"] == "function"}
            entry["enum"] = {
                str(name): canonical(getattr(member, "_value_", None))
                for name, member in names.items()
            }
        return entry

    def file(self, name: str) -> "tuple[Any, list[str]]":
        """Return a mark of a source file and its lines; nothing where it cannot be read."""
        if name not in self.files:
            try:
                with open(name, "rb") as stream:
                    data = stream.read(MAX_SOURCE_BYTES)
            except (OSError, ValueError):
                self.files[name] = None, []
            else:
                data = data.replace(b"\r\n", b"\n")
                lines = data.decode("utf-8", "replace").split("\n")
                self.files[name] = [len(data), binascii.crc32(data)], lines
        return self.files[name]


def survey(request: "dict[str, Any]") -> "dict[str, Any]":
    """Describe what the host asked about: `globals`, `follow`, `virtual` (class, ABC)."""
    taken = Survey(request["follow"]).take(request["globals"])
    taken["virtual"] = [is_subclass(*question) for question in request["virtual"]]
    return taken


def top_of(module: object) -> str:
    """Return the first part of a module's name."""
    return str(module).partition(".")[0]


def look_up(module: str, name: str) -> object:
    """Return what stands at a dotted name in a module that is there already."""
    found = sys.modules.get(module, MISSING)  # type: Any
    for part in name.split("."):
        try:
            space = vars(found)
        except TypeError:
            return MISSING
        if part not in space and isinstance(found, type):
            space = next((vars(base) for base in found.__mro__ if part in vars(base)), space)
        found = space.get(part, MISSING)
    return found


def has_dict(kind: type) -> bool:
    """Tell whether instances keep their attributes where they can be read without any code."""
    return any("__dict__" in vars(base) for base in kind.__mro__)


def accessor(part: object) -> object:
    """Return the function in what a class makes of one."""
    if isinstance(part, (staticmethod, classmethod)):
        return part.__func__
    if isinstance(part, property):
        return part.fget
    if type(part).__module__ == "functools":  # cached_property, singledispatchmethod
        return vars(part).get("func", part) if hasattr(part, "__dict__") else part
    return part


def unwrapped(value: object, follow: "frozenset[str]") -> "tuple[object, dict[str, Any]]":
    """Return the function inside wrappers of other packages, and what they add to it."""
    more = {}  # type: dict[str, Any]
    wrappers = []
    for _ in range(20):
        held = getattr(value, "__dict__", None)
        if not isinstance(held, dict) or isinstance(value, type):
            break
        registry = held.get("registry")
        if isinstance(registry, types.MappingProxyType):
            more["registry"] = sorted(
                "%s.%s" % (k.__module__, k.__qualname__) for k in registry if isinstance(k, type)
            )
        home = getattr(value, "__globals__", {}).get("__name__", type(value).__module__)
        inner = held.get("__wrapped__")
        if inner is None or top_of(home) in follow:
            break
        wrappers.append(str(home))
        value = inner
    if wrappers:
        more["wrappers"] = wrappers
    return value, more


def names_in(code: types.CodeType) -> "list[str]":
    """Return the names that a function uses, those of functions inside it included."""
    names = dict.fromkeys(code.co_names)
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            names.update(dict.fromkeys(names_in(part)))
    return list(names)


def code_mark(code: types.CodeType) -> int:
    """Return a number that the same code has everywhere on one minor version of Python."""
    parts = [repr((code.co_code, code.co_names, code.co_varnames, code.co_argcount))]
    parts += [
        str(code_mark(part)) if isinstance(part, types.CodeType) else canonical(part)
        for part in code.co_consts
    ]
    return binascii.crc32("\n".join(parts).encode("utf-8", "replace"))


def source_block(lines: "list[str]", first: int) -> "str | None":
    """Return the lines of a definition that begins at a line; decorators belong to it."""
    block = []  # type: list[str]
    indent, in_head = 0, True
    for line in lines[first - 1 : first - 1 + MAX_SOURCE_LINES]:
        text = line.strip()
        width = len(line) - len(line.lstrip())
        if not block:
            indent = width
        elif text and width <= indent and not in_head and text[0] not in ")]}#":
            break
        if in_head and text and text[0] != "@" and width <= indent and text[0] not in ")]}":
            in_head = False
        block.append(line.rstrip())
    while block and not block[-1]:
        block.pop()
    return "\n".join(block) or None


def is_subclass(module: str, name: str, abc_module: str, abc_name: str) -> "bool | None":
    """Tell whether a class counts as one of an abstract class here; `None` where one is missing."""
    kind, abstract = look_up(module, name), look_up(abc_module, abc_name)
    try:
        return issubclass(kind, abstract)  # type: ignore[arg-type]
    except BaseException:
        return None


def shadowed() -> "list[list[str]]":
    """Return classes that came by value although a module of their name is installed here."""
    known = getattr(
        sys.modules.get("cloudpickle.cloudpickle"), "_DYNAMIC_CLASS_TRACKER_BY_CLASS", {}
    )
    found = []
    for kind in list(known):
        if not isinstance(kind, type):  # a type variable is tracked like a class
            continue
        module = str(kind.__module__)
        if module != "__main__" and is_there(module):
            found.append([module, str(kind.__qualname__)])
    return found


def is_there(module: str) -> bool:
    """Tell whether a module could be imported, without importing it; its package stands for it."""
    if module in sys.modules:
        return True
    try:
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(top_of(module)) is not None
    except BaseException:
        return False


# --- explaining a failure: where, and what is there -----------------------------------------------


class Notes:
    """What a child is about to do, kept in its records: those can be read after a crash."""

    SIZE = 4096

    def __init__(self, records: int) -> None:
        write_all(records, encode({"noted": True}, (bytes(self.SIZE),)))
        # The whole file, because a mapping begins at a page.
        end = os.fstat(records).st_size
        self.memory = memoryview(forgetting("mmap").mmap(records, end))[end - self.SIZE :]
        self.offset = -1

    def write(self, offset: int, *words: str) -> None:
        """Note a step: the length of the text and the offset, then the text."""
        self.offset = offset
        text = "\0".join(words).encode("utf-8", "replace")[: self.SIZE - 12]
        self.memory[12 : 12 + len(text)] = text
        self.memory[:12] = len(text).to_bytes(4, "big") + offset.to_bytes(8, "big", signed=True)

    def watching(self, function: "Any", elsewhere: "list[list[str]]") -> "Any":
        """Return a loader that notes its steps: pickle's, or one that is built on it."""
        options = getattr(function, "keywords", {})
        plain = getattr(function, "func", function) in (pickle.loads, pickle.load)
        places = {} if plain else {(module, name): place for module, name, place in elsewhere}
        kind = watching_unpickler(self, places)

        def loads(data: bytes, **given: "Any") -> object:
            import io

            return kind(io.BytesIO(data), **{**options, **given}).load()

        if plain or elsewhere:
            return loads
        watch_subclasses(kind.__base__, self, kind)
        pickle.loads, pickle.Unpickler = loads, kind  # type: ignore[assignment, misc]
        pickle.load = lambda stream, **given: kind(stream, **given).load()
        return function


def forgetting(name: str) -> "Any":
    """Import a module and forget it: a payload that needs it has to import it itself."""
    known = name in sys.modules
    module = importlib.import_module(name)
    if not known:
        del sys.modules[name]
    return module


def watching_unpickler(notes: Notes, places: "dict[tuple[str, str], str]") -> "Any":
    """Return a pure-Python unpickler that notes every step before it takes it."""
    base = pickle._Unpickler  # noqa: SLF001 - the one written in Python

    class Unpickler(base):  # type: ignore[misc, valid-type]
        def find_class(self, module: str, name: str) -> "Any":
            notes.write(notes.offset, "GLOBAL", module, name)
            place = places.get((module, name)) or places.get((module, "*"))
            if place is None:
                return super().find_class(module, name)
            if ":" in place:
                return resolve(place).__dict__
            return super().find_class(place, name)

        dispatch = dict(base.dispatch)  # noqa: RUF012

    watch_steps(Unpickler, notes)
    return Unpickler


def watch_subclasses(kind: "Any", notes: Notes, but: "Any") -> None:
    """Let every other unpickler written in Python note its steps, by position in its stream."""
    for each in kind.__subclasses__():
        if each is not but:
            if "dispatch" in each.__dict__:
                watch_steps(each, notes)
            watch_subclasses(each, notes, but)


def watch_steps(kind: "Any", notes: Notes) -> None:
    """Wrap the steps of an unpickler that run code or look names up."""
    for name, words in STEPS.items():
        code = getattr(pickle, name)[0]
        if code in kind.dispatch:
            kind.dispatch[code] = watched(kind.dispatch[code], name, words, notes)


def watched(step: "Any", name: str, words: "Any", notes: Notes) -> "Any":
    """Return a step that notes what it is about to do."""

    def noted(unpickler: "Any") -> None:
        try:
            said = words(unpickler)
        except Exception:
            said = ()
        notes.write(position(unpickler), name, *said)
        step(unpickler)

    return noted


def position(unpickler: "Any") -> int:
    """Return the offset of the opcode that was just read."""
    framer = unpickler._unframer  # noqa: SLF001
    frame = framer.current_frame
    try:
        if frame is None:
            return int(framer.file_read.__self__.tell()) - 1
        start = int(framer.file_read.__self__.tell()) - len(frame.getbuffer())
        return start + int(frame.tell()) - 1
    except (AttributeError, OSError, ValueError):
        return -1


def named(value: "Any") -> "tuple[str, str]":
    """Return module and qualified name of a class, a function or an object's class."""
    name = getattr(value, "__qualname__", None)
    if not isinstance(name, str):
        value = type(value)
        name = value.__qualname__
    return str(getattr(value, "__module__", "")), name


def callee_words(function: "Any", arguments: "Any") -> "tuple[str, ...]":
    """Name a callable and, for makers of others, what its first argument is."""
    words = named(function)
    first = arguments[0] if isinstance(arguments, tuple) and arguments else None
    if isinstance(first, str):
        return (*words, "", first[:200])
    return (*words, *named(first)) if callable(first) else words


def build_words(unpickler: "Any") -> "tuple[str, ...]":
    """Name the class whose state is set, and the hook that will do it."""
    kind = type(unpickler.stack[-2])
    own = getattr(kind, "__setstate__", None)
    hook = "__setstate__" if own is not None else ""
    return (*named(kind), "", "", hook)


def inner_words(unpickler: "Any") -> "tuple[str, ...]":
    """Name the class of a container that gets several items."""
    return named(type(unpickler.metastack[-1][-1]))


STEPS = {
    "GLOBAL": lambda self: (),
    "STACK_GLOBAL": lambda self: (str(self.stack[-2]), str(self.stack[-1])),
    "INST": lambda self: (),
    "OBJ": lambda self: named(self.stack[0]),
    "NEWOBJ": lambda self: named(self.stack[-2]),
    "NEWOBJ_EX": lambda self: named(self.stack[-3]),
    "REDUCE": lambda self: callee_words(self.stack[-2], self.stack[-1]),
    "BUILD": build_words,
    "APPEND": lambda self: named(type(self.stack[-2])),
    "SETITEM": lambda self: named(type(self.stack[-3])),
    "APPENDS": inner_words,
    "SETITEMS": inner_words,
    "ADDITEMS": inner_words,
    "FROZENSET": lambda self: ("builtins", "frozenset"),
    "EXT1": lambda self: (),
    "EXT2": lambda self: (),
    "EXT4": lambda self: (),
    "PERSID": lambda self: (),
    "BINPERSID": lambda self: (),
    "NEXT_BUFFER": lambda self: (),
}


class Asking:
    """Sees what a load asks of its surroundings: variables, files, sockets, entry points."""

    LIMIT = 100

    def __init__(self, notes: "Any") -> None:
        self.notes = notes  # what knows the offset: of `Notes`, or its own
        self.seen = []  # type: list[list[Any]]
        self.open = False

    def watch(self) -> None:
        """Begin."""
        sys.addaudithook(self.audit)
        self.watch_variables()
        self.watch_entry_points()
        self.open = True

    def note(self, kind: str, what: str) -> None:
        """Keep one finding and the offset at which it was made."""
        entry = [kind, what, self.notes.offset]
        if self.open and entry not in self.seen and len(self.seen) < self.LIMIT:
            self.seen.append(entry)

    def audit(self, event: str, arguments: "tuple[Any, ...]") -> None:
        """Hear of files that are opened for writing, and of what else leaves traces."""
        if not self.open:
            return
        if event == "open":
            name, _, flags = arguments
            if isinstance(name, (str, bytes)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.note("written", os.fsdecode(name))
        elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink"):
            self.note("written", text_of(arguments[0 if event == "os.mkdir" else 1]))
        elif event == "socket.connect":
            self.note("connected", text_of(arguments[1])[:200])
        elif event == "socket.getaddrinfo":
            self.note("connected", "%s:%s" % (text_of(arguments[0]), text_of(arguments[1])))
        elif event in ("os.system", "subprocess.Popen", "os.posix_spawn", "os.exec"):
            self.note("started", text_of(arguments[0])[:200])

    def watch_variables(self) -> None:
        """Note the names of variables that were asked for and are not set."""
        watcher = self

        class Watched(type(os.environ)):  # type: ignore[misc]
            def __getitem__(self, key: str) -> str:
                try:
                    return str(super().__getitem__(key))
                except KeyError:
                    watcher.note("variable", str(key))
                    raise

        os.environ.__class__ = Watched

    def watch_entry_points(self) -> None:
        """Note the groups of entry points that are asked for, and what is there of them."""
        for name in ("importlib.metadata", "importlib_metadata"):
            if name in sys.modules:
                self.watch_lookup(sys.modules[name])
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: "Any" = None, _: "Any" = None) -> "Any":
        """Find the modules that look entry points up as they are always found; watch them."""
        if name not in ("importlib.metadata", "importlib_metadata"):
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module: "Any") -> None:
            run(module)
            self.watch_lookup(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def watch_lookup(self, module: "Any") -> None:
        """Wrap one `entry_points` function."""
        plain = module.entry_points

        def entry_points(**given: "Any") -> "Any":
            self.note("entry points", str(given.get("group", "")))
            return plain(**given)

        module.entry_points = entry_points


class Looking(Asking):
    """Sees what a probe asks for and does not find, and what no two processes need agree on."""

    def __init__(self) -> None:
        self.offset = -1
        self.stat = os.stat
        super().__init__(self)

    def watch_imports(self) -> None:
        """Begin with what a module asks for, or takes a function from, when it is imported."""
        self.watch_variables()
        self.watch_entry_points()
        self.open = True

    def watch(self) -> None:
        """Go on with what only the probe asks for."""
        sys.addaudithook(self.audit)
        os.stat = self.watched_stat
        sys.setprofile(self.hear)

    def end(self) -> None:
        """Stop."""
        sys.setprofile(None)
        os.stat = self.stat
        self.open = False

    def audit(self, event: str, arguments: "tuple[Any, ...]") -> None:
        """Hear of files that are opened and are not there."""
        if not self.open or event != "open":
            return
        name, _, flags = arguments
        if isinstance(name, (str, bytes)) and not flags & os.O_CREAT and not os.path.lexists(name):
            self.note("absent", os.fsdecode(name))

    def watched_stat(self, path: "Any", *arguments: "Any", **options: "Any") -> "Any":
        """Look a file up, and note one that is not there."""
        try:
            return self.stat(path, *arguments, **options)
        except (FileNotFoundError, NotADirectoryError):
            self.note("absent", os.fsdecode(path))
            raise

    def hear(self, frame: "Any", event: str, function: "Any") -> None:
        """Note calls of the C functions whose answer is a matter of the process."""
        del frame
        if event == "c_call":
            kind = LOCAL_CALLS.get(getattr(function, "__qualname__", ""))
            if kind is not None:
                self.note(kind, str(function.__qualname__))


LOCAL_CALLS = {
    **dict.fromkeys(
        (
            *("localtime", "mktime", "strftime", "ctime", "asctime", "date.today"),
            *("date.fromtimestamp", "datetime.now", "datetime.today", "datetime.fromtimestamp"),
            *("datetime.astimezone", "datetime.timestamp", "datetime.strftime"),
        ),
        "zone",
    ),
    **dict.fromkeys(("setlocale", "localeconv", "nl_langinfo", "strcoll", "strxfrm"), "locale"),
    "hash": "hash",
    "getcwd": "folder",
    **dict.fromkeys(
        (
            *("getpid", "getppid", "gethostname", "uname", "cpu_count", "getuid", "getlogin"),
            *("getrecursionlimit", "getswitchinterval", "getdefaultencoding", "getrefcount"),
            *("time", "time_ns", "perf_counter", "monotonic", "id"),
        ),
        "process",
    ),
    **dict.fromkeys(("Random.random", "Random.getrandbits", "urandom"), "chance"),
}


def process_facts() -> "dict[str, str]":
    """Return what C functions go by and no argument says."""
    import _locale

    decimal = sys.modules.get("decimal")  # type: Any
    return {
        "decimal": "" if decimal is None else repr(decimal.getcontext()),
        "zone": "%s (UTC%+g)" % ("/".join(time.tzname), -time.timezone / 3600),
        "locale": str(_locale.setlocale(_locale.LC_ALL)),
    }


def part_facts(source: str, values: "dict[str, Any]") -> "dict[str, Any]":
    """Describe what an expression gives: its text, and which attributes it holds itself."""
    try:
        value = eval(compile(source, "<probe>", "eval"), dict(values))
    except BaseException as error:
        return {"raised": "%s: %s" % (type(error).__name__, text_of(error)), "held": []}
    held = getattr(value, "__dict__", None)
    names = [str(name) for name in held] if isinstance(held, dict) else []
    return {"text": canonical(value), "held": sorted(names)}


def find_name(module: "Any", qualname: str) -> "dict[str, Any]":
    """Follow a qualified name as pickle does; return what is known of what it names."""
    found = module
    try:
        for part in qualname.split(".") if qualname else ():
            found = getattr(found, part)
        return {"found": True, **facts_of(found)}
    except BaseException as error:
        return {"found": False, "exception": describe_exception(error)}


def facts_of(value: "Any") -> "dict[str, Any]":
    """Return what tells one definition of a class or function from another of the same name."""
    if isinstance(value, types.FunctionType):
        return {"kind": "function", "parameters": parameters(value), **code_facts([value])}
    if not isinstance(value, type):
        return {"kind": named(type(value))[1]}
    own = value.__dict__
    functions = [
        each.__func__ if isinstance(each, (staticmethod, classmethod)) else each
        for each in own.values()
    ]
    members = getattr(value, "__members__", None)
    fields = getattr(value, "_fields", None) or list(getattr(value, "__dataclass_fields__", ()))
    return {
        "kind": "class",
        "bases": [".".join(named(base)) for base in value.__bases__],
        "members": [[str(name), repr(each.value)] for name, each in list(members.items())[:500]]
        if isinstance(members, (types.MappingProxyType, dict))
        else None,
        "fields": [str(name) for name in fields] if isinstance(fields, (tuple, list)) else [],
        "slots": slots_of(value),
        "has_dict": bool(getattr(value, "__dictoffset__", 0)),
        "makers": {
            name: parameters(getattr(own[name], "__func__", own[name]))
            for name in ("__new__", "__init__")
            if isinstance(getattr(own.get(name), "__func__", own.get(name)), types.FunctionType)
        },
        "sets": sorted(attributes_set(own.get("__init__"))),
        "attributes": sorted(
            str(name) for name in own if not str(name).startswith("__") or name in HOOKS
        ),
        **code_facts([each for each in functions if isinstance(each, types.FunctionType)]),
    }


HOOKS = ("__getnewargs__", "__getstate__", "__reduce__", "__reduce_ex__", "__setstate__")


def slots_of(kind: type) -> "list[str] | None":
    """Return the slots of a class, those of its bases included; `None` where it has none."""
    found = None  # type: list[str] | None
    for each in reversed(kind.__mro__):
        slots = each.__dict__.get("__slots__")
        if slots is not None:
            found = [*(found or []), *([slots] if isinstance(slots, str) else map(str, slots))]
    return found


def parameters(function: "Any") -> "list[str]":
    """Return the parameters of a function as one would write them."""
    code = function.__code__
    names, count = code.co_varnames, code.co_argcount
    first = count - len(function.__defaults__ or ())
    found = [name if place < first else name + "=" for place, name in enumerate(names[:count])]
    only = names[count : count + code.co_kwonlyargcount]
    given = function.__kwdefaults__ or {}
    rest = count + len(only)
    if code.co_flags & 4:
        found.append("*" + names[rest])
    elif only:
        found.append("*")
    found += [name + "=" if name in given else name for name in only]
    if code.co_flags & 8:
        found.append("**" + names[rest + bool(code.co_flags & 4)])
    return found


def attributes_set(function: "Any") -> "set[str]":
    """Return the names that a method sets on its first argument or reads from anything."""
    return set(function.__code__.co_names) if isinstance(function, types.FunctionType) else set()


def code_facts(functions: "list[Any]") -> "dict[str, Any]":
    """Return where functions come from, and a number that changes with their text."""
    file, total = None, 0
    for function in functions:
        code = function.__code__
        file = file or code.co_filename
        total ^= text_number(code)
    return {"file": file, "code": total}


def text_number(code: "Any", depth: int = 0) -> int:
    """Return a number for what a code object does; the same on every Python of one minor."""
    import zlib

    constants = [
        text_number(each, depth + 1) if isinstance(each, types.CodeType) else each
        for each in code.co_consts
    ]
    told = [
        repr(sorted(each, key=repr)) if isinstance(each, frozenset) else repr(each)
        for each in constants
    ]
    parts = (code.co_name, code.co_code.hex(), code.co_names, code.co_varnames, told)
    return zlib.crc32(repr(parts).encode("utf-8", "replace"))


def locate(module: str) -> bool:
    """Whether a module could be imported, without running any of it but its finders."""
    from importlib.machinery import PathFinder
    from importlib.util import find_spec

    top, _, rest = module.partition(".")
    if module in sys.modules:
        return True
    try:
        spec = find_spec(top)
        name = top
        for part in rest.split(".") if rest else ():
            name += "." + part
            if spec is None or spec.submodule_search_locations is None:
                # A module that is no package may still put others into `sys.modules`.
                return spec is not None and name in sys.modules
            spec = PathFinder.find_spec(name, spec.submodule_search_locations)
    except (ImportError, AttributeError, ValueError):
        return False
    return spec is not None


def owners(tops: "set[str]") -> "dict[str, list[str]]":
    """Return name and version of the distribution that each top-level module belongs to."""
    found = {}  # type: dict[str, list[str]]
    for folder in dict.fromkeys(sys.path):
        try:
            entries = os.listdir(folder or os.curdir)
        except OSError:
            continue
        wanted = {
            top
            for top in tops - set(found)
            if top in entries or any(entry.startswith(top + ".") for entry in entries)
        }
        for entry in entries if wanted else ():
            if entry.endswith(".dist-info"):
                for top in wanted & recorded(os.path.join(folder, entry, "RECORD")):
                    found.setdefault(top, entry[: -len(".dist-info")].split("-", 1))
    return found


def recorded(path: str) -> "set[str]":
    """Return the top-level modules and packages that an installed distribution's record names."""
    try:
        with open(path, encoding="utf-8") as stream:
            return {line.split("/", 1)[0].split(",", 1)[0].split(".", 1)[0] for line in stream}
    except OSError:
        return set()


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


def rehearsal(name: str) -> bytes:
    """Return a small request that takes the steps of most checks with a serializer."""
    scope = {"__name__": "__main__"}  # type: dict[str, Any]
    exec("def make(number):\n    return lambda: number\nfunction = make(1)", scope)
    value = [1, 2.5, "a", {}, ()] if name == "pickle" else scope["function"]
    payload = {
        "name": "obj",
        "loaders": [["%s:loads" % name, {}]],
        "file": None,
        "stream_loaders": [],
        "beside": None,
    }
    request = {
        "kind": "check",
        "nonce": "",
        "payloads": [payload],
        "dumpers": [["%s:dumps" % name, {}]],
        "protocol": None,
        "outside": False,
        "round_trip": True,
    }  # type: dict[str, object]
    return b"".join(encode(request, (sys.modules[name].dumps(value),)))


class Pipe:
    """The reading end of one of the child's streams, kept up to a limit, cut in the middle."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.total = 0
        self.head = bytearray()
        self.tail = bytearray()

    def take(self) -> bool:
        """Read what is there; false at the end of the stream."""
        part = os.read(self.read_end, CHUNK_BYTES)
        self.total += len(part)
        half = MAX_EVIDENCE_BYTES // 2
        room = max(0, half - len(self.head))
        self.head += part[:room]
        self.tail += part[room:]
        del self.tail[:-half]
        return bool(part)

    def finish(self) -> bytes:
        """Take the rest without waiting for grandchildren, and return what was kept."""
        os.set_blocking(self.read_end, False)
        try:
            while self.take():
                pass
        except BlockingIOError:
            pass
        os.close(self.read_end)
        return bytes(self.head + self.tail)


class Child:
    """A fresh process, set up already, that waits for the one request it will serve."""

    def __init__(self, agent: "Agent", number: int) -> None:
        self.cwd = os.path.join(agent.scratch, "check-%d" % number)
        self.records = os.path.join(agent.scratch, "records-%d" % number)
        os.mkdir(self.cwd, 0o700)
        requests, done = os.pipe(), os.pipe()
        self.streams = (Pipe(), Pipe())
        self.requests, self.done = requests[1], done[0]
        self.pid = os.fork()
        if self.pid == 0:
            self.live(agent, requests[0], done[1])
        for end in (requests[0], done[1], *(pipe.write_end for pipe in self.streams)):
            os.close(end)

    def live(self, agent: "Agent", requests: int, done: int) -> None:
        """Set this fresh process up, serve one request, and end without coming back."""
        code = 70
        try:
            if agent.prctl is not None:
                agent.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            os.setsid()
            signal.set_wakeup_fd(-1)
            _signal.signal(signal.SIGCHLD, _signal.SIG_DFL)
            records = os.open(self.records, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            for target, pipe in enumerate(self.streams, 1):
                os.dup2(pipe.write_end, target)
                os.close(pipe.write_end)
                os.close(pipe.read_end)
            for number in (self.requests, self.done, *agent.descriptors()):
                os.close(number)
            os.chdir(self.cwd)
            agent.watch.take()
            if not agent.is_hurried:
                self.rehearse(agent)
            beside = self.records if agent.spill else ""
            Check(receive(requests), records, agent.watch, beside).run()
            os.write(done, b".")
            code = 0
            # Who is woken by that is often put on this processor, and the end of a process takes a
            # while: the agent ends it when the answer is on its way.
            os.read(requests, 1)
        except EOFError:  # the agent is gone and nobody asks any more
            pass
        except BaseException as error:
            if code:  # else user code closed what is not its own, and all is said already
                os.write(2, ("agent: %s\n" % text_of(error)).encode("utf-8", "replace"))
        finally:
            flush()
            os._exit(code)

    def rehearse(self, agent: "Agent") -> None:
        """Touch what every check touches while nobody waits: fresh processes are slow at first."""
        null, watch = os.open(os.devnull, os.O_WRONLY), Watch()
        try:
            Check(agent.rehearsal, null, watch, "").run()
        except Exception:  # a release of a serializer that cannot do this: then it is only slow
            pass
        watch.end()
        os.close(null)

    def dismiss(self) -> None:
        """Kill the child and its process group, without waiting for their end."""
        for number in (self.requests, self.done):
            os.close(number)
        kill_group(self.pid, signal.SIGKILL)

    def bury(self, successor: int = 0) -> None:
        """Wait for the end of a dismissed child; kill daemons that had left its group."""
        with_pid(os.waitpid, self.pid, 0)
        for _ in range(100):
            children = [pid for pid in orphans() if pid != successor]
            for child in children:
                with_pid(os.kill, child, signal.SIGKILL)
            for child in children:
                with_pid(os.waitpid, child, 0)
            if not children:
                break
        remove_tree(self.cwd)
        remove_tree(self.cwd + SHIPPED)


class Agent:
    """Serves requests until the host goes away."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests = requests
        self.answers = answers
        self.scratch = ""
        self.spill = False
        self.prctl = None  # type: Any
        self.watch = None  # type: Any
        self.rehearsal = b""
        self.is_hurried = False
        self.count = 0
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_write, False)
        os.set_blocking(self.wake_read, False)

    def descriptors(self) -> "tuple[int, ...]":
        """Return what no child may keep open."""
        return (self.requests, self.answers, self.wake_read, self.wake_write)

    def start(self) -> None:
        """Read the greeting, preload, say hello."""
        greeting, _ = decode(receive(self.requests))
        self.spill = bool(greeting["scratch"])
        self.scratch = greeting["scratch"] or make_scratch()
        if greeting["there"]:
            exec(compile(greeting["there"], OWN_FILES[1], "exec"), THERE)
        absent = []
        for name in greeting["preload"]:
            self.preload(name)
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
        self.watch = Watch()
        self.rehearsal = self.prepare_rehearsal()
        gc.collect()
        if hasattr(gc, "freeze"):  # PyPy has none
            gc.freeze()
        write_all(self.answers, encode(hello(absent)))

    def prepare_rehearsal(self) -> bytes:
        """Return the rehearsal with what was preloaded; some other module may be called so."""
        name = next((name for name in ("dill", "cloudpickle") if name in sys.modules), "pickle")
        try:
            return rehearsal(name)
        except Exception:
            return rehearsal("pickle")

    def preload(self, name: str) -> None:
        """Import a module that was asked for, or tell the host why that cannot be, and end."""
        try:
            importlib.import_module(name)
        except BaseException as error:
            about = describe_exception(error)
            write_all(self.answers, encode({"refused": name, "exception": about}))
            sys.exit(REFUSED)

    def serve(self) -> None:
        """Answer requests, one at a time, each from a child that was ready before it came."""
        child = self.new_child()
        while True:
            try:
                message = receive(self.requests)
            except EOFError:
                child.dismiss()
                child.bury()
                return
            answer = self.check(message, child)
            if answer is None:
                child = self.replace(child)
                answer = self.check(message, child, last=True)
            write_all(self.answers, answer or [])
            # The same here: the host would wait until the next process is forked. Where requests
            # follow one another at once, there is no moment to wait for.
            if not self.is_hurried:
                self.is_hurried = self.is_asked(ASIDE_SECONDS)
            child = self.replace(child)
            self.is_hurried = self.is_asked(0.0)

    def is_asked(self, seconds: float) -> bool:
        """Wait for a request for so long; return whether there is one."""
        return bool(select.select([self.requests], [], [], seconds)[0])

    def new_child(self) -> Child:
        """Fork the process of the next check."""
        self.count += 1
        self.watch.take()
        return Child(self, self.count)

    def replace(self, child: Child) -> Child:
        """End a child and return the next, which is forked while the other ends."""
        child.dismiss()
        successor = self.new_child()
        child.bury(successor.pid)
        return successor

    def check(self, message: bytes, child: Child, last: bool = False) -> "list[bytes] | None":
        """Hand a request to a child, follow that to its end, and return what the host must know.

        Nothing is returned where the child ended without a single record: something killed it
        while it waited, and another one may be luckier.
        """
        started = time.monotonic()
        try:
            write_all(child.requests, [message])
        except BrokenPipeError:
            pass
        status, timed_out = self.follow(child, started + number_at(message, 3) / 1000)
        seconds = time.monotonic() - started
        records, kept = read_records(child.records, self.spill)
        out, err = child.streams
        evidence = records, out.finish(), err.finish()
        if not (records or kept or timed_out or last):
            return None
        header = {
            "status": status,
            "timed_out": timed_out,
            "seconds": seconds,
            "stdout_bytes": out.total,
            "stderr_bytes": err.total,
            "files": list_files(child.cwd),
            "records": kept,
        }
        return encode(header, evidence, number_at(message, 2))

    def follow(self, child: Child, deadline: float) -> "tuple[int, bool]":
        """Collect the child's streams until it is done, ends, or its time is over."""
        poll = select.poll()
        for number in (child.done, self.wake_read, *(pipe.read_end for pipe in child.streams)):
            poll.register(number, select.POLLIN)
        poll.register(self.requests, 0)  # only to hear that the host went away
        timed_out = False
        while True:
            left = max(0.0, deadline - time.monotonic())
            for number, event in poll.poll(left * 1000 + 1):
                if number == child.done and os.read(number, 1):
                    return 0, timed_out
                if number == self.requests and event & (select.POLLHUP | select.POLLERR):
                    self.give_up(child)
                if not self.take(number, child):
                    poll.unregister(number)
            ended, status = os.waitpid(child.pid, os.WNOHANG)
            if ended:
                return exit_status(status), timed_out
            if time.monotonic() >= deadline:
                # The first signal makes faulthandler print the stacks; the second one is final.
                kill_group(child.pid, signal.SIGKILL if timed_out else signal.SIGABRT)
                timed_out = True
                deadline = time.monotonic() + ABORT_SECONDS

    def take(self, number: int, child: Child) -> bool:
        """Take what a descriptor has; false when nothing more can come."""
        for pipe in child.streams:
            if number == pipe.read_end:
                return pipe.take()
        if number == self.wake_read:
            drain(self.wake_read)
            return True
        return False

    def give_up(self, child: Child) -> None:
        """End, because the host went away in the middle of a check."""
        child.dismiss()
        child.bury()
        remove_tree(self.scratch)
        os._exit(0)


def read_records(path: str, spill: bool) -> "tuple[bytes, str | None]":
    """Return the records, or the file that holds them where it is large and the host sees it."""
    try:
        records = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # the child ended before it was set up
        return b"", None
    size = os.fstat(records).st_size
    if spill and size > SPILL_BYTES:
        os.close(records)
        return b"", path
    data = os.read(records, size)
    while len(data) < size:  # one read gives 2 GB at most
        data += os.read(records, size - len(data))
    os.close(records)
    os.unlink(path)
    return data, None


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


def exit_status(status: int) -> int:
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
        children = os.open("/proc/self/task/%d/children" % os.getpid(), os.O_RDONLY)
    except OSError:
        return []
    try:
        return [int(pid) for pid in os.read(children, CHUNK_BYTES).split()]
    finally:
        os.close(children)


def list_files(path: str) -> "list[str]":
    """Return the files and empty folders below a directory, a limited number of them."""
    files = []  # type: list[str]
    if not os.listdir(path):
        return files
    for folder, folders, names in os.walk(path):
        files += [os.path.relpath(os.path.join(folder, name), path) for name in names]
        if not folders and not names:
            files.append(os.path.relpath(folder, path))
    return sorted(files)[:MAX_FILES]


def remove_tree(path: str) -> None:
    """Remove a directory with all that lies in it; what cannot be removed stays."""
    try:
        os.rmdir(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            return
    else:
        return
    for folder, folders, names in os.walk(path, topdown=False):
        for name in (*names, *folders):
            inner = os.path.join(folder, name)
            try:
                (os.unlink if name in names or os.path.islink(inner) else os.rmdir)(inner)
            except OSError:
                pass
    try:
        os.rmdir(path)
    except OSError:
        pass


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
