"""Why something is missing, or raised: one class for each problem code, tried in order."""

from __future__ import annotations

from typing import Final, Protocol

from pytest_portable.diagnosis.causes.dropped_globals import DroppedGlobal
from pytest_portable.diagnosis.causes.hooks import CallError, LoadHook, Recursion
from pytest_portable.diagnosis.causes.installed import (
    MadeAtRunTime,
    MissingDistribution,
    ModuleSkew,
    UndeclaredImport,
)
from pytest_portable.diagnosis.causes.not_installable import (
    MainReference,
    MissingModule,
    PytestLeak,
    TestModuleReference,
)
from pytest_portable.diagnosis.causes.runtime import OldDill, SerializerMissing, SerializerSkew
from pytest_portable.diagnosis.causes.skew import VersionSkew
from pytest_portable.diagnosis.causes.stdlib_and_platform import (
    Platform,
    StdlibFailure,
    StdlibVersion,
)
from pytest_portable.diagnosis.causes.surroundings import EnvironmentDependency, UnsetVariable
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.target_errors import Failure, Lack
from pytest_portable.verdict import Problem

__all__ = ["explain_failure", "explain_lack"]


class _LackCause(Protocol):
    def explain(self, lack: Lack, evidence: Evidence, /) -> Problem | None: ...


class _FailureCause(Protocol):
    def explain_failure(self, failure: Failure, evidence: Evidence, /) -> Problem | None: ...


# Causes that the name alone proves come first, the general ones last.
_LACKS: Final[tuple[_LackCause, ...]] = (
    MainReference(),
    TestModuleReference(),
    PytestLeak(),
    SerializerMissing(),
    SerializerSkew(),
    Platform(),
    StdlibVersion(),
    MadeAtRunTime(),
    UndeclaredImport(),
    MissingDistribution(),
    ModuleSkew(),
    MissingModule(),
)
_FAILURES: Final[tuple[_FailureCause, ...]] = (
    DroppedGlobal(),
    EnvironmentDependency(),
    Platform(),
    StdlibFailure(),
    UnsetVariable(),
    VersionSkew(),
    OldDill(),
    Recursion(),
    LoadHook(),
    CallError(),
)


def explain_lack(lack: Lack, evidence: Evidence) -> Problem:
    """Return the problem of something that is missing there."""
    found = (cause.explain(lack, evidence) for cause in _LACKS)
    return next(problem for problem in found if problem is not None)


def explain_failure(failure: Failure, evidence: Evidence) -> Problem:
    """Return the problem of an exception for which nothing is missing."""
    found = (cause.explain_failure(failure, evidence) for cause in _FAILURES)
    return next(problem for problem in found if problem is not None)
