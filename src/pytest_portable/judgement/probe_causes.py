"""Why a probe disagrees: it runs there once more, and what it reads is compared part by part."""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_portable.agent.descriptions import PartFacts
from pytest_portable.agent.in_target.facts import part_facts, process_facts
from pytest_portable.agent.in_target.limits import MAX_CANONICAL, MAX_TEXT
from pytest_portable.agent.in_target.parts import CONTAINER_TYPES, PLAIN_TYPES, canonical
from pytest_portable.agent.records import Looked, Parts
from pytest_portable.agent.typed_json import read_as
from pytest_portable.diagnosis import Questions, explain_options
from pytest_portable.diagnosis.causes.surroundings import EVERYWHERE, entry_points_here
from pytest_portable.equivalence import LOST
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.evidence_of_check import Evidences, with_paths
from pytest_portable.judgement.findings import Findings, notes, problems
from pytest_portable.judgement.probes_without_answer import is_without_answer
from pytest_portable.judgement.seeds import seeded_modules
from pytest_portable.judgement.state_hooks import state_hook
from pytest_portable.judgement.surroundings.judge import ANOTHER_VALUE
from pytest_portable.serializers.out_of_band import whole
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem, Remedy

__all__ = ["explain_probes", "parts_of_probe"]

_MAX_PARTS: Final = 20
# By these an expression leaves the object: for modules, and for who an object is.
_OUTWARD: Final = frozenset({"__import__", "compile", "eval", "exec", "globals", "id", "open"})
# Signals that were raised by calculations say nothing about how it calculates.
_DECIMAL: Final = re.compile(r", flags=\[[^\[\]]*\]")
# What no two processes need agree on, what is said of it, and what to do.
_OWN: Final = (
    (
        "hash",
        "the probe takes a hash, and hashes of text differ from process to process",
        "use hashlib, or leave the hash out of the probe",
    ),
    (
        "folder",
        "the probe asks for the working directory, and the target has one of its own",
        "pass the directory as an argument",
    ),
    (
        "chance",
        "the probe takes random numbers, and the state of their generator stays behind",
        "seed=0",
    ),
)


def explain_probes(
    context: Context,
    evidence: Evidences,
    probes: Sequence[Probe],
    names: Mapping[str, object],
    found: Findings,
) -> Findings:
    """Look once more at probes that disagree where nothing else explains that.

    What is found comes before the disagreement; where nothing is, a note says that what the probe
    reads is equal, if all of it was compared. It costs another process there, and the probe's
    parts are evaluated here.

    Args:
        context: of the check.
        evidence: runs a probe once more.
        probes: of the check.
        names: the values that they see.
        found: what was found before.

    Returns:
        All findings, in their new order.
    """
    questions = evidence.questions
    if questions is None:
        return found
    values = {**names, "obj": context.obj}
    for probe in probes:
        answers = [one for one in found.problems if not is_without_answer(one)]
        lost = [one for one in answers if LOST in one.message]
        others = [one for one in answers if not _is_about(one, probe) and one not in lost]
        disagrees = len(others) + len(lost) < len(answers) or any(map(_is_skew, others))
        if not disagrees or not all(map(_may_depend, others)):
            continue
        again = _Again(evidence, questions, probe, values, _stage(found))
        reasons = list(again.surroundings() if others else again.findings())
        found = problems(reasons) + _without(found, lost, reasons)
        if not reasons and not others and again.chains:
            found += notes(again.reads())
    return found


def _without(found: Findings, lost: Sequence[Problem], reasons: Sequence[Problem]) -> Findings:
    """Leave out the lost attributes that explain a probe: they are told with it."""
    told = {reason.path for reason in reasons}
    left = [one for one in found.problems if one not in lost or one.path not in told]
    return problems(left) + notes(found.notes)


def _is_about(problem: Problem, probe: Probe) -> bool:
    if problem.code == "call-error":
        return True
    return problem.code == "mismatch" and (problem.path or "").startswith(probe.label)


def _may_depend(problem: Problem) -> bool:
    """Return whether something around the object may still be behind a problem."""
    is_computed = problem.code == "mismatch" and ANOTHER_VALUE in problem.message
    return is_computed or _is_skew(problem)


def _is_skew(problem: Problem) -> bool:
    """Return whether a call raised in code of another version: which may have to do with it."""
    return (problem.code, problem.stage) == ("version-skew", "call")


def _stage(found: Findings) -> str:
    """Return the stage at which a probe disagreed."""
    answers = [one for one in found.problems if not is_without_answer(one)]
    raised = any(one.code == "call-error" or _is_skew(one) for one in answers)
    return "call" if raised else "compare"


class _Again:
    """One probe, run once more."""

    def __init__(
        self,
        evidence: Evidences,
        questions: Questions,
        probe: Probe,
        values: dict[str, object],
        stage: str,
    ) -> None:
        self.evidence = evidence
        self.probe = probe
        self.values = values
        self.stage = stage
        self.chains = parts_of_probe(probe)
        self.parts = list(dict.fromkeys(part for chain in self.chains for part in chain))
        seed = evidence.context.leg.seed
        seeds = seed, seeded_modules(seed)
        transcript = questions.again(probe.to_request(), self.parts[:_MAX_PARTS], seeds)
        looked = transcript.first(Looked) or Looked((), {})
        parts = transcript.first(Parts) or Parts(())
        self.looked, self.facts, self.there = looked.looked, looked.facts, parts.parts

    def findings(self) -> Iterator[Problem]:
        """Yield what explains the disagreement."""
        found = list(self._parts())
        yield from found
        if not found:
            yield from with_paths(explain_options(self.evidence()))
            found = list(self.surroundings())
            yield from found or self._process()

    # --- what the probe reads -----------------------------------------------------------------

    def _parts(self) -> Iterator[Problem]:
        """Yield the first part of every chain that is another one there."""
        there = dict(zip(self.parts, self.there, strict=False))
        here = {part: read_as(PartFacts, part_facts(part, self.values)) for part in there}
        seen = set()
        for chain in self.chains:
            for before, part in zip(["", *chain], chain, strict=False):
                if part not in there or here[part].text is None:
                    break
                if here[part].text != there[part].text:
                    if part not in seen:
                        yield self._part(before, part, here, there)
                    seen.add(part)
                    break

    def _part(
        self,
        before: str,
        part: str,
        here: Mapping[str, PartFacts],
        there: Mapping[str, PartFacts],
    ) -> Problem:
        said = there[part].text or f"there it raises {there[part].raised}"
        text = f"the probe reads {part}, which is another one there"
        name = part[len(before) + 1 :] if part[len(before) :].startswith(".") else ""
        hook = state_hook(self._value(before)) if before else ""
        if name and name in here[before].held:
            if name not in there[before].held:
                text = f"the probe reads {part}, which did not travel"
                text += f": {hook} leaves {name} out" if hook else ""
            elif hook:
                text += f": what {hook} returns does not bring {name}"
        fix = Remedy(f"let {hook} bring {name}") if hook and name else None
        return Problem(
            code="mismatch",
            stage=self.stage,
            path=part,
            message=text,
            evidence=f"{here[part].text} here, {said} there",
            remedies=(fix,) if fix else (),
        )

    def _value(self, source: str) -> object:
        try:
            return eval(source, dict(self.values))  # noqa: S307 - a part of the user's own probe
        except BaseException as error:  # noqa: BLE001 - a property may raise at the second look
            pass_on(error)
            return None

    def reads(self) -> Iterator[Problem]:
        """Yield a note on what a probe reads: that it is equal, where all of it was compared."""
        asked = list(dict.fromkeys(what for kind, what in self.looked if kind == "process"))
        is_whole = self._has_read_all(is_asked=bool(asked))
        if not asked and not is_whole:
            return
        own = f"asks for {', '.join(asked)}, which every process has of its own"
        sides = self.evidence().maker.minor, self.evidence().there_minor
        python = f"; here it is Python {sides[0]}, there {sides[1]}"
        told = f"what {self.probe.source} reads of it is equal on both sides"
        if asked:
            told = f"{told}; it {own}" if is_whole else f"the probe {own}"
        yield Problem(
            code="mismatch",
            stage=self.stage,
            path=_common(self.chains),
            message=f"{told}{python if sides[0] != sides[1] else ''}",
        )

    def _has_read_all(self, *, is_asked: bool) -> bool:
        """Return whether everything that the probe can reach was compared as its parts were.

        Of an object that is no plain data only the class was: a logger has a level, a lock a state,
        a class the registry of an abstract one.
        """
        ends = {chain[-1] for chain in self.chains if chain}
        if not ends <= {part for part, _ in zip(self.parts, self.there, strict=False)}:
            return False
        if not all(_is_plain(self._value(end)) for end in ends):
            return False
        tree = ast.parse(self.probe.source, mode="eval")
        if any(isinstance(node, (ast.Is, ast.IsNot)) for node in ast.walk(tree)):
            return False  # whether two parts are one was not compared
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"obj"}
        values = [value for name, value in self.values.items() if name in names]
        return all(map(_is_plain, values)) and (is_asked or names.isdisjoint(_OUTWARD))

    # --- what the probe asks for ---------------------------------------------------------------

    def surroundings(self) -> Iterator[Problem]:
        """Yield variables, files and entry points that are here and not there."""
        for kind, what in self.looked:
            if kind == "variable" and what in os.environ and what not in EVERYWHERE:
                yield self._problem(
                    f"the environment variable {what} is read, which is not set there; it is set "
                    "here",
                    Remedy(f'env={{"{what}": "..."}}'),
                )
            elif kind == "absent" and os.path.exists(what):  # noqa: PTH110 - it may be no path
                where = "" if os.path.isabs(what) else " (the target starts in an empty folder)"  # noqa: PTH117
                yield self._problem(
                    f"the probe looks for the file {what}, which is here and not there{where}",
                    Remedy("send the contents, or read the file as package data"),
                )
            elif kind == "entry points":
                yield from self._entry_points(what)

    def _entry_points(self, group: str) -> Iterator[Problem]:
        evidence = self.evidence()
        # Before Python 3.10 one asked for all groups at once.
        for known, name, owner in entry_points_here():
            is_asked = known == group or (not group and self._mentions(known))
            if is_asked and evidence.installed(owner) is None:
                yield replace(
                    self._problem(
                        f"the probe looks for entry points of the group {known!r}: here {owner} "
                        f"brings {name!r}, which no declared requirement does",
                        Remedy(f'deps=[..., "{owner}"]'),
                    ),
                    distribution=owner,
                )

    def _mentions(self, text: str) -> bool:
        """Return whether code that travels, or a module that it is from, holds a text."""
        if any(text.encode() in whole(data) for _, data in self.evidence.sent.payloads):
            return True
        modules = {module for module, _, _ in self.evidence().references()}
        return any(text in _source(module) for module in modules)

    def _process(self) -> Iterator[Problem]:
        """Yield what C functions go by: zone, locale, the seed of hashes."""
        asked = dict(reversed(self.looked))
        here = process_facts()
        for kind, words, key in (("zone", "local time zone", "TZ"), ("locale", "locale", "LC_ALL")):
            there = self.facts.get(kind)
            if kind in asked and there not in {None, here[kind]}:
                yield self._problem(
                    f"the probe asks for the {words} ({asked[kind]}), which is {here[kind]} here "
                    f"and {there} there",
                    Remedy(f'env={{"{key}": "..."}}'),
                )
        contexts = here["decimal"], self.facts.get("decimal", "")
        if all(contexts) and _DECIMAL.sub("", contexts[0]) != _DECIMAL.sub("", contexts[1]):
            yield self._problem(
                f"the decimal context is {contexts[0]} here and {contexts[1]} there",
                Remedy("set it where it is needed, with decimal.localcontext()"),
            )
        for kind, words, fix in _OWN:
            if kind in asked:
                yield self._problem(words, Remedy(fix))

    def _problem(self, message: str, remedy: Remedy) -> Problem:
        return Problem(
            code="environment-dependency",
            stage=self.stage,
            path=_common(self.chains),
            message=message,
            remedies=(remedy,),
        )


def _source(module: str) -> str:
    try:
        return inspect.getsource(sys.modules[module])
    except (KeyError, OSError, TypeError):
        return ""


def _is_plain(value: object, depth: int = 6) -> bool:
    """Return whether the text by which parts are compared tells all of a value.

    That of a set of several does not: in which order it is read differs from process to process.
    """
    kind = type(value)
    if len(canonical(value)) > MAX_TEXT:
        return False
    if kind not in CONTAINER_TYPES or not isinstance(value, (list, tuple, set, frozenset, dict)):
        return kind in PLAIN_TYPES
    if not depth or len(value) > (1 if kind in {set, frozenset} else MAX_CANONICAL):
        return False
    parts = [*value, *value.values()] if isinstance(value, dict) else list(value)
    return all(_is_plain(part, depth - 1) for part in parts)


# The parts of an expression


def parts_of_probe(probe: Probe) -> list[list[str]]:
    """Return what an expression reads of `obj`, step by step: `obj`, `obj.a`, `obj.a['k']`.

    A method that is called is no step: what it is called on is.
    """
    if probe.mode != "expression":
        return []
    found: list[list[str]] = []
    waiting: list[tuple[ast.AST, bool]] = [(ast.parse(probe.source, mode="eval").body, False)]
    while waiting:
        node, is_called = waiting.pop(0)
        chain = _chain(node)
        if chain is None:
            called = node.func if isinstance(node, ast.Call) else None
            waiting += [(child, child is called) for child in ast.iter_child_nodes(node)]
        else:
            is_method = is_called and isinstance(node, ast.Attribute)
            found.append(chain[:-1] if is_method else chain)
    return found


def _chain(node: ast.AST) -> list[str] | None:
    """Return the steps from `obj` to a node; `None` where it is no plain path."""
    steps: list[str] = []
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Subscript) and not _is_constant(node.slice):
            return None
        steps.append(ast.unparse(node))
        node = node.value
    if not isinstance(node, ast.Name) or node.id != "obj":
        return None
    return ["obj", *reversed(steps)]


def _is_constant(node: ast.AST) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _common(chains: Sequence[Sequence[str]]) -> str:
    """Return the last step that all chains share."""
    if not chains:
        return "obj"
    shared = [steps[0] for steps in zip(*chains, strict=False) if len(set(steps)) == 1]
    return shared[-1] if shared else "obj"
