"""The serializer's own runtime: the functions that the payload calls to rebuild objects."""

from __future__ import annotations

from typing import Final

from pytest_portable.diagnosis.causes.wording import add, lacking, pin
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.target_errors import Failure, Lack
from pytest_portable.payload.references import is_machinery
from pytest_portable.verdict import Problem, Remedy

__all__ = ["OldDill", "SerializerMissing", "SerializerSkew"]

# From 0.3.6 on, dill sends code objects in a form for every Python; before, only for its own.
_DILL_OF_TODAY: Final = "0.3.6"
_MAKER_OF_CODE: Final = ("dill._dill", "_create_code")

_RUNTIMES: Final = frozenset({"cloudpickle", "dill", "joblib", "cloudpickle_fast"})


def _is_runtime(lack: Lack, evidence: Evidence) -> bool:
    return not lack.importer and (
        lack.top in _RUNTIMES
        or lack.top in evidence.runtimes
        or (is_machinery(lack.module) and not evidence.is_stdlib(lack.module))
    )


class SerializerMissing:
    """The runtime is not installed."""

    code = "serializer-missing"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if not _is_runtime(lack, evidence):
            return None
        owner = evidence.owner(lack.module)
        name = owner.name if owner else lack.top
        if evidence.there(lack.module, name) is not None:
            return None
        remedies = add(evidence, name)
        if lack.top in evidence.runtimes:
            remedies = (
                Remedy("install_serializer=True", "install_serializer=True"),
                *remedies,
            )
        return lacking(
            self.code,
            lack,
            f"the payload needs {name} to load, and the environment has none",
            distribution=name,
            remedies=remedies,
        )


class SerializerSkew:
    """The runtime is another version, without the function that the payload calls."""

    code = "serializer-skew"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        owner = evidence.owner(lack.module)
        if owner is None or not _is_runtime(lack, evidence):
            return None
        there = evidence.there(lack.module, owner.name)
        return lacking(
            self.code,
            lack,
            f"the payload calls {lack.what} of {owner}; {there} there has no such thing",
            distribution=owner.name,
            remedies=pin(evidence, owner),
        )


class OldDill:
    """A dill before 0.3.6, which cannot read the code objects of later versions."""

    code = "serializer-skew"

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing; code of another Python fails in the same place."""
        frames = failure.error.frames
        found = evidence.installed("dill")
        known = evidence.maker.minor if evidence.maker.python else evidence.there_minor
        pythons = {code.python or known for code in evidence.code}
        if not frames or found is None or pythons - {evidence.there_minor}:
            return None
        _, _, function, module = frames[-1]
        if (module, function) != _MAKER_OF_CODE or not _is_before(found, _DILL_OF_TODAY):
            return None
        here = evidence.owner("dill")
        newer = here is not None and here.version and not _is_before(here.version, _DILL_OF_TODAY)
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=module,
            distribution="dill",
            message=f"its code was dumped by dill {_DILL_OF_TODAY} or later, and dill {found} "
            f"there does not read that ({failure.summary})",
            evidence=failure.said,
            remedies=pin(evidence, here)
            if here is not None and newer
            else add(evidence, f"dill>={_DILL_OF_TODAY}"),
        )


def _is_before(version: str, other: str) -> bool:
    from packaging.version import Version

    return Version(version) < Version(other)
