"""Unit tests start no agent; `tests/engine` holds what does.

A few start an interpreter of their own, as what they claim is about another process: what only
another Python pickles (payload), a seed or a name that this process has already (agent, diagnosis,
serializers).
"""

from __future__ import annotations

import pytest

from pytest_portable.agent import Agent


@pytest.fixture(autouse=True)
def _without_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(agent: Agent) -> None:
        raise AssertionError(f"a unit test started an agent in {agent.executable}")

    monkeypatch.setattr(Agent, "start", refuse)
