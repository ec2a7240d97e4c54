"""Version skew: objects made in one environment and read in another, all pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_portable.bundle.judging import with_findings
from pytest_portable.engine.checker import Checker
from pytest_portable.engine.pipeline import NotDumped, NotMade
from pytest_portable.errors import OptionError, SetupError
from pytest_portable.judgement.context import side_of
from pytest_portable.judgement.made import Made, judge_made, wanted_of
from pytest_portable.judgement.portraits import OBJECT, Portraits, Telling
from pytest_portable.report.redaction import redact
from pytest_portable.settings.legs import Leg
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem, Verdict

__all__ = ["Pairs", "check_made", "check_pairs", "parse_side"]

_KEYS = frozenset({"deps", "python"})


@dataclass(frozen=True)
class Pairs:
    """The verdicts of every consumer on what every producer dumped.

    Attributes:
        verdicts: one for each pair; its `leg` names `producer` and `consumer`.
    """

    verdicts: tuple[Verdict, ...]

    def __bool__(self) -> bool:
        """Return whether every pair is portable."""
        return all(self.verdicts)

    def __str__(self) -> str:
        """Return the table: a row for every producer, a column for every consumer."""
        from pytest_portable.report.pairs import pairs_table  # noqa: PLC0415 - text on demand

        table = pairs_table([verdict.to_dict() for verdict in self.verdicts])
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        rows = (zip(row, widths, strict=True) for row in table)
        return "\n".join(
            "  ".join(f"{cell:<{width}}" for cell, width in row).rstrip() for row in rows
        )


def parse_side(side: object) -> dict[str, Any]:
    """Read one environment: a requirement line, a list of them, or a dict of deps and python.

    Raises:
        OptionError: it is neither.
    """
    if isinstance(side, str):
        return {"deps": (side,)}
    if isinstance(side, list | tuple):
        return {"deps": tuple(side)}
    if isinstance(side, dict) and side.keys() <= _KEYS:
        return {**side, "deps": tuple(side.get("deps", ()))}
    raise OptionError(
        f"{side!r} is no environment: valid is a requirement line, a list of them, "
        "or {'deps': [...], 'python': '3.12'}"
    )


def check_pairs(
    checker: Checker,
    producers: Sequence[object],
    consumers: Sequence[object],
    make: str,
    probes: tuple[Probe, ...],
) -> Pairs:
    """Make an object in every producer, load it in every consumer, compare.

    Args:
        checker: its leg has what the sides leave open: serializer, time limit, Python.
        producers: environments, see `parse_side`.
        consumers: likewise.
        make: `module:function` without arguments, importable in the producers.
        probes: evaluated on both sides.

    Raises:
        OptionError: a side or `make` cannot be used.
        SetupError: an environment cannot be made, or `make` raised in it.
    """
    module, _, function = make.partition(":")
    if not module or not function or not producers or not consumers:
        raise OptionError("between: wants producer=[...], consumer=[...], make='module:function'")
    producing = [_leg(checker.leg, parse_side(one)) for one in producers]
    consuming = [_leg(checker.leg, parse_side(one)) for one in consumers]
    verdicts: list[Verdict] = []
    for leg in producing:
        maker = checker.on(leg)
        made: _Made | _Refused
        try:
            made = _Made(maker, _make(maker, module, function, probes), probes)
        except NotDumped as refusal:
            made = _Refused(refusal.problem, maker, make)
        verdicts += (made.read_by(checker.on(other), other) for other in consuming)
    verdicts = [checker.strictly(verdict) for verdict in verdicts]
    for verdict in verdicts:
        checker.log.add(verdict, {})
    return Pairs(tuple(verdicts))


def check_made(checker: Checker, probes: tuple[Probe, ...], *, is_bare: bool) -> Verdict:
    """Check what the mark's producer makes, on the mark's leg.

    Args:
        checker: of the leg.
        probes: evaluated on both sides.
        is_bare: whether the caller gave neither an object nor values nor `equal`.

    Raises:
        OptionError: there is no producer, or there is something beside it.
    """
    leg = checker.leg
    if leg.producer is None:
        raise OptionError("there is no object, and the mark names no producer that makes one")
    if not is_bare:
        raise OptionError(
            "the mark's producer makes the object: portable(probe=...) takes no other, "
            "no equal= and no named values"
        )
    side = {key: value for key, value in leg.producer.items() if key != "make"}
    here = {"deps": leg.deps or (), "python": leg.python}
    return check_pairs(checker, [side], [here], str(leg.producer["make"]), probes).verdicts[0]


class _Made:
    """What one producer made, and how it looked in the process that made it."""

    def __init__(
        self, maker: Checker, made: tuple[bytes, Portraits], probes: tuple[Probe, ...]
    ) -> None:
        payload, self.portraits = made
        self.payloads = (("obj", payload),)
        self.probes = probes
        self.maker = side_of(maker.target)
        self.versions = maker.target.distributions
        self.agent = maker.agent
        self.label = _label(maker, maker.leg)

    def read_by(self, consumer: Checker, leg: Leg) -> Verdict:
        wanted = wanted_of(self.portraits)
        drawn = consumer.draw(
            self.payloads, self.probes, wanted, maker=self.maker, control=lambda: self.agent
        )
        verdict = drawn.verdict
        sides = {"producer": self.label, "consumer": _label(consumer, leg)}
        kind = self.portraits.get(OBJECT, [["object"]])[0][0]
        verdict = replace(verdict, object=kind, leg={**verdict.leg, **sides})
        if drawn.drawings is None:
            return verdict
        telling = Telling(
            self.label,
            then_versions=self.versions,
            now_versions=consumer.target.distributions,
        )
        asked = [probe.to_manifest() for probe in self.probes]
        made = Made(self.portraits, telling, self.probes, asked)
        return with_findings(verdict, judge_made(drawn.evidence, made, drawn.drawings.portraits))


class _Refused:
    """What one producer made and could not dump: every consumer's verdict is that."""

    def __init__(self, problem: Problem, maker: Checker, make: str) -> None:
        self.problem = problem
        self.maker = side_of(maker.target)
        self.label = _label(maker, maker.leg)
        self.make = make

    def read_by(self, consumer: Checker, leg: Leg) -> Verdict:
        verdict = consumer.refuse(self.problem, self.maker)
        sides = {"producer": self.label, "consumer": _label(consumer, leg)}
        return replace(verdict, object=self.make, leg={**verdict.leg, **sides})


def _leg(leg: Leg, side: Mapping[str, Any]) -> Leg:
    return replace(leg, deps=side["deps"], python=side.get("python", leg.python), producer=None)


def _label(checker: Checker, leg: Leg) -> str:
    return " ".join([checker.target.label, *map(redact, leg.deps or ())])


def _make(
    maker: Checker, module: str, function: str, probes: tuple[Probe, ...]
) -> tuple[bytes, Portraits]:
    source = (
        f"def make(obj):\n    import importlib\n"
        f"    return getattr(importlib.import_module({module!r}), {function!r})()\n"
    )
    try:
        return maker.make(Probe("function", source, "make"), probes)
    except NotDumped:
        raise
    except NotMade as trouble:
        raise SetupError(
            f"{module}:{function} made nothing in {[*map(redact, maker.leg.deps or ())]} on Python "
            f"{maker.target.python}: {trouble}"
        ) from None
