from __future__ import annotations

import functools

import joblib
import numpy as np
import pytest

from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.serializers import Registry, Serializer, runtime_of


def test_joblib_is_what_the_target_needs() -> None:
    assert runtime_of(Registry().get("joblib")) == (f"joblib=={joblib.__version__}",)


def test_a_package_that_is_missing_here_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import importlib.metadata

    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)

    said = Registry().find_mistake("joblib")

    assert said == (
        "'joblib' needs joblib>=1.0 here, and it is not installed; pip install 'joblib>=1.0', "
        "or the extra: pip install 'pytest-portable[joblib]'"
    )


def test_a_package_that_is_too_old_here_names_both_versions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import importlib.metadata

    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.9")

    assert "needs joblib>=1.0 here, and 0.9 is installed" in str(Registry().find_mistake("joblib"))


@pytest.mark.parametrize(
    ("requirement", "pinned"),
    [
        pytest.param("joblib", f"joblib=={joblib.__version__}", id="here"),
        pytest.param("joblib>=1", "joblib>=1", id="range"),
        pytest.param("no-such-distribution-here", "no-such-distribution-here", id="absent"),
        pytest.param("numpy[x]", f"numpy[x]=={np.__version__}", id="extra"),
    ],
)
def test_the_runtime_is_pinned_at_the_version_here(requirement: str, pinned: str) -> None:
    made = Serializer(name="x", dumps=bytes, loaders="pickle:loads", requirement=requirement)

    assert runtime_of(made) == (pinned,)


def test_the_names_of_a_session_are_the_keys_of_the_dict_that_it_is() -> None:
    session = Registry().get("dill-session")
    payload = session.dumps({"numbers": [functools.partial(pow, 2)]})

    found = inspect_payload(session.pickles(payload)[0])

    paths = {reference.qualname: reference.paths for reference in found.references}
    assert paths["partial"] == ("obj['numbers'][0]",)
