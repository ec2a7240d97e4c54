"""Serializers whose package is missing here, too old, or broken: mistakes of the tests that ask."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_portable.serializers.registry import _BUILTINS, Registry

if TYPE_CHECKING:
    from pytest_portable.serializers.registry import Builtin

PYPROJECT: Final = Path(__file__).parents[2] / "pyproject.toml"
WITH_EXTRA: Final = {name: built for name, built in _BUILTINS.items() if built.extra}


def parted(requirement: str) -> tuple[str, tuple[str, ...]]:
    """Give the name of a requirement and its lowest version, without zeros at its end."""
    name, _, version = requirement.partition(">=")
    return name, tuple(version.removesuffix(".0").split("."))


@pytest.mark.parametrize(("name", "built"), WITH_EXTRA.items(), ids=WITH_EXTRA)
def test_an_extra_brings_what_a_serializer_needs(name: str, built: Builtin) -> None:
    text = PYPROJECT.read_text("utf-8")

    (line,) = re.findall(rf'^{built.extra} = \["(.+)"\]$', text, re.MULTILINE)

    assert parted(line) == parted(built.needs), name


@pytest.fixture
def installed(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed distributions, before all others."""
    folder = pytester.mkdir("site")
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(folder: Path, name: str, version: str) -> None:
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )


def make_test(pytester: pytest.Pytester, name: str) -> None:
    pytester.makepyfile(
        f"""
import pytest

@pytest.mark.portable(serializer={name!r})
def test_with_it(portable):
    portable(1)

@pytest.mark.portable
def test_without_it(portable):
    portable(1)
"""
    )


@pytest.mark.parametrize(("name", "built"), WITH_EXTRA.items(), ids=WITH_EXTRA)
def test_a_package_that_is_too_old_is_a_mistake_that_names_both_versions(
    pytester: pytest.Pytester, installed: Path, name: str, built: Builtin
) -> None:
    install(installed, parted(built.needs)[0], "0.0.1")
    make_test(pytester, name)

    result = pytester.runpytest("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, errors=1)
    said = result.stdout.str()
    assert f"'{name}' needs {built.needs} here, and 0.0.1 is installed; " in said
    assert f"pip install 'pytest-portable[{built.extra}]'" in said
    assert "(valid: " not in said


MISSING: Final = {
    name: built
    for name, built in WITH_EXTRA.items()
    if importlib.util.find_spec(parted(built.needs)[0].replace("-", "_")) is None
}


@pytest.mark.parametrize("name", ["modal", "parsl", "ray"])
def test_a_package_that_is_missing_is_a_mistake_of_its_tests(
    pytester: pytest.Pytester, name: str
) -> None:
    if name not in MISSING:
        pytest.skip(f"{name} is installed")
    make_test(pytester, name)

    result = pytester.runpytest("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, errors=1)
    assert f"'{name}' needs {WITH_EXTRA[name].needs} here, and it is not installed" in (
        result.stdout.str()
    )


def test_a_package_whose_import_fails_is_a_mistake_of_its_tests(
    pytester: pytest.Pytester, installed: Path
) -> None:
    if "modal" not in MISSING:
        pytest.skip("modal is installed")
    install(installed, "modal", "1.2")
    (installed / "modal.py").write_text("raise RuntimeError('needs another protobuf')\n")
    make_test(pytester, "modal")

    result = pytester.runpytest("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, errors=1)
    said = result.stdout.str()
    assert "'modal' cannot be had, though modal 1.2 is installed here" in said
    assert "RuntimeError: needs another protobuf; repair that, or install another version" in said


def test_a_broken_package_is_imported_once(installed: Path) -> None:
    if "modal" not in MISSING:
        pytest.skip("modal is installed")
    install(installed, "modal", "1.2")
    count = installed / "count"
    (installed / "modal.py").write_text(
        f"open({str(count)!r}, 'a').write('x')\nraise RuntimeError('broken')\n"
    )
    registry = Registry()

    for _ in range(2):
        with pytest.raises(Exception, match="broken"):
            registry.get("modal")

    assert count.read_text() == "x"
