"""Run one check and judge what came back: the transcript becomes a verdict."""

from __future__ import annotations

import shlex
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_portable.diagnosis import Standing, bound_notes, explain_dump, foreign_code
from pytest_portable.environment.redaction import redact
from pytest_portable.judgement.absent import find_unwanted
from pytest_portable.judgement.argument_paths import (
    argument_paths,
    with_argument_path,
    with_some_argument,
)
from pytest_portable.judgement.evidence_of_check import census_of_payloads
from pytest_portable.judgement.exceptions import bring_back_exception, ends_session, not_raised
from pytest_portable.judgement.installed_copies import note_copies
from pytest_portable.judgement.late_imports import note_imports
from pytest_portable.judgement.load_warnings import all_warnings
from pytest_portable.judgement.outcome import Outcome
from pytest_portable.judgement.policies import check_policies
from pytest_portable.judgement.probe_causes import explain_probes
from pytest_portable.judgement.protocols import newer_than_readable
from pytest_portable.judgement.returned import (
    judge_probe,
    judge_probe_there,
    judge_return,
    load_back,
)
from pytest_portable.judgement.route import Hop, blame_hop, route_facts, take_route
from pytest_portable.judgement.seeds import seeded_modules
from pytest_portable.judgement.surroundings import Questions
from pytest_portable.judgement.surroundings.judge import ask_around, judge_surroundings
from pytest_portable.judgement.task import check_limits, note_left_behind, run_task
from pytest_portable.judgement.transcript import judge_transcript
from pytest_portable.payload.out_of_band import dump_outside, searchable, size_of, whole
from pytest_portable.payload.prescan import may_be_bound, may_carry_code
from pytest_portable.serializers.shipping import NO_SHIPPING, Shipping
from pytest_portable.verdict import STAGES, Problem, Target, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_portable.agent import Agent, Message, Transcript
    from pytest_portable.diagnosis import Evidence
    from pytest_portable.environment import Environment
    from pytest_portable.equivalence import Comparator
    from pytest_portable.payload.inspection import Inspection
    from pytest_portable.serializers import Serializer
    from pytest_portable.settings.legs import Leg
    from pytest_portable.settings.probes import Probe

__all__ = ["Check", "Outcome"]


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
    comparators: tuple[Comparator, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    payload: bytes | None = None
    payloads: list[tuple[str, bytes]] = field(default_factory=list)
    transcript: Transcript | None = None
    environment: Environment | None = None
    shipping: Shipping = NO_SHIPPING
    inspections: dict[str, Inspection] = field(default_factory=dict)
    hops: tuple[Hop, ...] = ()
    passed: list[Message | None] = field(default_factory=list)
    broken_hop: int | None = None
    evidences: dict[str, Evidence] = field(default_factory=dict)
    root: Path = Path()
    control: Callable[[], Agent] | None = None
    in_one_piece: bool = False
    arguments: tuple[str, ...] = ()
    standing: Standing = field(default_factory=Standing)

    @property
    def protocol(self) -> int | None:
        """The pickle protocol of this leg; `None` where the serializer knows none."""
        default = self.serializer.default_protocol
        if default is None:
            return None
        return default() if self.leg.protocol is None else self.leg.protocol

    @property
    def label(self) -> str:
        """The target's Python as ids spell it."""
        return self.target.label

    def run(
        self,
        *,
        names: Mapping[str, object],
        probes: tuple[Probe, ...],
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
        self.payloads = payloads
        if not self.problems:
            self.inspect(payloads)
        payloads = [] if self.problems else take_route(self, payloads)
        if self.problems:
            return self.outcome()
        round_trip = self.leg.round_trip and not given
        questions = Questions() if given else ask_around(self, payloads)
        survey = questions.to_request()
        self.travel("check", payloads, probes, round_trip=round_trip, survey=survey)
        judge_transcript(self)
        for probe in probes if given else ():
            judge_probe_there(self, probe)
        if not given:
            judge_return(self, equal, round_trip=round_trip)
            blame_hop(self, equal)
            for probe in probes:
                judge_probe(self, probe, names)
            judge_surroundings(self, questions, is_overruled=equal is not None)
            if probes and self.problems:
                explain_probes(self, probes, names)
            note_imports(self)
        return self.outcome()

    def run_given(self, payloads: list[tuple[str, bytes]], probe: Probe) -> Outcome:
        """Take payloads that were made elsewhere through all stages; nothing comes back loaded."""
        self.payloads = payloads
        self.payload = dict(payloads)["obj"]
        self.inspect(payloads)
        payloads = [] if self.problems else take_route(self, payloads)
        if not self.problems:
            self.travel("check", payloads, (probe,), round_trip=False)
            judge_transcript(self)
        return self.outcome()

    def run_made(self, probe: Probe) -> tuple[bytes | None, str]:
        """Return what a probe makes there, dumped there, or `None` and why there is nothing."""
        self.travel("check", [("obj", self.dumps(None))], (probe,), round_trip=False)
        assert self.transcript is not None
        record = self.transcript.find("value")
        if record is not None and record.blob is not None:
            return record.blob, ""
        for key in ("raised", "exception"):
            found = self.transcript.find(key)
            if found is not None:
                return None, f"{found.header[key]['type']}: {found.header[key]['message']}"
        return None, f"the process ended while {self.transcript.last_step()}"

    def run_call(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Outcome:
        """Ship a function and its arguments, bring back what it returned or raised."""
        if self.serializer.task is not None:
            return run_task(self, self.serializer.task, args, kwargs)
        self.arguments = argument_paths(args, kwargs)
        self.payloads = payloads = self.dump_all({"obj": self.obj, "arguments": (args, kwargs)})
        if not self.problems:
            self.inspect(payloads)
        payloads = [] if self.problems else take_route(self, payloads)
        if self.problems:
            return self.outcome()
        questions = ask_around(self, payloads)
        survey = questions.to_request()
        self.travel("call", payloads, (), round_trip=False, survey=survey)
        judge_transcript(self)
        assert self.transcript is not None
        raised, record = (self.transcript.find(key) for key in ("raised", "value"))
        error, value = None, None
        with self.shipping.loading():
            if raised is not None:
                error = bring_back_exception(self, raised)
            elif record is not None:
                value = load_back(self, record, "obj()")
        if error is not None and ends_session(error):
            self.problems.append(not_raised(error))
        judge_surroundings(self, questions, is_overruled=False, sent=(self.obj, args, kwargs))
        return Outcome(self.outcome().verdict, value=value, raised=error)

    # --- dump ---------------------------------------------------------------------------------

    def dumps(self, value: object) -> bytes:
        """Dump with the leg's serializer and options."""
        protocol = {} if self.protocol is None else {"protocol": self.protocol}
        options, _ = self.serializer.split(self.leg.options)
        return self.serializer.dumps(value, **protocol, **options)

    def dump(self, value: object, root: str) -> bytes | None:
        """Dump one value; a failure becomes a problem."""
        try:
            return self._dump_despite_warnings(value, root)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a reducer raises is the finding
            self.problems += explain_dump(
                value,
                error,
                self.dumps,
                root=root,
                protocol=self.protocol,
                serializer=self.serializer.name,
            )
            return None

    def _dump_to_travel(self, value: object) -> bytes:
        """Dump without copying what is big, where both sides can take that."""
        dump, protocol = self.serializer.dump, self.protocol
        if dump is None or protocol is None or self.in_one_piece or not self.agent.shares_files:
            return self.dumps(value)
        return dump_outside(dump, value, self.serializer.split(self.leg.options)[0], protocol)

    def _dump_despite_warnings(self, value: object, root: str) -> bytes:
        """Dump; a warning that the host's filters made an error becomes a note."""
        try:
            return self._dump_to_travel(value)
        except Warning as warning:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = self.dumps(value)
            self.notes.append(
                Problem(
                    code="load-warning",
                    stage="dump",
                    path=root,
                    module=str(type(warning).__module__),
                    message=f"warned while it was dumped: {type(warning).__name__}: {warning}",
                )
            )
            return data

    def dump_all(self, values: Mapping[str, object]) -> list[tuple[str, bytes]]:
        """Dump every value that travels."""
        begun = time.monotonic()
        self.standing = Standing([self.obj, *values.values()])
        payloads = []
        for name, value in values.items():
            with self.shipping.dumping():
                data = self.dump(value, name)
            if data is not None:
                payloads.append((name, data))
            if name == "obj":
                self.payload = data
        self.problems = [with_argument_path(problem) for problem in self.problems]
        self.seconds["dump"] = time.monotonic() - begun
        return payloads

    # --- inspect ------------------------------------------------------------------------------

    def inspection(self, data: bytes, root: str) -> Inspection:
        """Read a payload without loading it; once, however many ask."""
        from pytest_portable.payload.envelopes import inspect_streams  # noqa: PLC0415 - on demand
        from pytest_portable.payload.stdlib import stdlib_of  # noqa: PLC0415 - the same

        data = whole(data)
        if root not in self.inspections:
            self.inspections[root] = inspect_streams(
                self.serializer.pickles(data),
                len(data),
                root=root,
                python=self.host,
                stdlib=stdlib_of(self.target.minor),
            )
        return self.inspections[root]

    def inspect(self, payloads: list[tuple[str, bytes]]) -> None:
        """Refuse what cannot be loaded there, before loading it."""
        there = self.target.minor
        if self.leg.absent and self.environment is not None:
            self.problems += find_unwanted(self.leg.absent, self.environment, self.leg.deps or ())
        for name, data in payloads:
            if found_newer := newer_than_readable(data, name, there):
                self.problems.append(found_newer)
                continue
            streams = () if there == self.host else self.serializer.pickles(searchable(data))
            if any(map(may_carry_code, streams)):
                found = foreign_code(self.inspection(data, name), host=self.host, target=there)
                found = [with_argument_path(problem) for problem in found]
                (self.notes if self.leg.allow_bytecode else self.problems).extend(found)
        check_policies(self, payloads)
        note_copies(self)
        for name, data in payloads:
            if name == "obj":
                check_limits(self, "object", data)
            if any(map(may_be_bound, self.serializer.pickles(searchable(data)))):
                notes = bound_notes(self.inspection(data, name), self.target.platform)
                self.notes += [with_argument_path(note) for note in notes]
        if self.problems:
            self.problems += census_of_payloads(self)
        remarks = self.serializer.remarks(self.host, there, self.target.distributions)
        self.notes += [Problem("version-skew", "load", remark) for remark in remarks]
        note_left_behind(self)

    # --- there --------------------------------------------------------------------------------

    def travel(
        self,
        kind: str,
        payloads: list[tuple[str, bytes]],
        probes: tuple[Probe, ...],
        *,
        round_trip: bool,
        **more: object,
    ) -> None:
        """Run the request in a fresh process of the target; `more` are keys of its own."""
        transcript = self.ask(self.agent, kind, payloads, probes, round_trip=round_trip, **more)
        self.transcript = transcript
        self.seconds["there"] = transcript.seconds
        if not transcript.is_clean():
            # Who looks for the cause reads one stream, as it was: a probe may change the object.
            payloads[:] = [(name, whole(data)) for name, data in payloads]
            self.payload = None if self.payload is None else whole(self.payload)

    def ask(
        self,
        agent: Agent,
        kind: str,
        payloads: list[tuple[str, bytes]],
        probes: tuple[Probe, ...],
        *,
        round_trip: bool,
        **more: object,
    ) -> Transcript:
        """Run a request in a fresh process, of the target or of another environment."""
        dumping, loading = self.serializer.split(self.leg.options)
        options = dumping if self.serializer.dumpers[0].partition(":")[0] != "pickle" else {}
        dumpers = [
            [name, dict(options) if number == 0 else {}]
            for number, name in enumerate(self.serializer.dumpers)
        ]
        request = {
            "kind": kind,
            "dumpers": dumpers,
            "protocol": self.protocol,
            "round_trip": round_trip,
            "probes": [probe.to_request() for probe in probes],
            "seed": self.leg.seed,
            "seeded": seeded_modules(self.leg.seed),
            "warnings": self.leg.warnings,
            **more,
            "outside": self.serializer.dump is not None and not self.in_one_piece,
        }
        return agent.run_check(
            request,
            payloads,
            loaders=[[name, loading] for name in self.serializer.loaders],
            timeout_seconds=self.leg.timeout_seconds,
            sources=self.shipping.sources,
        )

    # --- verdict ------------------------------------------------------------------------------

    def outcome(self) -> Outcome:
        """Return the verdict as things stand."""
        placed = [with_some_argument(problem, self.arguments) for problem in self.problems]
        problems = sorted(placed, key=lambda problem: STAGES.index(problem.stage))
        transcript = self.transcript
        kind = type(self.obj)
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
            payload_bytes=None if self.payload is None else size_of(self.payload),
            target=self.target,
            leg={
                "python": self.leg.python,
                "deps": None if self.leg.deps is None else [redact(one) for one in self.leg.deps],
                "id": self.leg.id,
                "label": self.label,
                "deps_id": self.leg.deps_id,
                **route_facts(self),
                "preload": list(self.leg.preload),
            },
            seconds={**self.seconds, "total": time.monotonic() - self.started},
            warnings=() if transcript is None else tuple(all_warnings(self)),
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
