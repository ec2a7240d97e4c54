from __future__ import annotations

import pickle
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from pytest_portable import host_modules
from pytest_portable.host_modules import distribution_of, home_of
from pytest_portable.payload.inspection import inspect_payload

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pkg/deep").mkdir(parents=True)
    (tmp_path / "pkg/__init__.py").write_text("raise AssertionError('imported')\n")
    (tmp_path / "pkg/deep/part.py").write_text("raise AssertionError('imported')\n")
    (tmp_path / "test_pkg.py").write_text("raise AssertionError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("module", "distribution", "is_stdlib", "home"),
    [
        ("json.decoder", None, True, "standard library"),
        ("numpy.linalg", "numpy", False, "distribution"),
        ("__main__", None, False, "__main__"),
        ("homes_nowhere", None, False, "nowhere"),
        ("test_host_modules", None, False, "test file"),
        ("..", None, False, "nowhere"),
        ("\0", None, False, "nowhere"),
    ],
)
def test_a_module_has_one_home(
    module: str, distribution: str | None, is_stdlib: bool, home: str
) -> None:
    assert home_of(module, distribution, is_stdlib=is_stdlib) == home


@pytest.mark.usefixtures("tree")
def test_source_trees_are_found_without_importing() -> None:
    payload = b"(cpkg.deep.part\nThing\nctest_pkg\nPoint\ncpkg.gone\nThing\nt."

    homes = {one.module: one.home for one in inspect_payload(payload).references}

    assert homes == {"pkg.deep.part": "source tree", "test_pkg": "test file", "pkg.gone": "nowhere"}
    assert not {"pkg", "pkg.deep", "test_pkg"} & sys.modules.keys()


def test_what_travels_by_value_is_at_home_in_the_payload() -> None:
    import cloudpickle

    (one, *_) = [
        r for r in inspect_payload(cloudpickle.dumps(lambda: 1)).references if r.by == "value"
    ]

    assert one.home == "payload"


def test_the_standard_library_is_named_whatever_else_provides_it() -> None:
    (one,) = inspect_payload(pickle.dumps(pickle.PickleError)).references

    assert one.home == "standard library"


def test_the_hosts_own_metadata_answers_when_nothing_is_given() -> None:
    assert distribution_of("numpy.linalg") == "numpy"
    assert distribution_of("_pytest.mark") == "pytest"
    assert distribution_of("no_such_module") is None


def test_of_several_owners_of_a_namespace_the_one_with_the_file_is_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {"google-a": ["google/a/__init__.py"], "google-b": ["google/b/__init__.py"]}
    monkeypatch.setattr(metadata, "files", files.get)
    monkeypatch.setattr(host_modules, "installed_packages", lambda: {"google": list(files)})
    host_modules._owner.cache_clear()

    assert distribution_of("google.b.client") is not None
    assert distribution_of("google.b") == "google-b"
    assert distribution_of("google.unknown") == "google-a"
