"""The serializer's own runtime: what the payload calls to rebuild things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_portable.diagnosis.causes.wording import add, lacking, pin
from pytest_portable.payload.references import is_machinery
from pytest_portable.verdict import Remedy

if TYPE_CHECKING:
    from pytest_portable.diagnosis.evidence import Evidence
    from pytest_portable.diagnosis.findings import Lack
    from pytest_portable.verdict import Problem

__all__ = ["SerializerMissing", "SerializerSkew"]

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
        owner = evidence.here.owner(lack.module)
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
    """The runtime is another version, without what the payload calls."""

    code = "serializer-skew"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        owner = evidence.here.owner(lack.module)
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
