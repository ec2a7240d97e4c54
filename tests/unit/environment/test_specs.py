from __future__ import annotations

import sys

import pytest

from pytest_portable.environment.specs import UnknownSpecError, parse_spec


@pytest.mark.parametrize(
    ("text", "release", "admitted"),
    [
        ("3.12", (3, 12, 1), True),
        ("3.12", (3, 13, 1), False),
        ("3.12.*", (3, 12, 1), True),
        ("3.12.1", (3, 12, 1), True),
        ("3.12.1", (3, 12, 2), False),
        ("3", (3, 8, 18), True),
        ("312", (3, 12, 0), True),
        ("py38", (3, 8, 18), True),
        ("python3.12", (3, 12, 1), True),
        ("cpython3.9", (3, 9, 18), True),
        (">=3.12", (3, 12, 1), True),
        (">3.12", (3, 12, 1), False),
        ("<=3.12", (3, 12, 1), True),
        ("<3.12", (3, 12, 1), False),
        (">=3.10,<3.13", (3, 12, 1), True),
        (">=3.10,<3.13", (3, 13, 0), False),
        ("==3.9.*", (3, 9, 18), True),
        ("!=3.9", (3, 9, 18), False),
        ("~=3.10.0", (3, 10, 13), True),
        ("~=3.10.0", (3, 11, 0), False),
        ("~=3.10", (3, 13, 0), True),
        ("cpython>=3.12", (3, 13, 0), True),
    ],
)
def test_a_release_is_matched_at_the_precision_of_the_spec(
    text: str, release: tuple[int, ...], admitted: bool
) -> None:
    assert parse_spec(text).admits_release(release) is admitted


@pytest.mark.parametrize("text", ["3.12.1", ">=3.12.3", "~=3.12.3", "==3.12.1"])
def test_a_release_known_in_part_is_not_ruled_out(text: str) -> None:
    assert parse_spec(text).admits_release((3, 12))
    assert not parse_spec(text).admits_release((3, 8))


@pytest.mark.parametrize(
    ("text", "implementation", "free_threaded"),
    [
        ("pypy3.10", "pypy", False),
        ("PyPy3.10", "pypy", False),
        ("3.13t", sys.implementation.name, True),
        (">=3.13t", sys.implementation.name, True),
        ("cpython3.13t", "cpython", True),
        ("python", sys.implementation.name, False),
    ],
)
def test_implementation_and_build_are_read(
    text: str, implementation: str, free_threaded: bool
) -> None:
    spec = parse_spec(text)

    assert spec.implementation == implementation
    assert spec.free_threaded is free_threaded


@pytest.mark.parametrize("text", ["/usr/bin/python3", "./python", "~/python/bin/python"])
def test_what_has_a_separator_is_a_path(text: str) -> None:
    path = parse_spec(text).path

    assert path is not None
    assert path.is_absolute()


def test_no_spec_is_any_python_of_the_hosts_kind() -> None:
    assert parse_spec(None).is_any
    assert not parse_spec("3.12").is_any


@pytest.mark.parametrize("text", ["pypy", "PyPy", "graalpy"])
def test_another_implementation_is_not_the_hosts_whatever_its_version(text: str) -> None:
    assert parse_spec("cpython").is_any
    assert not parse_spec(text).is_any


@pytest.mark.parametrize("text", ["banana", ">=banana", "3.12.1.4", "", "3.12 or so", ">=3.10,x"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    if text == "":
        assert parse_spec(text).is_any  # an empty value is no wish
        return
    with pytest.raises(UnknownSpecError, match="valid: "):
        parse_spec(text)
