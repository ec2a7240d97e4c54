"""Why a check failed: what the target said, read together with what the payload holds."""

from __future__ import annotations

from pytest_portable.diagnosis.bytecode import foreign_code
from pytest_portable.diagnosis.causes.differing import explain_difference, other_versions
from pytest_portable.diagnosis.causes.lost import explain_lost
from pytest_portable.diagnosis.causes.wording import pin
from pytest_portable.diagnosis.dump import explain_dump
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.explain import (
    explain_call,
    explain_later,
    explain_load,
    explain_options,
    take_census,
)
from pytest_portable.diagnosis.here import Here, Owner
from pytest_portable.diagnosis.latent import bound_notes
from pytest_portable.diagnosis.questions import Questions

__all__ = [
    "Evidence",
    "Here",
    "Owner",
    "Questions",
    "bound_notes",
    "explain_call",
    "explain_difference",
    "explain_dump",
    "explain_later",
    "explain_load",
    "explain_lost",
    "explain_options",
    "foreign_code",
    "other_versions",
    "pin",
    "take_census",
]
