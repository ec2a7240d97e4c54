from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.errors import OptionError
from pytest_portable.serializers.shipping.sources import collect
from support.laboratory import SHOP, importable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Any]:
    with importable(tmp_path, SHOP) as found:
        yield found


def test_caches_and_version_control_stay_here(shop: Any, tmp_path: Path) -> None:
    del shop
    before = collect(["shop"])
    for name in ("__pycache__/a.pyc", ".git/HEAD", "deep/.mypy_cache/x", "core.py~", "old.pyc"):
        (tmp_path / "shop" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "shop" / name).write_text("left out")
    (tmp_path / "shop/venv").mkdir()
    (tmp_path / "shop/venv/pyvenv.cfg").write_text("home = /")
    (tmp_path / "shop/again").symlink_to(tmp_path / "shop")

    after = collect(["shop"])

    assert after.files == before.files
    assert after.digest == before.digest
    assert list(after.files) == sorted(path for path in SHOP if path.startswith("shop/"))


def test_a_link_to_a_package_elsewhere_is_followed(shop: Any, tmp_path: Path) -> None:
    del shop
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.py").write_text("x = 1\n")
    (tmp_path / "shop/linked").symlink_to(elsewhere)

    assert "shop/linked/more.py" in collect(["shop"]).files


def test_another_content_is_another_digest(shop: Any, tmp_path: Path) -> None:
    del shop
    before = collect(["shop"]).digest
    (tmp_path / "shop/data/label.txt").write_text("b label\n")

    assert collect(["shop"]).digest != before


def test_what_cannot_be_shipped_is_misuse(shop: Any, tmp_path: Path) -> None:
    del shop
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("packed/__init__.py", "")
    sys.path.insert(0, str(archive))
    try:
        with pytest.raises(OptionError) as caught:
            collect(["numpy", "json", "no_such", "shop.deep", "packed", "sys"])
    finally:
        sys.path.remove(str(archive))

    mistakes = " | ".join(caught.value.mistakes)
    assert len(caught.value.mistakes) == 6
    assert "'numpy' is installed here" in mistakes
    assert "deps=['numpy']" in mistakes
    assert "'json' is in the standard library" in mistakes
    assert "'no_such' is not importable here" in mistakes
    assert "'shop.deep' is a part of shop" in mistakes
    assert "perhaps in an archive" in mistakes


def test_a_mistake_names_the_distribution_not_the_module() -> None:
    with pytest.raises(OptionError, match="deps=\\['python-dateutil'\\]"):
        collect(["dateutil"])
