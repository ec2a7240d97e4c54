from __future__ import annotations

import pickle
from typing import Any

import pytest

from pytest_portable.payload.told_versions import told_versions


class Estimator:
    """Keeps its version as scikit-learn's estimators do."""

    def __init__(self, version: object) -> None:
        self.version = version

    def __reduce__(self) -> tuple[Any, ...]:
        return Estimator, (None,), {"depth": 2, "_sklearn_version": self.version, "x": "gub"}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("version", ["1.2.2", "0.24.dev0", "1.3rc1"])
def test_the_version_in_a_state_is_told(version: str, protocol: int) -> None:
    data = pickle.dumps([Estimator(version), Estimator(version)], protocol)

    assert told_versions([b"", data]) == {"scikit-learn": version}


@pytest.mark.parametrize("version", [None, 3, "", "the newest", "1" * 99])
def test_what_is_no_version_is_not_told(version: object) -> None:
    assert told_versions([pickle.dumps(Estimator(version))]) == {}
