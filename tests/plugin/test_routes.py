from __future__ import annotations

import pytest


@pytest.fixture
def offline(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    return pytester


def test_a_route_in_a_mark(offline: pytest.Pytester) -> None:
    offline.makepyfile(
        """
import itertools, pytest

@pytest.mark.portable(via=[{"python": "3.9"}, {"python": "3.9", "opaque": True}])
def test_passes(portable):
    assert portable({"a": 1})
    assert portable.call(max, 1, 2) == 2

@pytest.mark.portable(via=[{"python": "3.9"}])
def test_fails(portable):
    portable({"f": itertools.pairwise})
"""
    )

    result = offline.runpytest("-v")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*obj?'f'?*", "*hop 1 (py3.9, bare):*", "*via Python 3.9.*(bare)*"]
    )


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        pytest.param("[{'python': ['3.9']}]", "one environment has one Python", id="list"),
        pytest.param("[{'opaqe': True}]", "did you mean 'opaque'?", id="near"),
        pytest.param("[{'opaque': 1}]", "neither True nor False", id="flag"),
        pytest.param("['3.9']", "'3.9' is not a dict", id="no-dict"),
    ],
)
def test_mistakes_in_a_route_are_errors_of_the_item(
    pytester: pytest.Pytester, mark: str, message: str
) -> None:
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.portable(via={mark})\ndef test_x(portable): pass\n"
    )

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    assert message in result.stdout.str()
