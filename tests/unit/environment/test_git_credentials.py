from __future__ import annotations

import os
import subprocess

import pytest

from pytest_portable.environment.git_credentials import git_variables, without_git_credentials


def asked(variables: dict[str, str], address: str) -> dict[str, str]:
    """Ask git itself who logs in at an address."""
    scheme, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=f"protocol={scheme}\nhost={host}\npath={path}\n\n",
        env={"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "HOME": "/nowhere"}
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("userinfo", "user", "password"),
    [
        ("me:word", "me", "word"),
        ("me:w%2Frd%24%22", "me", 'w/rd$"'),
        ("token", "token", ""),
        ("me:${WORD}", "me", "a b'c"),
        ("me:${MISSING}", "me", "${MISSING}"),
    ],
)
def test_git_learns_the_credentials_of_an_address(userinfo: str, user: str, password: str) -> None:
    line = f"a @ git+https://{userinfo}@host.example/org/a.git@v1#subdirectory=x"

    found = asked(git_variables([line], {"WORD": "a b'c"}), "https://host.example/org/a.git")

    assert (found["username"], found["password"]) == (user, password)


def test_two_logins_of_one_host_are_told_apart() -> None:
    lines = ["git+https://one:1@h.example/a", "git+https://two:2@h.example/b@main"]

    variables = git_variables(lines, {})

    assert asked(variables, "https://h.example/a")["password"] == "1"
    assert asked(variables, "https://h.example/b")["password"] == "2"


def test_what_git_was_told_before_stays() -> None:
    variables = git_variables(["git+https://me:1@h/a"], {"GIT_CONFIG_COUNT": "2"})

    assert variables["GIT_CONFIG_COUNT"] == "4"
    assert "GIT_CONFIG_KEY_0" not in variables


@pytest.mark.parametrize(
    "line", ["a", "https://me:1@h/a.whl", "git+ssh://git@h/a", "git+https://h/a"]
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert without_git_credentials(line) == line
    assert git_variables([line], {}) == {}
