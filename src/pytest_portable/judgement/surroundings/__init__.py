"""What an object finds around it: code, classes and values that it only refers to."""

from __future__ import annotations

from pytest_portable.judgement.surroundings.judge import ask_around, judge_surroundings
from pytest_portable.judgement.surroundings.survey import SurveyQuestions

__all__ = ["SurveyQuestions", "ask_around", "judge_surroundings"]
