from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.judgement.findings import NOTHING
from pytest_portable.judgement.installed_copies import find_module, note_copies
from pytest_portable.serializers.shipping import Shipping, Sources
from support.judging import context, environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Hold a package, a module, a compiled module and a part of a package."""
    site = tmp_path / "lib/python3/site-packages"
    (site / "shop/cart").mkdir(parents=True)
    for name in ("single.py", "fast.cpython-312-x86_64-linux-gnu.so", "shop/cart/total.py"):
        (site / name).touch()
    return site


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("shop", "shop"),
        ("shop.cart.total", "shop/cart/total.py"),
        ("single", "single.py"),
        ("fast", "fast.cpython-312-x86_64-linux-gnu.so"),
    ],
)
def test_an_installed_module_is_found_without_its_python(site: Path, name: str, file: str) -> None:
    assert find_module(name, [site / "nothing", site]) == site / file


@pytest.mark.parametrize("name", ["sho", "sing", "shop.cart.tot", "shop.other"])
def test_a_module_that_is_not_there_is_not_found(site: Path, name: str) -> None:
    assert find_module(name, [site]) is None


def shipped(*names: str, files: tuple[str, ...] = ()) -> Shipping:
    return Shipping(sources=Sources(names, dict.fromkeys(files, b"")))


def test_what_travels_and_is_installed_too_is_a_note(site: Path, tmp_path: Path) -> None:
    assert site.is_dir()
    shipping = shipped("single", "elsewhere")
    shipping = Shipping(by_value=("shop", "mine"), sources=shipping.sources)
    known = context([1], shipping=shipping, environment=environment(tmp_path))

    found = note_copies(known)

    assert found.problems == ()
    assert [(one.code, one.stage, one.module) for one in found.notes] == [
        ("installed-copy", "inspect", "shop"),
        ("installed-copy", "inspect", "single"),
    ]
    assert "no instances of those in shop" in found.notes[0].message
    assert "installed there too (single.py)" in found.notes[1].message


def test_shipped_machine_code_is_a_note(tmp_path: Path) -> None:
    files = ("mine/__init__.py", "mine/fast.so")
    known = context([1], shipping=shipped("mine", files=files), environment=environment(tmp_path))

    (note,) = note_copies(known).notes

    assert (note.code, note.module) == ("platform", None)
    assert note.message.startswith("mine/fast.so is machine code")
    assert known.label in note.message


@pytest.mark.parametrize("shipping", [Shipping(), Shipping(by_value=("shop",))])
def test_nothing_is_noted_where_nothing_is_sent_or_nothing_can_be_read(
    shipping: Shipping, site: Path
) -> None:
    there = None if shipping else environment(site.parents[2])

    assert note_copies(context([1], shipping=shipping, environment=there)) == NOTHING
