from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.serializers.shipping.sources import collect
from support.laboratory import SHOP, importable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.portable import Portable


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Any]:
    with importable(tmp_path, SHOP) as found:
        yield found


@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle", "dill"])
def test_a_package_works_there_whole(
    serializer: str, shop: Any, on: Callable[..., Portable]
) -> None:
    probe = "(obj.price(), obj.label(), obj.where())"

    verdict = on(serializer=serializer, ship=("shop",)).check(shop.Item(3), probe=probe)

    assert verdict.portable, str(verdict)
    assert verdict.notes == ()


def test_without_the_key_the_package_is_missing(shop: Any, on: Callable[..., Portable]) -> None:
    assert [one.code for one in on().check(shop.Item(1)).problems] == ["missing-module"]


def test_a_single_file_is_shipped_too(shop: Any, on: Callable[..., Portable]) -> None:
    del shop
    import single  # type: ignore[import-not-found]

    assert on(ship=("single",)).call(single.double, 4) == 8


def test_two_versions_in_one_session_never_mix(
    shop: Any, tmp_path: Path, on: Callable[..., Portable]
) -> None:
    table = tmp_path / "shop/deep/table.py"
    first = on(ship=("shop",))
    assert first.call(shop.Item.price, shop.Item(1)) == 7

    table.write_text("RATE = 9\n")
    second = on(ship=("shop",))

    assert second.call(shop.Item.price, shop.Item(1)) == 9
    assert first.call(shop.Item.price, shop.Item(1)) == 7


def test_what_was_reloaded_travels_as_it_is_now(
    shop: Any, tmp_path: Path, on: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    deep = importlib.import_module("shop.deep.table")
    portable = on(ship=("shop",))
    assert portable.call(shop.Item.price, shop.Item(1)) == 7

    (tmp_path / "shop/deep/table.py").write_text("RATE = 8\n")
    assert portable.call(shop.Item.price, shop.Item(1)) == 7
    importlib.reload(deep)

    assert portable.call(shop.Item.price, shop.Item(1)) == 8


def test_what_cannot_be_imported_any_more_still_travels(
    tmp_path: Path, on: Callable[..., Portable]
) -> None:
    with importable(tmp_path, SHOP) as shop:
        portable = on(ship=("shop",))
        price = shop.Item.price

    assert "shop" not in sys.modules
    assert (
        portable.check([1], probe="__import__('shop').Item(1).price()").problems[0].path == "probe"
    )
    assert price.__module__.startswith("shop")


def script_function(source: str, **names: Any) -> Any:
    """Define a function as a script does; `names` are the script's globals."""
    space: dict[str, Any] = {"__name__": "__main__", **names}
    exec(source, space)
    return space["of_script"]


def test_a_function_whose_global_is_the_package_finds_it(
    shop: Any, on: Callable[..., Portable]
) -> None:
    function = script_function("def of_script(n):\n    return shop.Item(n).price()\n", shop=shop)

    assert on(serializer="cloudpickle", ship=("shop",)).call(function, 2) == 14
    (problem,) = on(serializer="cloudpickle").check(function).problems
    assert (problem.code, problem.module) == ("missing-module", "shop")


def test_a_deferred_import_finds_the_version_of_its_own_payload(
    shop: Any, tmp_path: Path, on: Callable[..., Portable]
) -> None:
    source = "def of_script():\n    from shop.deep.table import RATE\n    return RATE\n"
    function = script_function(source)
    table = tmp_path / "shop/deep/table.py"
    assert shop.Item(1).price() == 7
    first = on(serializer="cloudpickle", ship=("shop",))
    table.write_text("RATE = 9\n")
    second = on(serializer="cloudpickle", ship=("shop",))

    assert [one.call(function) for one in (first, second, first, second)] == [7, 9, 7, 9]


def test_nothing_of_it_is_left_behind(
    shop: Any, tmp_path: Path, on: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the probe below writes a file here as well
    portable = on(ship=("shop",))

    place = portable.call(eval, "__import__('shop').__file__")
    assert not Path(place).is_relative_to(tmp_path / "shop")
    assert on().call(eval, "'shop' in __import__('sys').modules") is False
    assert portable.check(shop.Item(1), probe="open('made', 'w').close()").notes[0].code == (
        "side-effect"
    )
    # The agent answers first and cleans up before the next check.
    assert not Path(place).exists()


def test_a_big_package_goes_through_a_file(tmp_path: Path, on: Callable[..., Portable]) -> None:
    with importable(tmp_path, {"heavy/__init__.py": "def size():\n    return len(BIG)\n"}) as heavy:
        (tmp_path / "heavy/big.bin").write_bytes(bytes(3_000_000))
        text = "len(__import__('pkgutil').get_data('heavy', 'big.bin'))"

        assert on(ship=("heavy",)).call(eval, text) == 3_000_000
        assert heavy.__name__ == "heavy"


def test_it_counts_for_the_budget(shop: Any, on: Callable[..., Portable]) -> None:
    (problem,) = on(ship=("shop",), max_bytes=300).check(shop.Item(1)).problems

    assert (problem.code, problem.path) == ("too-large", "ship=['shop']")


def test_a_shipped_package_hides_the_installed_one(
    tmp_path: Path, on: Callable[..., Portable]
) -> None:
    files = {"sortedcontainers.py": "def mine():\n    return 'mine'\n"}
    known = {name: sys.modules.pop(name) for name in list(sys.modules) if "sortedcont" in name}
    try:
        with importable(tmp_path, files) as ours:
            portable = on(ship=("sortedcontainers",))

            assert portable.call(ours.mine) == "mine"
            (note,) = portable.verdicts[-1].notes
    finally:
        sys.modules.update(known)
    assert (note.code, note.module) == ("installed-copy", "sortedcontainers")
    assert "the shipped one" in note.message


def test_a_namespace_package_is_shipped_by_its_parts(
    tmp_path: Path, on: Callable[..., Portable]
) -> None:
    files = {
        "company/team/__init__.py": "from company.team.a import f\n",
        "company/team/a.py": "def f():\n    return 'team'\n",
        "company/other.py": "x = 1\n",
    }
    with importable(tmp_path, files):
        team = importlib.import_module("company.team")

        assert on(ship=("company.team",)).call(team.f) == "team"
        assert set(collect(["company.team"]).files) == {
            "company/team/__init__.py",
            "company/team/a.py",
        }
        assert "company/other.py" in collect(["company"]).files


def test_machine_code_is_noted(shop: Any, tmp_path: Path, on: Callable[..., Portable]) -> None:
    (tmp_path / "shop/fast.so").write_bytes(b"\x7fELF")

    (note,) = on(ship=("shop",)).check(shop.Item(1)).notes

    assert note.code == "platform"
    assert "shop/fast.so" in note.message


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.12", "3.13"])
def test_source_is_for_any_python(version: str, shop: Any, on: Callable[..., Portable]) -> None:
    found = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"no CPython {version}")
    portable = on(python=str(found[0]), ship=("shop",), protocol=4)

    verdict = portable.check(shop.Item(3), probe="obj.price(), obj.where()")

    assert verdict.portable, str(verdict)
