"""Why a check failed: the target's answer, read together with the payload."""

from __future__ import annotations

from pytest_portable.diagnosis.ask_target import Questions
from pytest_portable.diagnosis.bytecode import foreign_code
from pytest_portable.diagnosis.causes.constructors import remedies_of_exception
from pytest_portable.diagnosis.causes.no_answer import explain_lost
from pytest_portable.diagnosis.causes.version_difference import explain_difference, other_versions
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
from pytest_portable.diagnosis.host import Elsewhere, Here, Owner, Unknown
from pytest_portable.diagnosis.standing import Standing
from pytest_portable.diagnosis.system_bound import bound_notes

__all__ = [
    "Elsewhere",
    "Evidence",
    "Here",
    "Owner",
    "Questions",
    "Standing",
    "Unknown",
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
    "remedies_of_exception",
    "take_census",
]
