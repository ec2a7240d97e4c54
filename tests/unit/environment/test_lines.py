from __future__ import annotations

import pytest

from pytest_portable.environment import validate_requirement
from pytest_portable.environment.lines import archive_name, parse_line


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        ("numpy", "requirement", "numpy"),
        ("numpy>=2,<3  # why", "requirement", "numpy>=2,<3"),
        ("a[b,c]==1; python_version < '3.9'", "requirement", None),
        ("a @ git+https://host/a@main#subdirectory=x", "requirement", None),
        ("a @ file:///tmp/a.whl", "requirement", None),
        ("", "blank", ""),
        ("# comment", "blank", ""),
        ("-r requirements.txt", "file", "requirements.txt"),
        ("-rrequirements.txt", "file", "requirements.txt"),
        ("--requirement=a.txt", "file", "a.txt"),
        ("-c constraints.txt", "constraint", "constraints.txt"),
        ("--constraint c.txt", "constraint", "c.txt"),
        ("-r pylock.toml", "lock", "pylock.toml"),
        ("pylock.dev.toml", "lock", "pylock.dev.toml"),
        ("locks/pylock.toml", "lock", "locks/pylock.toml"),
        ("--index-url https://host/simple", "option", "https://host/simple"),
        ("--find-links=wheels", "option", "wheels"),
        ("--no-index", "option", ""),
        ("group:test", "group", "test"),
        ("script:tools/run.py", "script", "tools/run.py"),
        (".", "project", "."),
        (".[extra,other]", "project", "."),
        ("./libs/a", "project", "./libs/a"),
        ("../a[x] ; sys_platform == 'linux'", "project", "../a"),
        ("libs/a", "project", "libs/a"),
        ("/abs/a", "project", "/abs/a"),
        ("C:\\a", "project", "C:\\a"),
        ("file:///abs/a[x]", "project", "/abs/a"),
        ("./a-1.0-py3-none-any.whl", "archive", "./a-1.0-py3-none-any.whl"),
        ("a-1.0-py3-none-any.whl[x]", "archive", "a-1.0-py3-none-any.whl"),
        ("a-1.0.tar.gz", "archive", "a-1.0.tar.gz"),
        ("file:///x/a-1.0.tar.gz", "archive", "/x/a-1.0.tar.gz"),
        ("git+https://host/a@v1", "url", "git+https://host/a@v1"),
        ("https://host/a-1.0-py3-none-any.whl", "url", None),
        ("git+ssh://git@host/a.git ; python_version > '3'", "url", "git+ssh://git@host/a.git"),
    ],
)
def test_every_form_of_a_line_is_told_apart(line: str, kind: str, value: str | None) -> None:
    found = parse_line(line)

    assert found.kind == kind
    assert value is None or found.value == value
    assert validate_requirement(line) is None


def test_parts_of_a_path_are_read() -> None:
    found = parse_line("../a[x, y] ; sys_platform == 'linux'")

    assert (found.extras, found.marker) == ("x, y", "sys_platform == 'linux'")


def test_hashes_are_read() -> None:
    found = parse_line("a==1 --hash=sha256:ab --hash sha256:cd")

    assert found.value == "a==1"
    assert found.hashes == ("--hash=sha256:ab", "--hash=sha256:cd")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("numpy=1.0", "exact version is written '=='"),
        ("not a name", "no requirement"),
        ("a >= https://u:secret-pw@h", "no requirement"),
        ("-e .", "editable"),
        ("--editable=.", "editable"),
        ("-r", "names no file"),
        ("--constraint", "names no file"),
        ("--user", "not supported"),
        ("group:", "group:NAME"),
        ("group:a b", "group:NAME"),
        ("script:", "script:FILE"),
        ("a==1 --config-settings=x", "not supported"),
    ],
)
def test_a_bad_line_is_explained_in_one_line_without_credentials(line: str, words: str) -> None:
    message = validate_requirement(line)

    assert message is not None
    assert words in message
    assert "\n" not in message
    assert "secret-pw" not in message


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("My_Pkg-1.0-py3-none-any.whl", "my-pkg"),
        ("dir/my-pkg-1.0.tar.gz", "my-pkg"),
        ("broken.whl", ""),
    ],
)
def test_an_archive_is_named_by_its_file(path: str, name: str) -> None:
    assert archive_name(path) == name
