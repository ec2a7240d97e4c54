"""Distributions: not declared, declared but incomplete, or another version."""

from __future__ import annotations

from pytest_portable.diagnosis.causes.wording import add, lacking, needs, pin
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.host import Owner
from pytest_portable.diagnosis.known_renames import find_move
from pytest_portable.diagnosis.target_errors import Lack
from pytest_portable.verdict import Problem

__all__ = ["MissingDistribution", "ModuleSkew", "UndeclaredImport"]


class UndeclaredImport:
    """An installed distribution imports something that is not: its metadata is incomplete."""

    code = "undeclared-import"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        importer = lack.importer or (lack.user if lack.stage == "load" else "")
        owner = evidence.there(importer) if importer else None
        if owner is None or lack.name or lack.top == importer.partition(".")[0]:
            return None
        here = evidence.here.owner(lack.module)
        if here is not None and evidence.there(lack.module, here.name) is not None:
            return None
        return lacking(
            self.code,
            lack,
            f"{owner} is there, and {importer} imports {lack.module}, which nothing declared "
            f"brings{_as(here, lack)}",
            distribution=here.name if here else None,
            remedies=add(evidence, here.name) if here else (),
        )


class MissingDistribution:
    """Not installed there."""

    code = "missing-distribution"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        here = evidence.here.owner(lack.module) or evidence.here.keeper(lack.module)
        if here is None or evidence.installed(here.name) is not None:
            return None
        return lacking(
            self.code,
            lack,
            f"{needs(lack)}, which no declared requirement brings{_as(here, lack)}",
            distribution=here.name,
            remedies=add(evidence, here.name),
        )


class ModuleSkew:
    """Installed on both sides in different versions: one lacks the module or the name."""

    code = "version-skew"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        owner = evidence.here.owner(lack.module)
        here = owner or evidence.here.keeper(lack.module)
        there = evidence.there(lack.module, here.name if here else None)
        if there is None:
            return None
        if here is None:
            return self._other_source(lack, evidence, there)
        if owner is None and here == there:
            return None  # a name that cannot be imported on either side
        if here == there:
            return lacking(
                self.code,
                lack,
                f"{needs(lack)}; {there} is installed on both sides, and there it comes "
                "without it: a file that its wheel leaves out, or another build",
                distribution=here.name,
            )
        move = find_move(lack.module, lack.name)
        return lacking(
            self.code,
            lack,
            f"{needs(lack)}: {there} is installed there and has no such thing, here it is "
            f"{here}{f'. {move.words}' if move else ''}",
            distribution=here.name,
            remedies=pin(evidence, here),
        )

    def _other_source(self, lack: Lack, evidence: Evidence, there: Owner) -> Problem:
        file = evidence.here.file(lack.module)
        lives = f"lives in {file}" if file else "is provided by nothing"
        return lacking(
            self.code,
            lack,
            f"{needs(lack)}, which {lives} here; there {lack.top} is of {there}, "
            "another module of the same name",
            distribution=there.name,
        )


def _as(owner: Owner | None, lack: Lack) -> str:
    """Return the distribution's name where it differs from the module's."""
    if owner is None or owner.name.lower().replace("-", "_") == lack.top.lower():
        return ""
    return f" (distribution {owner.name})"
