"""Run one check and judge what came back: the transcript becomes a verdict."""

from __future__ import annotations

import importlib.metadata
import itertools
import shlex
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_portable.diagnosis import Evidence, explain_dump, explain_exception, foreign_code
from pytest_portable.equivalence import compare
from pytest_portable.payload.prescan import may_carry_code
from pytest_portable.verdict import STAGES, Problem, Remedy, Target, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_portable.payload.inspection import Inspection
    from pytest_portable.plan import Leg
    from pytest_portable.probes import Probe
    from pytest_portable.serializers import Serializer
    from pytest_portable.target import Agent, Message, Transcript

__all__ = ["Check", "Outcome"]

_STAGE_OF_STEP = {
    "starting": "load",
    "loading": "load",
    "describing": "load",
    "dumping": "return",
    "probing": "call",
    "calling": "call",
    "returning": "return",
}


@dataclass(frozen=True)
class Outcome:
    """A verdict, and for a call what it returned or raised."""

    verdict: Verdict
    value: object = None
    raised: BaseException | None = None


@dataclass
class Check:
    """One object on one leg."""

    obj: object
    leg: Leg
    serializer: Serializer
    target: Target
    agent: Agent
    host: tuple[int, int]
    notes_of_environment: tuple[str, ...]
    started: float
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    payload: bytes | None = None
    transcript: Transcript | None = None

    @property
    def protocol(self) -> int:
        """The pickle protocol of this leg."""
        asked = self.leg.protocol
        return self.serializer.default_protocol() if asked is None else asked

    @property
    def label(self) -> str:
        """The target's Python as ids spell it: `py3.12`, `pypy3.10`."""
        major, minor = _minor(self.target.python)
        name = "py" if self.target.implementation == "cpython" else self.target.implementation
        return f"{name}{major}.{minor}"

    def run(
        self,
        *,
        names: Mapping[str, object],
        probe: Probe | None,
        equal: Callable[[Any, Any], object] | None,
        data: bytes | None = None,
    ) -> Outcome:
        """Take an object through all stages."""
        given = data is not None
        values = {} if given else {"obj": self.obj}
        payloads = self.dump_all({**values, **names})
        if data is not None:
            self.payload = data
            payloads.insert(0, ("obj", data))
        if not self.problems:
            self.inspect(payloads)
        if self.problems:
            return self.outcome()
        round_trip = self.leg.round_trip and not given
        self.travel("check", payloads, probe, round_trip=round_trip)
        self.judge_transcript(payloads)
        if not given:
            self.judge_return(equal, round_trip=round_trip)
            if probe is not None:
                self.judge_probe(probe, names)
        return self.outcome()

    def run_call(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Outcome:
        """Ship a function and its arguments, bring back what it returned or raised."""
        payloads = self.dump_all({"obj": self.obj, "arguments": (args, kwargs)})
        if not self.problems:
            self.inspect(payloads)
        if self.problems:
            return self.outcome()
        self.travel("call", payloads, None, round_trip=False)
        self.judge_transcript(payloads)
        assert self.transcript is not None
        raised = self.transcript.find("raised")
        if raised is not None:
            error = self.bring_back_exception(raised)
            return Outcome(self.outcome().verdict, raised=error)
        record = self.transcript.find("value")
        value = None if record is None else self.load_back(record, "obj()")
        return Outcome(self.outcome().verdict, value=value)

    # --- dump ---------------------------------------------------------------------------------

    def dumps(self, value: object) -> bytes:
        """Dump with the leg's serializer and options."""
        return self.serializer.dumps(value, protocol=self.protocol, **self.leg.options)

    def dump(self, value: object, root: str) -> bytes | None:
        """Dump one value; a failure becomes a problem."""
        try:
            return self.dumps(value)
        except Exception as error:  # noqa: BLE001 - whatever a reducer raises is the finding
            self.problems.append(explain_dump(value, error, self.dumps, root=root))
            return None

    def dump_all(self, values: Mapping[str, object]) -> list[tuple[str, bytes]]:
        """Dump every value that travels."""
        begun = time.monotonic()
        payloads = []
        for name, value in values.items():
            data = self.dump(value, name)
            if data is not None:
                payloads.append((name, data))
            if name == "obj":
                self.payload = data
        self.problems = [_with_argument_path(problem) for problem in self.problems]
        self.seconds["dump"] = time.monotonic() - begun
        return payloads

    # --- inspect ------------------------------------------------------------------------------

    def inspection(self, data: bytes, root: str) -> Inspection:
        """Read a payload without loading it."""
        from pytest_portable.payload.inspection import inspect_payload  # noqa: PLC0415 - on demand

        return inspect_payload(data, root=root, python=self.host)

    def inspect(self, payloads: list[tuple[str, bytes]]) -> None:
        """Refuse what cannot be loaded there, before loading it."""
        there = _minor(self.target.python)
        for name, data in payloads:
            if there != self.host and may_carry_code(data):
                found = foreign_code(self.inspection(data, name), host=self.host, target=there)
                found = [_with_argument_path(problem) for problem in found]
                (self.notes if self.leg.allow_bytecode else self.problems).extend(found)
            self._check_policies(name, data)

    def _check_policies(self, name: str, data: bytes) -> None:
        budget = self.leg.max_bytes
        if budget is not None and name == "obj" and len(data) > budget:
            sizes = self.inspection(data, name).sizes[:3]
            biggest = ", ".join(f"{size.path} ({size.bytes:,})" for size in sizes)
            self.problems.append(
                Problem(
                    code="too-large",
                    stage="inspect",
                    path=sizes[0].path if sizes else name,
                    message=f"{len(data):,} bytes, budget {budget:,}; biggest: {biggest}",
                )
            )
        for module in self.leg.forbid:
            for reference in self.inspection(data, name).references:
                if reference.module == module or reference.module.startswith(module + "."):
                    self.problems.append(
                        Problem(
                            code="forbidden-reference",
                            stage="inspect",
                            path=reference.paths[0] if reference.paths else name,
                            module=reference.module,
                            distribution=reference.distribution,
                            message=f"refers to {reference.module}, which the mark forbids",
                        )
                    )

    # --- there --------------------------------------------------------------------------------

    def travel(
        self,
        kind: str,
        payloads: list[tuple[str, bytes]],
        probe: Probe | None,
        *,
        round_trip: bool,
    ) -> None:
        """Run the request in a fresh process of the target."""
        options = (
            self.leg.options if self.serializer.dumpers[0].partition(":")[0] != "pickle" else {}
        )
        dumpers = [
            [name, dict(options) if number == 0 else {}]
            for number, name in enumerate(self.serializer.dumpers)
        ]
        request = {
            "kind": kind,
            "dumpers": dumpers,
            "protocol": self.protocol,
            "round_trip": round_trip,
            "probe": None if probe is None else probe.to_request(),
            "warnings": self.leg.warnings,
        }
        self.transcript = self.agent.run_check(
            request,
            payloads,
            loaders=self.serializer.loaders,
            timeout_seconds=self.leg.timeout_seconds,
        )
        self.seconds["there"] = self.transcript.seconds

    def judge_transcript(self, payloads: list[tuple[str, bytes]]) -> None:
        """Turn what the target recorded into problems."""
        transcript = self.transcript
        assert transcript is not None
        for record in transcript.records:
            if "failed" in record.header:
                self._judge_failure(record, dict(payloads))
            self._judge_warnings(record)
        if not transcript.finished:
            self.problems.append(_lost(transcript, self.leg.timeout_seconds))
        if transcript.files:
            self.problems.append(
                Problem(
                    code="side-effect",
                    stage="load",
                    path="obj",
                    message="left files in the working directory: "
                    + ", ".join(transcript.files[:5]),
                )
            )

    def _judge_failure(self, record: Message, payloads: Mapping[str, bytes]) -> None:
        name, error = record.header["name"], record.header["exception"]
        if record.header["failed"] != "loading":
            path = "obj()" if name in {"obj()", "probe"} else name
            self.problems.append(
                Problem(
                    code="result-not-portable",
                    stage="return",
                    path=path,
                    message="cannot be dumped there",
                    evidence=f"{error['type']}: {error['message']}",
                    remedies=(Remedy("return plain data, for a generator list(...)"),),
                )
            )
            return
        if "unsupported pickle protocol" in error["message"]:
            self.problems.append(self._protocol_too_new(error))
            return
        problem = explain_exception(error, "load", self.evidence(payloads.get(name), name))
        self.problems.append(_with_argument_path(problem))

    def _protocol_too_new(self, error: Mapping[str, Any]) -> Problem:
        return Problem(
            code="protocol-too-new",
            stage="inspect",
            path="obj",
            message=f"pickle protocol {self.protocol} is newer than the target reads",
            evidence=f"{error['type']}: {error['message']}",
            remedies=(Remedy("protocol=4", "protocol=4"),),
        )

    def _judge_warnings(self, record: Message) -> None:
        for warning in record.header.get("warnings", ()):
            if self.leg.warnings == "ignore":
                continue
            problem = Problem(
                code="load-warning",
                stage="load",
                path="obj",
                module=warning["module"],
                message=f"{warning['category']}: {warning['message']}",
            )
            (self.problems if self.leg.warnings == "error" else self.notes).append(problem)

    # --- back ---------------------------------------------------------------------------------

    def load_back(self, record: Message, path: str) -> object:
        """Load what the target dumped; a failure becomes a problem at stage `return`."""
        assert record.blob is not None
        loads = self.serializer.loads
        if str(record.header["dumper"]).startswith("pickle:"):
            from pytest_portable.serializers.loading import loads  # noqa: PLC0415 - rare
        try:
            return loads(record.blob)
        except BaseException as error:  # noqa: BLE001 - a worker-only class may raise anything
            self.problems.append(
                Problem(
                    code="result-not-portable",
                    stage="return",
                    path=path,
                    message=f"came back as {'.'.join(record.header['type'])}, "
                    "which cannot be loaded here",
                    evidence=f"{type(error).__name__}: {error}",
                )
            )
            return None

    def judge_return(self, equal: Callable[[Any, Any], object] | None, *, round_trip: bool) -> None:
        """Load what came back and compare it with the original."""
        assert self.transcript is not None
        record = self.transcript.find("returned")
        if not round_trip or record is None:
            return
        begun = time.monotonic()
        before = len(self.problems)
        returned = self.load_back(record, "obj")
        if len(self.problems) == before:
            self._compare(self.obj, returned, "obj", equal)
        self.seconds["compare"] = time.monotonic() - begun

    def _compare(
        self,
        original: object,
        returned: object,
        root: str,
        equal: Callable[[Any, Any], object] | None = None,
    ) -> None:
        found = compare(
            original, returned, root=root, equal=equal, rtol=self.leg.rtol, atol=self.leg.atol
        )
        for item in found.items:
            self.problems.append(
                Problem(
                    code="mismatch",
                    stage="compare",
                    path=item.path,
                    message=item.reason,
                    evidence=f"{item.original} went out, {item.returned} came back",
                )
            )

    def judge_probe(self, probe: Probe, names: Mapping[str, object]) -> None:
        """Evaluate the probe here too and compare the results."""
        transcript = self.transcript
        assert transcript is not None
        raised, record = transcript.find("raised"), transcript.find("value")
        if raised is None and record is None:
            return
        try:
            here = probe.evaluate(self.obj, names)
        except BaseException as error:  # noqa: BLE001 - the probe is the user's code
            if raised is None or raised.header["raised"]["type"] != type(error).__qualname__:
                self.problems.append(
                    Problem(
                        code="mismatch",
                        stage="compare",
                        path="obj",
                        message=f"the probe raised {type(error).__name__} here: {error}, "
                        "and not there",
                    )
                )
            return
        if raised is not None:
            error_there = raised.header["raised"]
            data = self.payload
            self.problems.append(explain_exception(error_there, "call", self.evidence(data, "obj")))
            return
        assert record is not None
        before = len(self.problems)
        there = self.load_back(record, "obj()")
        if len(self.problems) == before:
            self._compare(here, there, "probe")

    def bring_back_exception(self, record: Message) -> BaseException | None:
        """Return the exception that came back, or judge why it cannot."""
        about = record.header["raised"]
        if record.blob is None:
            trouble = record.header["undumped"]
            self._exception_lost(about, f"{trouble['type']}: {trouble['message']}", "dumped there")
            return None
        try:
            chain: Any = self.serializer.loads(record.blob)
        except BaseException as error:  # noqa: BLE001 - required arguments, a worker-only class
            self._exception_lost(about, f"{type(error).__name__}: {error}", "loaded here")
            return None
        for outer, inner in itertools.pairwise(chain):
            outer.__cause__ = inner
        note = f"raised in {self.label}:\n{about['traceback']}"
        first: BaseException = chain[0]
        first.__notes__ = [*getattr(first, "__notes__", []), note]
        return first

    def _exception_lost(self, about: Mapping[str, Any], evidence: str, what: str) -> None:
        self.problems.append(
            Problem(
                code="exception-not-portable",
                stage="return",
                path="obj()",
                module=about["module"],
                message=f"{about['type']}({about['message']!r}) was raised there and cannot be "
                f"{what}",
                evidence=evidence,
                remedies=(
                    Remedy("pass all arguments to super().__init__(), or define __reduce__"),
                ),
            )
        )

    # --- verdict ------------------------------------------------------------------------------

    def evidence(self, data: bytes | None, root: str) -> Evidence:
        """Collect what a cause may ask about; only after a failure."""
        providers = importlib.metadata.packages_distributions()
        here = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
        modules = {
            name: file
            for name, module in list(sys.modules.items())
            if isinstance(file := getattr(module, "__file__", None), str)
        }
        test = self.leg.test.partition("::")[0]
        tests = {name for name, file in modules.items() if test and file.endswith(test)}
        return Evidence(
            inspection=None if data is None else self.inspection(data, root),
            providers={name: list(found) for name, found in providers.items()},
            there=self.target.distributions,
            here=here,
            test_modules=frozenset(tests),
            modules=modules,
            stdlib=sys.stdlib_module_names,
            target_python=self.target.python,
            root=root,
        )

    def outcome(self) -> Outcome:
        """Return the verdict as things stand."""
        problems = sorted(self.problems, key=lambda problem: STAGES.index(problem.stage))
        transcript = self.transcript
        kind = type(self.obj)
        warned = (
            ()
            if transcript is None
            else tuple(
                warning for r in transcript.records for warning in r.header.get("warnings", ())
            )
        )
        skew = [
            Problem(code="serializer-skew", stage="load", message=note)
            for note in self.notes_of_environment
        ]
        verdict = Verdict(
            portable=not problems,
            stage=problems[0].stage if problems else None,
            problems=tuple(problems),
            notes=(*self.notes, *skew),
            object=f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
            serializer=self.leg.serializer,
            protocol=self.protocol,
            payload_bytes=None if self.payload is None else len(self.payload),
            target=self.target,
            leg={
                "python": self.leg.python,
                "deps": None if self.leg.deps is None else list(self.leg.deps),
                "id": self.leg.id,
                "label": self.label,
            },
            seconds={**self.seconds, "total": time.monotonic() - self.started},
            warnings=warned,
            stdout="" if transcript is None else transcript.stdout,
            stderr="" if transcript is None else transcript.stderr,
            stdout_bytes=0 if transcript is None else transcript.stdout_bytes,
            stderr_bytes=0 if transcript is None else transcript.stderr_bytes,
            test=self.leg.test,
            reproduce=self._reproduce(),
        )
        return Outcome(verdict)

    def _reproduce(self) -> str:
        return f"python -m pytest {shlex.quote(self.leg.test)}" if self.leg.test else ""


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def _with_argument_path(problem: Problem) -> Problem:
    """Write the parts of a call's arguments as a person would: `args[0]`, `kwargs['k']`."""
    path = problem.path
    if path is None or not path.startswith("arguments["):
        return problem
    from dataclasses import replace  # noqa: PLC0415 - only after a failure

    rest = path.removeprefix("arguments")
    root = "args" if rest.startswith("[0]") else "kwargs"
    return replace(problem, path=root + rest[3:])


def _lost(transcript: Transcript, timeout_seconds: float) -> Problem:
    """Return the problem of a child that never finished."""
    step = transcript.last_step()
    stage = _STAGE_OF_STEP[step]
    lines = [line for line in transcript.stderr.splitlines() if "_target/agent.py" not in line]
    last = "\n".join(lines[:6])
    if transcript.timed_out:
        code, message = "timeout", f"did not finish in {timeout_seconds:g} s; last step: {step}"
    elif transcript.status < 0:
        name = signal.Signals(-transcript.status).name
        code, message = "crash", f"ended by signal {-transcript.status} ({name}) while {step}"
    else:
        code = "early-exit"
        message = (
            f"the process ended with status {transcript.status} without an answer while {step}"
        )
    return Problem(code=code, stage=stage, path="obj", message=message, evidence=last)
