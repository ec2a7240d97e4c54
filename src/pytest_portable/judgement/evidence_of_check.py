"""What a diagnosis may ask about one failed check: payload, target, host, control."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pytest_portable.agent import Transcript
from pytest_portable.diagnosis import Elsewhere, Evidence, Here, Questions, Unknown, take_census
from pytest_portable.diagnosis.evidence import ModuleFile
from pytest_portable.diagnosis.host import canonical
from pytest_portable.environment import Environment
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.findings import NOTHING, Findings, problems
from pytest_portable.payload.inspection import blame
from pytest_portable.payload.told_versions import told_versions
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem

__all__ = ["Evidences", "take_census_of", "with_paths"]


@dataclass(frozen=True)
class Evidences:
    """The evidence of each payload of a check: the only thing that may ask a process again.

    What it costs is spent when it is asked.

    Attributes:
        context: of the check.
        sent: what travelled.
        transcript: of the run that is judged; `None` before there is one.
        questions: asks the target; `None` where nobody can be asked.
        control: asks a fresh process of the maker's own environment; starts it.
        run_here: does the same check with one probe, or none, in the maker's own environment.
        survey_fresh: answers a survey of surroundings in a fresh process of the host's Python.
        draw_here: draws what the payload is, and what probes return, in the maker's own
            environment, by what it is of; of instances, the attributes that are wanted by the name
            of their class. `None` where that environment is not at hand.
        dump_again: dumps the object once more, as it was dumped to travel; `None` where it cannot.
    """

    context: Context
    sent: Sent
    transcript: Transcript | None = None
    questions: Questions | None = None
    control: Callable[[], Questions | None] = lambda: None
    run_here: Callable[[Probe | None], Transcript | None] = lambda _: None
    survey_fresh: Callable[[Mapping[str, object]], Mapping[str, Any] | None] = lambda _: None
    draw_here: Callable[
        [tuple[Probe, ...], Mapping[str, Sequence[str]]], Mapping[str, Any] | None
    ] = lambda _probes, _wanted: None
    dump_again: Callable[[], bytes | None] = lambda: None
    _known: dict[str, Evidence] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __call__(self, root: str = "obj") -> Evidence:
        """Return the evidence of one payload.

        Args:
            root: name of the payload.
        """
        if root not in self._known:
            self._known[root] = self._gather(root)
        return self._known[root]

    def _gather(self, root: str) -> Evidence:
        context, sent = self.context, self.sent
        serializer, data = context.serializer, sent.data(root)

        def blame_path(offset: int) -> str:
            assert data is not None
            streams = serializer.pickles(data)
            return blame(streams[0], offset, root=root) if len(streams) == 1 else root

        def stream() -> bytes | None:
            if data is None or serializer.loaders[0].startswith(("pickle:", "dill:")):
                return None
            streams = serializer.pickles(data)
            return streams[0] if len(streams) == 1 else None

        return Evidence(
            target=context.target,
            maker=_maker(context, sent),
            inspect=lambda: None if data is None else sent.inspection(root),
            blame_path=None if data is None else blame_path,
            stream=stream,
            questions=self.questions,
            control=self.control,
            root=root,
            given=context.leg.deps is not None,
            serializer=serializer.name,
            runtimes=frozenset(name.partition(".")[0] for name in serializer.preload),
            options=context.leg.options,
            failed=self.transcript,
            standing=sent.standing,
            look=partial(_look, context.environment),
        )


def _maker(context: Context, sent: Sent) -> Here:
    """Return what is known of who dumped: of the host, everything is read when it is asked."""
    made = context.maker
    if not made.python:
        streams = context.serializer.pickles(sent.data("obj") or b"")
        told = told_versions(streams)
        return Unknown(context.root, context.leg.test, distributions=told)
    if made.distributions is None:
        return Here(context.root, context.leg.test)
    return Elsewhere(
        context.root, context.leg.test, made.python, distributions=dict(made.distributions)
    )


def _look(environment: Environment | None, distribution: str, module: str) -> ModuleFile | None:
    """See `Evidence.on_disk`; nothing is started."""
    from pytest_portable.environment.layout import site_folders  # noqa: PLC0415 - on demand

    if environment is None or environment.command is not None:
        return None
    stem = module.replace(".", "/")
    wanted = (f"{stem}.", f"{stem}/__init__.")
    folders = site_folders(environment.path)
    there = [
        file.relative_to(folder).as_posix()
        for folder in folders
        for pattern in (f"{stem}.*", f"{stem}/__init__.*")
        for file in sorted(folder.glob(pattern))
    ]
    records = (record for folder in folders for record in folder.glob("*.dist-info/RECORD"))
    for record in records:
        if canonical(record.parent.name.partition("-")[0]) != distribution:
            continue
        lines = record.read_text("utf-8", "replace").splitlines()
        names = [line.partition(",")[0].strip('"') for line in lines]
        listed = [name for name in names if name.startswith(wanted)]
        return ModuleFile(
            next(iter(there or listed), ""), is_listed=bool(listed), is_there=bool(there)
        )
    return None


def with_paths(found: Iterable[Problem]) -> list[Problem]:
    """Write the paths of arguments as a person would."""
    return [with_argument_path(problem) for problem in found]


def take_census_of(sent: Sent, evidence: Evidences) -> Findings:
    """Return what the payloads refer to and the target does not have; nothing is loaded there."""
    found = NOTHING
    for name, _ in sent.payloads:
        found += problems(with_paths(take_census(evidence(name))))
    return found
