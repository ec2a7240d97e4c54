"""One request, taken step by step in a process of its own."""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import time
import types
import warnings
from functools import partial

if __name__ != "__main__":
    from collections.abc import Generator
    from typing import Any

    from pytest_portable.agent.in_target.asking import is_kind
    from pytest_portable.agent.in_target.describe import (
        OWN_FOLDER,
        describe,
        describe_exception,
        exception_facts,
        links,
        relatives,
        type_name,
    )
    from pytest_portable.agent.in_target.facts import (
        find_name,
        locate,
        owners,
        part_facts,
        process_facts,
    )
    from pytest_portable.agent.in_target.limits import MAX_DUMPED_PARTS, MAX_EVENTS
    from pytest_portable.agent.in_target.loading import (
        KeptWarnings,
        first_importable,
        is_unpickling,
        plain_warnings,
        resolve,
    )
    from pytest_portable.agent.in_target.messages import (
        decode,
        encode,
        is_inside,
        map_buffers,
        write_all,
        write_buffers,
    )
    from pytest_portable.agent.in_target.parts import held_slots, parts_of, place_of_raiser
    from pytest_portable.agent.in_target.probes import prepared, sow
    from pytest_portable.agent.in_target.processes import flush
    from pytest_portable.agent.in_target.steps import Notes
    from pytest_portable.agent.in_target.survey import shadowed, survey
    from pytest_portable.agent.in_target.watch import Asking, Looking

    Actions = Generator[Any, Any, None]

# Suffix of the folder of import packages that came as source. It lies beside the working directory,
# which belongs to user code.
SHIPPED = "-shipped"
# What a process that `multiprocessing` spawns calls the script of its parent, and its file here.
MAIN_NAME = "__mp_main__"
MAIN = MAIN_NAME + ".py"
# Audit events of a hop that does more than to forward.
FORBIDDEN_EVENTS = frozenset(
    {"import", "pickle.find_class", "marshal.loads", "compile", "exec", "code.__new__"}
)
# Keys that a request may leave out.
DEFAULTS: dict[str, Any] = {
    "probes": [],
    "seed": None,
    "seeded": [],
    "ship": None,
    "survey": None,
    "portrait": None,
}


class ChildCheck:
    """One check in a process of its own.

    Its steps are generators. They yield what runs code of the user's, as a function without
    arguments, and are sent its outcome: whoever calls it has few frames below, as a script has.
    """

    def __init__(self, message: bytes, records: int, kept: KeptWarnings, beside: str) -> None:
        request, self.blobs = decode(message)
        self.request: dict[str, Any] = {**DEFAULTS, **request}
        self.records = records
        self.kept = kept
        self.beside = beside
        self.roots: dict[str, Any] = {}
        self.dumped = 0
        self.notes = Notes(records) if self.request["kind"] == "blame" else None

    def record(self, header: dict[str, object], blob: bytes | None = None) -> None:
        """Write one record."""
        write_all(self.records, encode(header, () if blob is None else (blob,)))

    def run(self) -> Actions:
        """Take the steps of the request; the last record says that it finished."""
        self.unpack()
        quiet = {"census": self.count, "forward": self.forward}
        kinds = {
            "again": self.look_again,
            "blame": self.find_blame,
            "make": self.make,
            "parts": self.describe_parts,
            "task": self.task,
        }
        kind = self.request["kind"]
        if kind in quiet:
            quiet[kind]()
        else:
            yield from kinds.get(kind, self.exercise_all)()
        flush()
        self.record({"finished": self.request["nonce"]})

    def find_blame(self) -> Actions:
        """Load with the unpickler that notes its steps, and record what the load asked for."""
        assert self.notes is not None
        found = Asking(self.notes)
        found.watch()
        yield from self.load()
        found.open = False
        self.record({"asked": found.seen})

    def exercise_all(self) -> Actions:
        """Load, and do what the kind of the request asks for."""
        values = yield from self.load()
        if values is None:
            return
        if self.request["kind"] == "call":
            yield from self.call(values)
        elif self.request["kind"] == "pass":
            for name, value in values.items():
                self.record({"step": "dumping", "name": name})
                yield from self.dump("returned", value, "dumping", name)
        else:
            yield from self.inspect_and_probe(values)

    def forward(self) -> None:
        """Return every payload as it came, and watch whether anything is imported or loaded."""
        events: list[str] = []

        def watch(event: str, args: tuple[Any, ...]) -> None:
            if event in FORBIDDEN_EVENTS and len(events) < MAX_EVENTS:
                events.append("%s %s" % (event, args[0] if args else ""))

        def profile(_: object, event: str, function: Any) -> None:
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
        if ship["main"]:
            spawn_main(ship["main"], os.path.join(folder, MAIN))

    def load(self) -> Generator[Any, Any, dict[str, Any] | None]:
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
                value = yield from self.load_one(payload, blobs, loader, function)
                values[payload["name"]] = value
            except BaseException as error:
                self.failed("loading", error, payload["name"], self.kept.take())
                return None
            caught = plain_warnings(self.kept.take())
            self.record({"loaded": payload["name"], "loader": loader, "warnings": caught})
        self.kept.end()
        return values

    def load_one(
        self, payload: dict[str, Any], blobs: Any, loader: str, function: Any
    ) -> Generator[Any, Any, Any]:
        """Load from the file where there is one, which needs the least memory."""
        options = {"buffers": map_buffers(payload["beside"])} if payload["beside"] else {}
        if payload["file"] is None:
            return outcome((yield partial(function, next(blobs), **options)))
        with open(payload["file"], "rb") as stream:
            watched = self.notes is not None
            for from_stream in () if watched else payload["stream_loaders"]:
                if from_stream.partition(":")[0] == loader.partition(":")[0]:
                    return outcome((yield partial(resolve(from_stream), stream, **options)))
            return outcome((yield partial(function, stream.read(), **options)))

    def count(self) -> None:
        """Record which of the modules and names that a payload refers to are there."""
        makers: set[str] = set()
        for module, names in self.request["references"]:
            self.record({"step": "counting", "name": module})
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    importlib.import_module(module)
                    found = sys.modules[module]
                    if module == "__main__":  # one that is spawned may raise when it runs
                        getattr(found, "main", None)
            except BaseException as error:
                self.record({"counted": module, "error": describe_exception(error)})
                continue
            facts = {name: find_name(found, name) for name in names}
            makers.update(*((each or {}).get("made_by", ()) for each in facts.values()))
            self.record({"counted": module, "error": None, "names": facts})
        for module in self.request["modules"]:
            self.record({"located": module, "found": locate(module)})
        tops = {module.partition(".")[0] for module, _ in self.request["references"]}
        tops.update(module.partition(".")[0] for module in self.request["modules"])
        stdlib = sorted(getattr(sys, "stdlib_module_names", ()))
        self.record({"stdlib": stdlib, "owners": owners(tops | makers)})

    def failed(
        self,
        step: str,
        error: BaseException,
        name: str,
        caught: list[Any] | tuple[()] = (),
        part: list[str] | None = None,
    ) -> None:
        """Record that a step raised, and at which part of the object where that is known."""
        self.record(
            {
                "failed": step,
                "name": name,
                "error": describe_exception(error),
                "part": part,
                "warnings": plain_warnings(caught),
            }
        )

    def inspect_and_probe(self, values: dict[str, Any]) -> Actions:
        """Describe and dump before probing, because a probe may change the object."""
        obj, self.roots = values["obj"], values
        self.record({"step": "describing"})
        self.record({"description": describe(obj)})
        if self.request["portrait"] is not None:
            self.draw("object", obj)
        self.look_around()
        if self.request["round_trip"]:
            self.record({"step": "dumping", "name": "obj"})
            yield from self.dump("returned", obj, "dumping", "obj")
        for probe in self.request["probes"]:
            self.record({"step": "probing", "name": probe["label"]})
            action = partial(prepared, probe, values)
            yield from self.exercise(probe["label"], action, is_drawn=self.is_drawing_probes())
        self.look_for_shadows()

    def make(self) -> Actions:
        """Make an object, draw it as it is, dump it, and draw what the other probes return of it.

        The first probe makes it.
        """
        if (yield from self.load()) is None:
            return
        maker, *probes = self.request["probes"]
        made: list[object] = []

        def keep(value: object) -> None:
            made.append(value)
            self.draw("object", value)

        self.record({"step": "calling", "name": maker["label"]})
        yield from self.exercise(maker["label"], partial(prepared, maker, {"obj": None}), keep)
        if made:  # reading an object may fill what it makes when it is asked
            self.draw("object", made[0])
        for probe in probes if made else ():
            self.record({"step": "probing", "name": probe["label"]})
            action = partial(prepared, probe, {"obj": made[0]})
            yield from self.exercise(probe["label"], action, is_drawn=True)

    def is_drawing_probes(self) -> bool:
        """Return whether what probes return is drawn instead of dumped."""
        asked = self.request["portrait"]
        return asked is not None and bool(asked["probes"])

    def draw(self, name: str, value: object, is_error: bool = False) -> None:
        """Record a portrait; where the target does not share our files, its code was sent along."""
        asked = self.request["portrait"]
        begun = time.monotonic()
        if "code" not in asked:
            place = os.path.join(OWN_FOLDER, "portrait.py")
            asked["code"] = {"__name__": "portrait"}
            exec(self.portrait_code(asked["source"], place), asked["code"])
        drawn = asked["code"]["portrait_of"](value, asked["wanted"], asked["seconds"], is_error)
        seconds = time.monotonic() - begun
        self.record({"portrait": name, "type": type_name(value), "seconds": seconds}, drawn)

    @staticmethod
    def portrait_code(source: str | None, place: str) -> types.CodeType:
        """Return the code that draws: from its file, compiled by an earlier process, or as sent."""
        if source is not None:
            return compile(source, place, "exec", dont_inherit=True)
        from _frozen_importlib_external import SourceFileLoader  # the interpreter has it already

        code = SourceFileLoader("portrait", place).get_code("portrait")
        assert code is not None
        return code

    def look_again(self) -> Actions:
        """Run a probe that disagreed once more, and watch what it asks for."""
        looking = Looking()
        looking.watch_imports()
        values = yield from self.load()
        if values is None:
            return
        probe = self.request["probes"][0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sow(self.request["seed"], self.request["seeded"])
            looking.watch()
            try:
                value = outcome((yield prepared(probe, values)))
                if is_kind(value, types.CoroutineType):
                    value.close()
            except BaseException:  # it was judged already
                pass
            finally:
                looking.end()
        looked = [[kind, what] for kind, what, _ in looking.seen]
        self.record({"looked": looked, "facts": process_facts()})
        self.record({"parts": [part_facts(source, values) for source in self.request["parts"]]})

    def describe_parts(self) -> Actions:
        """Load, and describe what expressions evaluate to."""
        values = yield from self.load()
        if values is not None:
            self.record({"parts": [part_facts(source, values) for source in self.request["parts"]]})

    def call(self, values: dict[str, Any]) -> Actions:
        """Call the function that came as `obj`."""
        self.look_around()
        self.record({"step": "calling", "name": "obj()"})
        args, kwargs = values["arguments"]
        self.roots = {"obj": values["obj"], "args": args, "kwargs": kwargs}
        yield from self.exercise("obj()", lambda: called(values["obj"], args, kwargs))
        self.look_for_shadows()

    def look_around(self) -> None:
        """Record the surroundings of what was loaded, before user code may change them."""
        if self.request["survey"] is not None:
            self.record({"surroundings": survey(self.request["survey"])})

    def look_for_shadows(self) -> None:
        """Record which classes came by value beside installed ones of their names."""
        found = shadowed()
        if found:
            self.record({"shadowed": found})

    def task(self) -> Actions:
        """Hand a framework's own message to its own code, and record what that answers."""
        name, options = self.request["runner"]
        payload = self.request["payloads"][0]
        self.record({"step": "calling", "name": "obj()"})
        try:
            message = yield from self.load_one(payload, iter(self.blobs), name, bytes)
            answer, told = outcome((yield partial(resolve(name), message, **options)))
        except BaseException as error:
            self.failed("loading", error, "obj")  # what the function raises is an answer
            return
        self.record({"step": "returning", "name": "obj()"})
        if told is None:
            self.record({"value": "obj()", "dumper": name, "type": ["", ""]}, answer)
            return
        about = describe_exception(told) if is_kind(told, BaseException) else None
        about = about or {"type": "", "module": "", "message": told, "traceback": told}
        self.record({"raised": about, "name": "obj()", "dumper": name}, answer)

    def exercise(
        self, name: str, action: Any, seen: Any = None, *, is_drawn: bool = False
    ) -> Actions:
        """Run the user's code under the seed, and record what it returns or raises.

        Args:
            name: of what it returns.
            action: returns the function that runs it.
            seen: called with what it returned, before anything else is done with that.
            is_drawn: whether that is drawn instead of dumped.
        """
        error: BaseException | None = None
        value: object = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                sow(self.request["seed"], self.request["seeded"])
                value = outcome((yield action()))
                if is_kind(value, types.CoroutineType):
                    value = outcome((yield partial(importlib.import_module("asyncio").run, value)))
                if seen is not None:
                    seen(value)
            except BaseException as problem:
                error = problem
        if is_drawn:
            self.draw(name, value if error is None else error, error is not None)
        if error is not None:
            self.raised(name, error, caught)
        if is_drawn or error is not None:
            return
        self.record({"step": "returning", "name": name, "warnings": plain_warnings(caught)})
        yield from self.dump("value", value, "returning", name)

    def raised(self, name: str, error: BaseException, caught: list[Any]) -> None:
        """Record an exception, with what it was raised from where that can be dumped too."""
        family = relatives(error)
        header: dict[str, object] = {
            "raised": describe_exception(error),
            "name": name,
            "within": place_of_raiser(error, self.roots),
            "facts": exception_facts(error),
            "links": [links(member, family) for member in family],
            "warnings": plain_warnings(caught),
        }
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
        """Record the exception without its causes: the host may be unable to load one of them."""
        try:
            dumper, blob = self.quietly_dumped([error])
        except BaseException:
            return
        self.record({"alone": name, "dumper": dumper}, blob)

    def quietly_dumped(self, value: object) -> tuple[str, bytes]:
        """Dump without the warnings of reducers."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.dumps(value)

    def smallest(self, value: object, path: str) -> list[str]:
        """Follow the parts that cannot be dumped by themselves; return the last: path and class.

        Of a function or a class, its own name as well.
        """
        left = MAX_DUMPED_PARTS
        seen = {id(value)}
        parts = [*parts_of(value), *held_slots(value)]
        while parts and left:
            suffix, part = parts.pop(0)
            if id(part) in seen:
                continue
            seen.add(id(part))
            left -= 1
            try:
                self.quietly_dumped(part)
            except BaseException:
                value, path = part, path + suffix
                parts = [*parts_of(part), *held_slots(part)]
        kind = type_name(value)
        if issubclass(type(value), (type, types.FunctionType)):
            kind[1] += " " + str(value.__qualname__)  # type: ignore[attr-defined]
        return [path, *kind]

    def dump(self, kind: str, value: object, step: str, name: str) -> Actions:
        """Dump a value into a record of its own."""
        buffers: list[memoryview] = []
        try:
            dumper, action = self.dumping(value, partial(is_inside, buffers))
            blob = outcome((yield action))
        except BaseException as error:
            self.record({"type": type_name(value), "step": step})
            self.failed(step, error, name, part=self.smallest(value, name))
            return
        header: dict[str, object] = {
            kind: name,
            "name": name,
            "dumper": dumper,
            "type": type_name(value),
        }
        if buffers:
            self.dumped += 1
            path = "%s-%d" % (self.beside, self.dumped)
            header["beside"] = {**write_buffers(path, buffers), "file": os.path.basename(path)}
        self.record(header, blob)

    def dumps(self, value: object) -> tuple[str, bytes]:
        """Dump with the first dumper that is installed."""
        name, action = self.dumping(value)
        return name, action()

    def dumping(self, value: object, callback: Any = None) -> tuple[str, Any]:
        """Return the first dumper that is installed, and what dumps with it.

        The protocol is the lower of both sides.
        """
        name, function, options = first_importable(self.request["dumpers"])
        if self.request["protocol"] is not None:
            protocol = min(self.request["protocol"], pickle.HIGHEST_PROTOCOL)
            options = {**options, "protocol": protocol}
            if protocol >= 5 and self.request["outside"] and self.beside:
                options.setdefault("buffer_callback", callback)
        return name, partial(function, value, **options)


def spawn_main(file: str, text: str) -> None:
    """Make a script the main module as in a spawned process, run when something of it is asked for.

    A process that `multiprocessing` spawns runs it at its start. What asks for nothing of it here
    needs nothing of what it imports either.

    Args:
        file: what tracebacks call it; its folder is the first where modules are looked for.
        text: the file that has its text here.
    """
    main = sys.modules["__main__"]
    space = vars(main)

    def run(name: str) -> Any:
        if not name.startswith("__"):
            del space["__getattr__"]
            space.update(__name__=MAIN_NAME, __file__=file)
            sys.modules[MAIN_NAME] = main
            sys.path.insert(0, os.path.dirname(file))
            with open(text, "rb") as stream:
                exec(compile(stream.read(), file, "exec"), space)
        if name in space:
            return space[name]
        raise AttributeError("module %r has no attribute %r" % (space["__name__"], name))

    space["__getattr__"] = run


def outcome(done: tuple[Any, BaseException | None]) -> Any:
    """Return what an action returned, or raise what it raised.

    It is sent, and not thrown: `yield from` takes some exceptions for its own.
    """
    result, error = done
    if error is not None:
        raise error
    return result


def called(function: Any, args: Any, kwargs: Any) -> Any:
    """Return what calls a function, or what is none, without a frame of ours where that can be."""
    if callable(function):
        return partial(function, *args, **kwargs)
    return lambda: function(*args, **kwargs)
