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


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("AWS_SECRET_ACCESS_KEY", "abc/def+123456", True),
        ("SERVICE_API_KEY", "0123abcdef", True),
        ("DB_PASS", "letters", True),
        ("SLACK_WEBHOOK", "T012/B345/xyz", True),
        ("KEYBOARD", "pc105-us", True),  # looks like one, so it counts
        ("KEYBOARD", "english", False),
        ("SSH_AUTH_SOCK", "/dev/null", False),
        ("PWD", "/", False),
        ("GIT_AUTHOR_NAME", "somebody1", False),
        ("XDG_SESSION_ID", "12", False),
        ("LANG", "en_US.UTF-8", False),
    ],
)
def test_a_variable_is_a_secret_by_its_name_and_its_value(
    name: str, value: str, *, is_secret: bool
) -> None:
    assert (value not in Redactor({name: value})(f"it says {value}.")) == is_secret


@pytest.mark.parametrize(
    ("value", "is_secret"),
    [
        ("a1b2c3d4e5", True),
        ("production", False),
        ("20261126", False),
        ("https://host/a1b2c3", False),
        ("/dev/null", False),
        ("two words 1", False),
    ],
)
def test_what_was_set_for_a_target_is_a_secret_where_it_looks_like_one(
    value: str, *, is_secret: bool
) -> None:
    assert (value not in Redactor({}, given={"WORD": value})(f"it says {value}.")) == is_secret


def test_a_variable_that_a_requirement_names_is_a_secret() -> None:
    cut = Redactor({"WORD": "anything at all"}, ("a @ https://me:${WORD}@host/a",))

    assert cut("it is anything at all") == "it is ****"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'correct-ho...", "'****..."),
        ("'...-battery'", "'...****'"),
        ("...'ct-horse-battery'", "...'****'"),
        ("...'rect-horse-batte'...", "...'****"),
        ("correct...", "****..."),
        ("cor...", "cor..."),
    ],
)
def test_pieces_of_a_secret_are_cut_out_of_shortened_texts(text: str, expected: str) -> None:
    assert Redactor({"A_TOKEN": "correct-horse-battery"})(text).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reach root:hunter2@db.internal:5432 now", "reach ****@db.internal:5432 now"),
        ("python:3.12@sha256:0123456789abcdef", "python:3.12@sha256:0123456789abcdef"),
        ("test.py:12@x", "test.py:12@x"),
        ("/a?X-Amz-Signature=abc&keyword=x", "/a?X-Amz-Signature=****&keyword=x"),
        ("/a?api_key=1&monkey=2&barcode=3", "/a?api_key=****&monkey=2&barcode=3"),
        ("Authorization: Bearer abcdef012", "Authorization: Bearer ****"),
        ("{'authorization': 'abcdef012'}", "{'authorization': '****'}"),
        ("basic understanding of bearer instruments", "basic understanding of bearer instruments"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "****"),
    ],
)
def test_what_targets_print_is_cut(text: str, expected: str) -> None:
    assert redact(text) == expected
