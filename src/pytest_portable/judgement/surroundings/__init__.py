"""What an object finds around it: code, classes and values that it only refers to."""

from __future__ import annotations

from pytest_portable.judgement.surroundings.candidates import find_globals
from pytest_portable.judgement.surroundings.contrast import Contrast, contrast
from pytest_portable.judgement.surroundings.fresh import fresh_survey
from pytest_portable.judgement.surroundings.origins import is_user_code
from pytest_portable.judgement.surroundings.survey import Questions, ask

__all__ = [
    "Contrast",
    "Questions",
    "ask",
    "contrast",
    "find_globals",
    "fresh_survey",
    "is_user_code",
]
