"""Golden bundles: payloads kept in the repository, read by today's code and by released versions.

The modes are those of schema registries: with `backward` today's code reads what was kept, with
`forward` a released version reads what today's code dumps, `full` is both. Each mode uses the last
bundle or release, its `_transitive` form all of them.

Source:
    Confluent Schema Registry, "Schema Evolution and Compatibility".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pytest_portable.bundle.export import export_check
from pytest_portable.bundle.judging import with_findings
from pytest_portable.bundle.manifest import Bundle, read_bundle, write_bundle
from pytest_portable.bundle.verify import verify_bundle
from pytest_portable.engine.checker import Checker
from pytest_portable.engine.observe import Checked
from pytest_portable.equivalence import Tolerance
from pytest_portable.equivalence.portraits import PortraitDifference, hold_against
from pytest_portable.errors import BundleError, OptionError, near
from pytest_portable.judgement.findings import Findings
from pytest_portable.judgement.probes_without_answer import is_without_answer
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Problem, Verdict

__all__ = ["MODES", "Golden", "check_golden"]

MODES: Final = (
    "backward",
    "backward_transitive",
    "forward",
    "forward_transitive",
    "full",
    "full_transitive",
)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass
class Golden:
    """The kept bundles of one name.

    Attributes:
        root: the rootdir.
        leg: has the test, beside whose file they are kept, and the serializer.
        name: of the bundles.
        mode: one of `MODES`.
        releases: requirement lines of released versions, oldest first; a string is one line.

    Raises:
        OptionError: the name, the mode or the releases cannot be used; all mistakes at once.
    """

    root: Path
    leg: Leg
    name: str
    mode: str
    releases: tuple[str | Sequence[str], ...]

    def __post_init__(self) -> None:
        """Check the arguments."""
        mistakes = []
        if not _NAME.fullmatch(self.name):
            mistakes.append(
                f"golden: {self.name!r} is not a word of letters, digits, '.', '_', '-'"
            )
        if self.mode not in MODES:
            valid = ", ".join(MODES)
            mistakes.append(f"mode: {self.mode!r}{near(self.mode, MODES)} (valid: {valid})")
        elif self._is_forward() and not self.releases:
            mistakes.append(
                f"releases: mode {self.mode!r} needs released versions that read what today's "
                'code dumps: releases=["mypkg==1.0", "mypkg==1.1"]'
            )
        if mistakes:
            raise OptionError(mistakes)

    @property
    def folder(self) -> Path:
        """The folder that holds the bundles, numbered in the order in which they were kept."""
        file = self.root / self.leg.test.partition("::")[0]
        return file.parent / "golden" / self.name / self.leg.serializer

    def _is_forward(self) -> bool:
        return self.mode.startswith(("forward", "full"))

    def _chosen(self, found: list[Bundle]) -> list[Bundle]:
        if self.mode.startswith("forward"):
            return []
        return found if self.mode.endswith("_transitive") else found[-1:]

    def _releases(self) -> list[tuple[str, ...]]:
        if not self._is_forward():
            return []
        chosen = self.releases if self.mode.endswith("_transitive") else self.releases[-1:]
        return [(one,) if isinstance(one, str) else tuple(one) for one in chosen]

    def kept(self) -> list[Bundle]:
        """Return the kept bundles, oldest first.

        Raises:
            BundleError: one of them was changed or cannot be read.
        """
        folders = [path for path in self.folder.glob("[0-9]*") if path.is_dir()]
        return [read_bundle(path) for path in sorted(folders)]

    def update(self, today: Bundle) -> None:
        """Keep today's bundle, unless the last one holds the same object already."""
        found = self.kept()
        if found and is_same(found[-1], today):
            return
        number = 1 + max((int(bundle.folder.name) for bundle in found), default=0)
        folder = self.folder / f"{number:04}"
        manifest = replace(today.manifest, name=folder.name)
        write_bundle(folder, manifest, today.payload, today.values, today.portrait)

    def judge(self, checker: Checker, verdict: Verdict, today: Bundle) -> Verdict:
        """Load what was kept with today's code, and what today's code dumps with releases.

        Args:
            checker: today's code: the environment of the leg.
            verdict: of the check of today's object.
            today: what that check dumped.

        Raises:
            BundleError: nothing was kept yet.
            SetupError: a release cannot be installed.
        """
        found = self.kept()
        if not found:
            raise BundleError(
                f"nothing was kept in {self.folder}: "
                "run once with --portable-update and commit what it writes"
            )
        noted = checker.strictly(
            with_findings(verdict, Findings(notes=tuple(_changed(found[-1], today))))
        )
        checker.log.change(verdict, noted)
        problems: list[Problem] = []
        notes: list[Problem] = []
        for one, label in self._verdicts(checker, today, found):
            problems += [_labelled(problem, label) for problem in one.problems]
            notes += [_labelled(note, label) for note in one.notes]
        return with_findings(noted, Findings(tuple(problems), tuple(notes)))

    def _verdicts(
        self, checker: Checker, today: Bundle, found: list[Bundle]
    ) -> Iterator[tuple[Verdict, str]]:
        for bundle in self._chosen(found):
            verdict = verify_bundle(bundle, checker, is_note=_is_new, today=today.portrait)
            yield verdict, f"kept as {bundle.folder.name}{_versions(bundle)}"
        for lines in self._releases():
            leg = replace(checker.leg, deps=lines)
            verdict = verify_bundle(today, checker.on(leg), is_note=_is_new, is_ours=True)
            checker.log.add(verdict, {})
            yield verdict, f"read by {', '.join(lines)}"


def _changed(last: Bundle, today: Bundle) -> Iterator[Problem]:
    if not is_same(last, today):
        yield Problem(
            code="mismatch",
            stage="compare",
            path="obj",
            message=f"the object is no longer what {last.folder.name} holds; "
            "--portable-update keeps a new bundle beside it",
        )


def check_golden(checker: Checker, golden: Golden, done: Checked) -> Verdict:
    """Judge today's object and the kept ones; keep today's first where the run updates them.

    Raises:
        BundleError: nothing was kept yet, or a kept bundle was changed.
        SetupError: a release cannot be installed.
    """
    # A probe that raises today has returned something when what was kept was made.
    if not all(map(is_without_answer, done.verdict.problems)):
        return done.verdict
    today = as_bundle(done, golden.folder)
    if checker.settings.update and done.verdict.portable:
        golden.update(today)
    return golden.judge(checker, done.verdict, today)


def as_bundle(done: Checked, folder: Path) -> Bundle:
    """Return what a check dumped as a bundle; its folder is temporary."""
    import tempfile  # noqa: PLC0415 - rare

    with tempfile.TemporaryDirectory(prefix="pytest-portable-") as place:
        bundle = read_bundle(export_check(done, Path(place) / "today"))
    return replace(bundle, folder=folder)


def is_same(one: Bundle, two: Bundle) -> bool:
    """Return whether two bundles hold the same object, whoever wrote them."""
    if one.manifest.serializer != two.manifest.serializer or set(one.portrait) != set(two.portrait):
        return one.payload == two.payload
    tolerance = Tolerance(signed_zero=True)
    is_old = one.manifest.schema < two.manifest.schema
    return not any(
        hold_against(nodes, two.portrait[key], tolerance=tolerance, is_old=is_old).differences
        for key, nodes in one.portrait.items()
    )


def _is_new(difference: PortraitDifference) -> bool:
    return difference.is_new


def _versions(bundle: Bundle) -> str:
    made = bundle.manifest.producer.get("distributions", {})
    return "".join(f", {name} {version}" for name, version in made.items())


def _labelled(problem: Problem, label: str) -> Problem:
    return replace(problem, message=f"{problem.message} ({label})")
