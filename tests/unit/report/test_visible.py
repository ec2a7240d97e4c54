from __future__ import annotations

import pytest

from pytest_portable.report.visible import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\rb", r"a\x0db"),
        ("\x9b2J\x7f\x00", r"\x9b2J\x7f\x00"),
        ("a\u202eb\u2066c\u2028d", r"a\u202eb\u2066c\u2028d"),
        ("caf\udce9.py", r"caf\udce9.py"),
    ],
)
def test_nothing_is_left_that_a_terminal_obeys(text: str, expected: str) -> None:
    assert visible(text) == expected
    visible(text).encode()


@pytest.mark.parametrize("text", ["a\tb\n", "Ünïcödé ✓ 🎉 中文 עברית", "", r"\x1b stays"])
def test_texts_of_people_stay_as_they_are(text: str) -> None:
    assert visible(text) is text


def test_lines_of_windows_end_as_ours() -> None:
    assert visible("a\r\nb\r\n") == "a\nb\n"
