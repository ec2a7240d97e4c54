from __future__ import annotations

import functools
import socket
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_portable.engine.session import Session
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    On = Callable[..., Portable]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("serializers")
    made = Session(root=folder, cache_dir=folder / "cache")
    yield made
    made.close()


@pytest.fixture
def on(session: Session) -> On:
    """Check in this interpreter as it is, which holds every package that the tests need."""

    def make(serializer: str, **given: object) -> Portable:
        leg = Leg(python=sys.executable, deps=None, serializer=serializer, timeout_seconds=20.0)
        return portable_on(session, Leg(**{**vars(leg), **given}))

    return make


@pytest.mark.parametrize("options", [{}, {"compress": 3}, {"compress": ("xz", 1)}], ids=str)
def test_joblib_takes_arrays_there_and_back(on: On, options: dict[str, object]) -> None:
    model = {"weights": np.arange(2000.0), "names": ["a", "b"]}

    verdict = on("joblib", options=options)(model, probe="obj['weights'].sum()")

    assert (verdict.serializer, verdict.protocol) == ("joblib", 4)


@pytest.mark.parametrize("kind", ["", "zlib", "gzip", "bz2", "xz", "lzma"])
def test_a_joblib_file_is_read_without_loading_it(on: On, kind: str) -> None:
    model = [np.arange(20), functools.partial(np.sum, axis=0)]

    found = on("joblib", options={"compress": (kind, 3) if kind else 0}).inspect(model)

    assert found.damaged is None
    assert {"numpy.sum"} <= {f"{ref.module}.{ref.qualname}" for ref in found.references}


def test_a_target_without_joblib_is_told_so(session: Session) -> None:
    bare = Leg(serializer="joblib", install_serializer=False)

    verdict = portable_on(session, bare).check([1, 2])

    assert [problem.code for problem in verdict.problems] == ["serializer-missing"]
    assert verdict.problems[0].distribution == "joblib"


def test_reducers_of_multiprocessing_are_used(on: On) -> None:
    here = on("multiprocessing")

    assert here(functools.partial(pow, 2), probe="obj(5)").portable
    modules = {ref.module for ref in here.inspect(functools.partial(pow, 2)).references}
    assert "multiprocessing.reduction" in modules


def test_a_handle_of_this_process_does_not_load_elsewhere(on: On) -> None:
    with socket.socket() as here:
        verdict = on("multiprocessing").check(here)

    assert verdict.stage == "load"


def test_a_lock_is_for_inheritance_only(on: On) -> None:
    import multiprocessing

    verdict = on("multiprocessing").check([multiprocessing.get_context("spawn").Lock()])

    assert (verdict.stage, verdict.problems[0].code) == ("dump", "unserializable")
