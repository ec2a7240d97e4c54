"""`--portable-suggest`: remedies are tried before they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TEST = """
import pytest

@pytest.mark.portable(python="{python}")
def test_lambda(portable):
    portable({{"key": lambda value: value}})
"""


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run(pytester: pytest.Pytester, cache: Path, *options: str) -> pytest.RunResult:
    import sys

    pytester.makepyfile(TEST.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    return pytester.runpytest(f"--portable-cache-dir={cache}", *options)


def test_remedies_are_shown_untried_unless_asked(pytester: pytest.Pytester, cache: Path) -> None:
    result = run(pytester, cache)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['*fix: *serializer="cloudpickle"*'])
    result.stdout.no_fnmatch_line("*(proven*")


@pytest.mark.real
@pytest.mark.parametrize("by", ["option", "ini"])
def test_a_remedy_that_helps_is_proven(pytester: pytest.Pytester, cache: Path, by: str) -> None:
    if by == "ini":
        pytester.makeini("[pytest]\nportable_suggest = true\n")
    result = run(pytester, cache, *(["--portable-suggest"] if by == "option" else []))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['*fix: *serializer="cloudpickle"*', "*loads with cloudpickle *"])


def test_a_failure_is_shown_where_nothing_can_be_tried(
    pytester: pytest.Pytester, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(cache / "uv"))
    result = run(pytester, cache, "--portable-suggest", "--portable-offline")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['*fix: *serializer="cloudpickle"*'])
    result.stdout.no_fnmatch_line("*(proven*")
