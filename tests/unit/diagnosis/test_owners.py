"""Whose class it is that holds a part that cannot be dumped: only the user's own can be changed."""

from __future__ import annotations

import importlib
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.diagnosis import explain_dump

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install a distribution with a class that holds a lock."""
    site = tmp_path / "venv" / "site-packages"
    about = site / "rented-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "rented.py").write_text(
        "import threading\nclass Guarded:\n    def __init__(self): self.lock = threading.Lock()\n"
    )
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rented\nVersion: 1.0\n")
    (about / "RECORD").write_text("rented.py,,\nrented-1.0.dist-info/METADATA,,\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "rented", raising=False)
    return importlib.import_module("rented").Guarded()


def advice(obj: object) -> str:
    with pytest.raises(TypeError) as caught:
        pickle.dumps(obj, 4)
    found = explain_dump(obj, caught.value, lambda one: pickle.dumps(one, 4), protocol=4)
    return " ".join(remedy.text for problem in found for remedy in problem.remedies)


def test_nobody_is_told_to_change_an_installed_class(
    rented: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "__getstate__" not in advice(rented)


@pytest.mark.parametrize("folder", [".", "tests/unit"])
def test_the_project_that_is_installed_is_the_users_own(
    folder: str, rented: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever in it the tests are started."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Rented"\n')
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / folder)
    assert "drop lock in Guarded.__getstate__" in advice(rented)


def test_another_project_does_not_own_it(
    rented: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "tenant"\n')
    monkeypatch.chdir(tmp_path)
    assert "__getstate__" not in advice(rented)


def test_a_class_of_the_project_in_the_same_object_is_named_instead(
    rented: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "drop inner in Outer.__getstate__" in advice(Outer(rented))


class Outer:
    def __init__(self, inner: object) -> None:
        self.inner = inner
