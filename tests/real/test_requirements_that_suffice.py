"""Requirements are found by loading in environments of exactly these: real ones, from wheels."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.cli import main
from pytest_portable.engine.session import Session
from pytest_portable.errors import PortabilityError
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg
from support.distributions import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.real

THING = "class Thing:\n    def __init__(self, held=None):\n        self.held = held\n"
LAZY = """
class Lazy:
    def work(self):
        import lowest
        return lowest.__name__
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    before = set(sys.modules)
    made = Site(tmp_path, monkeypatch)
    yield made
    Site.forget()
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


@pytest.fixture
def on(site: Site, tmp_path: Path) -> Iterator[Callable[..., Portable]]:
    session = Session(root=tmp_path, cache_dir=tmp_path / "cache")
    index = ("--no-index", f"--find-links {site.wheels}")

    def make(**given: Any) -> Portable:
        return portable_on(session, Leg(**{"deps": index, "install_serializer": False, **given}))

    yield make
    session.close()


def test_only_the_outermost_is_listed_and_it_loads(site: Site, on: Callable[..., Portable]) -> None:
    site.install("lowest", modules={"lowest.py": THING})
    site.install("Upper-Most", "2.0", modules={"upper/__init__.py": THING}, requires=["lowest"])
    lowest, upper = importlib.import_module("lowest"), importlib.import_module("upper")

    portable = on()

    assert portable.requirements(upper.Thing(lowest.Thing())) == ["upper-most==2.0"]
    assert portable.requirements(lowest.Thing(), style="ranged") == ["lowest>=1.0,<2"]
    assert portable.requirements({"a": 1}) == []


def test_an_import_that_only_the_call_makes_needs_the_probe(
    site: Site, on: Callable[..., Portable]
) -> None:
    site.install("lowest")
    site.install("lazy", modules={"lazy.py": LAZY})
    lazy = importlib.import_module("lazy").Lazy()

    assert on().requirements(lazy) == ["lazy==1.0"]
    assert on().requirements(lazy, probe="obj.work()") == ["lazy==1.0", "lowest==1.0"]


def test_an_undeclared_import_is_taken_as_an_extra(site: Site, on: Callable[..., Portable]) -> None:
    site.install("lowest")
    site.install(
        "fancy", modules={"fancy.py": f"import lowest\n{THING}"}, extras={"low": ["lowest"]}
    )

    assert on().requirements(importlib.import_module("fancy").Thing()) == ["fancy[low]==1.0"]


def test_a_definition_of_nobody_is_said_clearly(
    on: Callable[..., Portable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "of_nobody.py").write_text(THING)
    monkeypatch.syspath_prepend(tmp_path / "tree")

    with pytest.raises(PortabilityError, match="of_nobody"):
        on().requirements(importlib.import_module("of_nobody").Thing())


def test_what_cannot_be_dumped_is_a_dump_failure(on: Callable[..., Portable]) -> None:
    with pytest.raises(PortabilityError) as caught:
        on().requirements(i for i in range(3))

    assert caught.value.verdict.stage == "dump"


def test_a_payload_that_is_never_loaded_here(site: Site, on: Callable[..., Portable]) -> None:
    site.install("lowest", modules={"lowest.py": THING})
    data = pickle.dumps(importlib.import_module("lowest").Thing(5))
    del sys.modules["lowest"]

    assert on().requirements_of_payload(data, probe="obj.held") == ["lowest==1.0"]
    assert "lowest" not in sys.modules


def test_the_command_line(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site.install("lowest", modules={"lowest.py": f"{THING}\nthing = Thing()\n"})
    monkeypatch.chdir(tmp_path)
    index = ["--dep", "--no-index", "--dep", f"--find-links {site.wheels}"]
    common = ["--cache-dir", str(tmp_path / "cache")]
    command = ["requirements", "lowest:thing", *common]

    assert main([*command, *(f"--dep={each}" for each in index[1::2]), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["requirements"] == ["lowest==1.0"]

    assert main(["requirements", "sys:maxsize", *common]) == 0
    assert "nothing but the standard library" in capsys.readouterr().out
