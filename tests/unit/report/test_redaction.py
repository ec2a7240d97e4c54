from __future__ import annotations

import pytest

from pytest_portable.report.redaction import Redactor, redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pw@host/simple", "https://****@host/simple"),
        ("git+https://ghp_token@github.com/a/b@main", "git+https://****@github.com/a/b@main"),
        ("https://user:p@ss@host/x", "https://****@host/x"),
        ("git+ssh://git@github.com/a/b", "git+ssh://git@github.com/a/b"),
        ("https://host/simple?token=abc&x=1", "https://host/simple?token=****&x=1"),
        ("https://host/a@b", "https://host/a@b"),
        ("numpy>=2", "numpy>=2"),
        ("a https://u:p@h/ b https://v:q@h/", "a https://****@h/ b https://****@h/"),
    ],
)
def test_credentials_are_cut_out_of_addresses(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert redact(expected) == expected


def test_secrets_of_the_environment_are_cut_out_of_any_text() -> None:
    cut = Redactor(
        {
            "UV_INDEX_CORP_PASSWORD": "hunter2hunter2",
            "PIP_INDEX_URL": "https://me:s3cr%2Ft99@host/simple",
            "HOME": "/home/me-and-you",
        },
        ("git+https://tok3ntok3n@host/x",),
    )

    said = cut("backend says hunter2hunter2 s3cr/t99 s3cr%2Ft99 tok3ntok3n in /home/me-and-you")

    assert said == "backend says **** **** **** **** in /home/me-and-you"


def test_short_values_are_left_alone_because_they_are_words() -> None:
    assert Redactor({"X_TOKEN": "on"})("turn it on") == "turn it on"
