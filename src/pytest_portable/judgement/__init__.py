"""Run one check and judge what came back: the transcript becomes a verdict."""

from __future__ import annotations

from pytest_portable.judgement.check import Check, Outcome

__all__ = ["Check", "Outcome"]
