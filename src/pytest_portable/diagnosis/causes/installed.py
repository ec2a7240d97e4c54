"""Distributions: not declared, declared but incomplete, or another version."""

from __future__ import annotations

from pytest_portable.diagnosis.causes.wording import PLAIN, add, lacking, needs, pin
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.host import Owner
from pytest_portable.diagnosis.known_renames import find_move
from pytest_portable.diagnosis.target_errors import Lack
from pytest_portable.verdict import Problem, Remedy

__all__ = ["MadeAtRunTime", "MissingDistribution", "ModuleSkew", "UndeclaredImport"]


class MadeAtRunTime:
    """What was put into a module while its maker ran: no fresh process has it, anywhere."""

    code = "environment-dependency"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if lack.stage != "load" or lack.importer:
            return None
        if not lack.name:
            owner = evidence.owner(lack.module)
            if owner is None or evidence.there(lack.module, owner.name) is None:
                return None  # what is not installed explains more
        if not evidence.maker_lacks(lack.module, lack.name):
            return None
        fix = f"define {lack.name} when {lack.module} is imported"
        said = f"{lack.what} was put into {lack.module} at run time"
        if not lack.name:
            fix = f"make {lack.module} a module that can be imported"
            said = f"{lack.module} is a module that was made at run time"
        return lacking(
            self.code,
            lack,
            f"{said}: a fresh process does not have it, {evidence.maker.where} either",
            remedies=(Remedy(f"{fix}, or send plain data and rebuild it there"),),
        )


class UndeclaredImport:
    """An installed distribution imports something that is not: its metadata is incomplete."""

    code = "undeclared-import"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        importer = lack.importer or (lack.user if lack.stage == "load" else "")
        owner = evidence.there(importer) if importer else None
        if owner is None or lack.name or lack.top == importer.partition(".")[0]:
            return None
        here = evidence.owner(lack.module)
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
        here = evidence.owner(lack.module) or evidence.maker.keeper(lack.module)
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
        owner = evidence.owner(lack.module)
        here = owner or evidence.maker.keeper(lack.module)
        there = evidence.there(lack.module, here.name if here else None)
        if there is None:
            return None
        if here is None:
            return self._other_source(lack, evidence, there)
        if owner is None and here == there:
            return None  # a name that cannot be imported on either side
        if here == there:
            return self._equal(lack, evidence, here)
        move = find_move(lack.module, lack.name)
        made = f"{evidence.maker.where} it is {here}"
        if not here.version:
            made = f"so another {here.name} dumped it: which, the bytes do not say"
        return lacking(
            self.code,
            lack,
            f"{needs(lack)}: {there} is installed there and has no such thing, "
            f"{made}{f'. {move.words}' if move else ''}",
            distribution=here.name,
            remedies=(*_older_protocol(lack, evidence), *pin(evidence, here)),
        )

    def _equal(self, lack: Lack, evidence: Evidence, owner: Owner) -> Problem:
        """Return the problem of one version that is not the same on both sides.

        What its record lists and the disk has not was lost after the installation.
        """
        remedies: tuple[Remedy, ...] = ()
        found = evidence.on_disk(owner.name, lack.module)
        there = "there it comes without it"
        if found is None or lack.name:
            why = "it is another build, or what its import finds around it differs"
        elif found.is_there:
            there = f"{found.file} is there"
            why = "its import raised what it raises where it is not"
        elif found.is_listed:
            why = f"its record lists {found.file}, which is not on the disk: "
            why += "the environment is broken"
            remedies = (Remedy("make it anew: --portable-refresh", "--portable-refresh"),)
        else:
            why = "neither its record nor the disk has such a file: its wheel leaves it out"
        return lacking(
            "missing-module",
            lack,
            f"{needs(lack)}; {owner} is installed on both sides, and {there}: {why}",
            distribution=owner.name,
            remedies=remedies,
        )

    def _other_source(self, lack: Lack, evidence: Evidence, there: Owner) -> Problem:
        file = evidence.maker.file(lack.module)
        lives = f"lives in {file}" if file else "is provided by nothing"
        return lacking(
            self.code,
            lack,
            f"{needs(lack)}, which {lives} here; there {lack.top} is of {there}, "
            "another module of the same name",
            distribution=there.name,
        )


def _older_protocol(lack: Lack, evidence: Evidence) -> tuple[Remedy, ...]:
    """Return the protocol under which arrays name only what NumPy before 2.0 has as well.

    Source: NumPy 1.26, `numpy/_core/`: stubs of `multiarray` and a few more, none of `numeric`,
    whose `_frombuffer` arrays are made by under protocol 5.
    """
    if lack.module != "numpy._core.numeric" or evidence.serializer not in {"cloudpickle", *PLAIN}:
        return ()
    return (Remedy("protocol=4, with which arrays load in both", "protocol=4"),)


def _as(owner: Owner | None, lack: Lack) -> str:
    """Return the distribution's name where it differs from the module's."""
    if owner is None or owner.name.lower().replace("-", "_") == lack.top.lower():
        return ""
    return f" (distribution {owner.name})"
