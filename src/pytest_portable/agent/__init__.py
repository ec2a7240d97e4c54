"""The host half of a check: an agent in the target gets requests, its answers are transcripts."""

from __future__ import annotations

from pytest_portable.agent.process import Agent
from pytest_portable.agent.transcript import Transcript

__all__ = ["Agent", "Transcript"]
