from __future__ import annotations

import pytest

from pytest_portable.settings.store_options import parse_duration, read_store_options


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("0", 0.0),
        ("1.5 h", 5400.0),
        ("15min", 900.0),
        ("15 m", 900.0),
        (" 7 Days ", 604_800.0),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("1 year", None),
        ("1e3", None),
        ("9" * 400, None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


def test_all_keys_are_read() -> None:
    wrong: list[tuple[str, str]] = []
    texts = {
        "portable_link_mode": "copy",
        "portable_install_timeout": "2 min",
        "portable_cache_ttl": "0",
    }

    found = read_store_options(texts, lambda key, text: wrong.append((key, text)))

    assert found == {"link_mode": "copy", "install_timeout_seconds": 120.0, "ttl_seconds": 0.0}
    assert wrong == []


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("portable_link_mode", "hardlinks", "did you mean 'hardlink'? (valid: clone, copy,"),
        ("portable_link_mode", "", "unknown mode ''"),
        ("portable_install_timeout", "0", "leaves no time"),
        ("portable_install_timeout", "x", "'x' is no duration; valid: '90' (seconds)"),
        ("portable_cache_ttl", "a day", "is no duration"),
    ],
)
def test_mistakes_are_told(key: str, text: str, said: str) -> None:
    wrong: list[tuple[str, str]] = []

    read_store_options({key: text}, lambda at, message: wrong.append((at, message)))

    assert [at for at, _ in wrong] == [key]
    assert said in wrong[0][1]
