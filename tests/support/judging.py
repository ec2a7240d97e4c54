"""What judges are given, built by hand: no process is started for any of it.

A test says what lies between the two sides (`context`), what was dumped (`sent`), what the target
recorded (`transcript` of typed records) and what it answers when it is asked again (`Answers`).
"""

from __future__ import annotations

import json
import pickle
import sys
import types
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_portable.agent import Transcript
from pytest_portable.agent.in_target import describe
from pytest_portable.agent.records import (
    Alone,
    Caught,
    Failed,
    Finished,
    Loaded,
    Noted,
    Raised,
    Returned,
    SmallestPart,
    Step,
    TargetError,
    Value,
    read_record,
)
from pytest_portable.diagnosis import Questions
from pytest_portable.environment import Environment, Interpreter
from pytest_portable.judgement.context import Context, Sent, Side, host_side
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.serializers import Registry, Serializer
from pytest_portable.settings.legs import Leg
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_portable.agent.descriptions import PartFacts
    from pytest_portable.agent.records import Record
    from pytest_portable.diagnosis.ask_target import Census

__all__ = [
    "Answers",
    "alone",
    "context",
    "described",
    "dumped_there",
    "environment",
    "error_of",
    "evidences",
    "failed",
    "loaded",
    "noted",
    "probing",
    "raised",
    "returned",
    "sent",
    "side",
    "steps",
    "transcript",
    "value",
    "warned",
]

_REGISTRY = Registry()
_LEG_KEYS = {field.name for field in fields(Leg)} - {"serializer"}
NONCE = "nonce"


# Before anything travels


def side(python: str = "", implementation: str = "cpython", platform: str = "linux") -> Side:
    """Return one of the two Pythons; this process where nothing is said."""
    return Side(python, implementation, platform) if python else host_side()


def context(
    obj: object = None,
    *,
    serializer: str | Serializer = "pickle",
    maker: Side | None = None,
    reader: Side | None = None,
    distributions: Mapping[str, str] | None = None,
    **keys: Any,
) -> Context:
    """Return the context of a check; both sides are this Python where nothing is said.

    Args:
        obj: the object.
        serializer: its name, or itself.
        maker: who dumped.
        reader: who loads.
        distributions: what is installed there.
        keys: of `Leg` or of `Context`.
    """
    if isinstance(serializer, str):
        serializer = _REGISTRY.get(serializer)
    reader = reader or host_side()
    of_leg = {key: value for key, value in keys.items() if key in _LEG_KEYS}
    return Context(
        obj=obj,
        leg=Leg(serializer=serializer.name, **of_leg),
        serializer=serializer,
        maker=maker or host_side(),
        reader=reader,
        target=Target(
            reader.python,
            reader.implementation,
            reader.platform,
            executable="/there/python",
            distributions=distributions or {},
        ),
        root=keys.get("root", Path("/project")),
        **{key: value for key, value in keys.items() if key not in _LEG_KEYS | {"root"}},
    )


def environment(folder: Path, **distributions: str) -> Environment:
    """Return an environment that nobody built, in a folder.

    Args:
        folder: what `lib/python3/site-packages` in it holds is installed there.
        distributions: canonical name -> version.
    """
    from packaging.markers import default_environment

    facts = json.dumps({"marker": default_environment()})
    made_from = Interpreter(Path("/there/python"), "cpython", "3.12.1", (3, 12, 1), "linux", facts)
    return Environment("key", folder, made_from.path, made_from, distributions)


def sent(known: Context, *payloads: tuple[str, object]) -> Sent:
    """Return what was dumped: the object, and others by name; bytes are payloads already."""
    values = payloads or (("obj", known.obj),)
    return Sent(tuple((name, _dumped(known, one)) for name, one in values), known)


def _dumped(known: Context, value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    protocol = {} if known.protocol is None else {"protocol": known.protocol}
    return known.serializer.dumps(value, **protocol, **dict(known.leg.options))


# What the target recorded


def transcript(*records: Record, finished: bool | None = None, **facts: Any) -> Transcript:
    """Return what one run left; it finished unless something else is said.

    Args:
        records: in order; the last one, which says that all was done, is added.
        finished: whether the child did all of it.
        facts: other attributes of `Transcript`, such as `files` or `status`.
    """
    is_done = finished is not False
    last = (Finished(NONCE),) if is_done else ()
    plain = {"status": 0, "timed_out": False, "seconds": 0.1}
    return Transcript(records=(*records, *last), finished=is_done, **{**plain, **facts})


def steps(*names: str) -> tuple[Step, ...]:
    """Return steps: `loading obj` is the step and what it is about."""
    return tuple(Step(*name.partition(" ")[::2]) for name in names)


def described(error: BaseException, **changes: Any) -> TargetError:
    """Return an exception as the agent describes it.

    Args:
        error: as it is raised there; raise it to give it frames.
        changes: attributes of `TargetError` that are otherwise there.
    """
    header = {"failed": "loading", "name": "obj", "error": describe.describe_exception(error)}
    record = read_record(header, None)
    assert isinstance(record, Failed)
    return replace(record.error, **changes)


def error_of(action: Callable[[], object]) -> BaseException:
    """Return what an action raises, with the frames of it."""
    try:
        action()
    except BaseException as error:  # noqa: BLE001 - any exception will do
        return error
    raise AssertionError("it raised nothing")


def failed(
    error: BaseException | TargetError,
    step: str = "loading",
    name: str = "obj",
    part: tuple[str, str, str] | None = None,
    warnings: Sequence[Caught] = (),
) -> Failed:
    """Return a step that raised."""
    told = error if isinstance(error, TargetError) else described(error)
    return Failed(step, name, told, None if part is None else SmallestPart(*part), tuple(warnings))


def warned(
    message: str = "watch out", category: str = "UserWarning", module: str = "builtins"
) -> Caught:
    """Return a warning that was raised there."""
    return Caught(category, module, message, "there.py", 1)


def loaded(name: str = "obj", *warnings: Caught) -> Loaded:
    """Return a payload that was loaded there."""
    return Loaded(name, "pickle:loads", warnings)


def value(
    thing: object, name: str = "probe", *, blob: bytes | None = None, dumper: str = "pickle:dumps"
) -> Value:
    """Return what a probe or a call returned, dumped there."""
    kind = type(thing)
    data = pickle.dumps(thing) if blob is None else blob
    return Value(name, dumper, (kind.__module__, kind.__qualname__), data)


def returned(thing: object, *, blob: bytes | None = None) -> Returned:
    """Return the object that came back."""
    plain = value(thing, "obj", blob=blob)
    return Returned(plain.name, plain.dumper, plain.type, plain.blob)


def raised(error: BaseException, /, name: str = "probe", **changes: Any) -> Raised:
    """Return what a probe or a call raised, dumped there with its family.

    Args:
        error: the exception.
        name: label of the probe, or `obj()`.
        changes: attributes of `Raised` that are otherwise there.
    """
    family = describe.relatives(error)
    header = {
        "raised": describe.describe_exception(error),
        "name": name,
        "facts": describe.exception_facts(error),
        "links": [describe.links(member, family) for member in family],
        "dumper": "pickle:dumps",
    }
    blob = None if "blob" in changes else pickle.dumps(family)
    record = read_record(header, blob)
    assert isinstance(record, Raised)
    return replace(record, **changes)


def alone(error: BaseException, name: str = "probe") -> Alone:
    """Return an exception that was dumped without what it was raised from."""
    return Alone(name, "pickle:dumps", pickle.dumps([error]))


def noted(offset: int, *words: str) -> Noted:
    """Return the memory of a child that was watched: the step that it was about to take."""
    text = "\0".join(words).encode()
    return Noted(len(text).to_bytes(4, "big") + offset.to_bytes(8, "big", signed=True) + text)


def probing(source: str, label: str = "probe", *raises: type[BaseException]) -> Probe:
    """Return a probe that is an expression, and the exceptions that are wanted of it."""
    return Probe("expression", source, label=label, raises=raises)


def dumped_there(source: str, expression: str, module: str = "only_there") -> bytes:
    """Return the payload of what only the target can make: it has a module that is not here.

    Args:
        source: of the module.
        expression: what is dumped.
        module: its name.
    """
    made = types.ModuleType(module)
    exec(source, vars(made))
    sys.modules[module] = made
    try:
        return pickle.dumps(eval(expression, vars(made)))
    finally:
        del sys.modules[module]


# What can be asked afterwards


class Answers(Questions):
    """Answers what a target would; what no test gave an answer to, nobody may ask.

    Attributes:
        asked: the questions, in order.
    """

    __repr__ = object.__repr__

    def __init__(
        self,
        *,
        blame: Transcript | None = None,
        census: Census | None = None,
        again: Callable[..., Transcript] | None = None,
        load: Transcript | None = None,
        parts: Callable[[Sequence[str]], tuple[PartFacts, ...]] | None = None,
    ) -> None:
        self._answers: dict[str, Any] = {
            "blame": blame,
            "census": census,
            "again": again,
            "load": load,
            "parts": parts,
        }
        self.asked: list[str] = []

    def _answer(self, question: str) -> Any:
        self.asked.append(question)
        answer = self._answers[question]
        assert answer is not None, f"nobody said what {question} answers"
        return answer

    def blame(self, *_: object) -> Transcript:
        answer: Transcript = self._answer("blame")
        return answer

    def census(self, *_: object) -> Census:
        answer: Census = self._answer("census")
        return answer

    def again(self, *question: Any) -> Transcript:
        answer: Transcript = self._answer("again")(*question)
        return answer

    def parts(self, parts: Sequence[str]) -> tuple[PartFacts, ...]:
        answer: tuple[PartFacts, ...] = self._answer("parts")(parts)
        return answer

    def load(self) -> Transcript:
        answer: Transcript = self._answer("load")
        return answer


def evidences(  # noqa: PLR0913 - whoever can be asked
    known: Context,
    travelled: Sent | None = None,
    run: Transcript | None = None,
    *,
    questions: Questions | None = None,
    control: Questions | None = None,
    here: Callable[[Probe | None], Transcript | None] = lambda _: None,
    survey_fresh: Callable[[Mapping[str, object]], Mapping[str, Any] | None] = lambda _: None,
    dump_again: Callable[[], bytes | None] = lambda: None,
) -> Evidences:
    """Return the evidence of a check: nobody can be asked where nothing is said.

    Args:
        known: the context.
        travelled: what was sent; the object alone where nothing is said.
        run: the transcript that is judged.
        questions: answers for the target.
        control: answers for the host's own environment.
        here: does the check with one probe in the host's own environment.
        survey_fresh: answers a survey of a fresh process.
        dump_again: dumps the object once more.
    """
    return Evidences(
        known,
        travelled or sent(known),
        run,
        questions,
        lambda: control,
        here,
        survey_fresh,
        dump_again=dump_again,
    )
