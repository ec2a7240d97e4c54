from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.bundle.manifest import (
    Bundle,
    find_bundles,
    read_bundle,
    write_bundle,
)
from pytest_portable.bundle.verify import check_references, leg_for, side_of
from pytest_portable.errors import BundleError
from pytest_portable.settings.legs import Leg
from support.bundles import manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = manifest(
        test="t.py::test_x",
        environment={"python": "3.12", "deps": ["numpy"]},
        description="[]",
    )
    return write_bundle(
        tmp_path / "b",
        made,
        b"]q\x00.",
        {"k": b"K\x01."},
        {"object": [["builtins.list", "list", []]]},
    )


def test_what_is_written_is_read(folder: Path) -> None:
    bundle = read_bundle(folder)

    assert bundle.payload == b"]q\x00."
    assert bundle.values == {"k": b"K\x01."}
    assert bundle.portrait == {"object": [["builtins.list", "list", []]]}
    assert find_bundles(folder.parent) == [folder]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["b"]


def test_the_same_bundle_is_the_same_bytes(folder: Path) -> None:
    before = (folder / "manifest.json").read_bytes()
    bundle = read_bundle(folder)

    write_bundle(folder, bundle.manifest, bundle.payload, bundle.values, bundle.portrait)

    assert (folder / "manifest.json").read_bytes() == before


def edit(**changes: Any) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "payload.bin").write_bytes(b"]q\x01."), "was changed"),
        (lambda folder: (folder / "payload.bin").write_bytes(b"]"), "1 bytes, the manifest says 4"),
        (lambda folder: (folder / "payload.bin").unlink(), "No such file"),
        (lambda folder: (folder / "manifest.json").unlink(), "has no manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "no JSON object"),
        (edit(schema=99), "schema 99, wanted 1 or 2"),
        (edit(serializer=5), "serializer: 5"),
        (edit(files={}), "names no payload.bin"),
        (edit(files={"../x": {"bytes": 1, "sha256": ""}}), "leads out of the bundle"),
        (edit(files={"payload.bin": 3}), "no bytes and sha256"),
    ],
)
def test_damage_is_named(folder: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(folder)

    with pytest.raises(BundleError, match=message):
        read_bundle(folder)


def test_a_folder_without_bundles_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle in"):
        find_bundles(tmp_path)
    with pytest.raises(BundleError, match="no such folder"):
        find_bundles(tmp_path / "x")


def test_a_manifest_that_lies_of_references_is_found(folder: Path) -> None:
    edit(references=[{"module": "os", "qualname": "system", "by": "reference"}])(folder)

    with pytest.raises(BundleError, match=r"os\.system is not in the payload"):
        check_references(read_bundle(folder))

    edit(references=[])(folder)
    bundle = read_bundle(folder)
    with pytest.raises(BundleError, match=r"posix\.getpid is missing from it"):
        check_references(Bundle(folder, bundle.manifest, b"cposix\ngetpid\n."))


def test_the_environment_is_the_callers_or_the_manifests(folder: Path) -> None:
    found = read_bundle(folder).manifest
    mine = Leg(python="3.10", deps=("six",), timeout_seconds=5)

    assert leg_for(found, mine, declared=False).deps == ("six",)
    declared = leg_for(found, mine, declared=True)
    assert (declared.python, declared.deps) == ("3.10", ("numpy",))
    assert leg_for(found, Leg(), declared=True).python == "3.12"
    assert side_of(found) == "py3.12 linux-x86_64"
