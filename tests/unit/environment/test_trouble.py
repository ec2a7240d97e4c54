from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import prepare
from pytest_portable.environment.processes import Completed
from pytest_portable.environment.trouble import last_words
from pytest_portable.errors import InstallError
from support.installers import BrokenInstaller, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.environment import StoreSettings


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("No solution found when resolving", "so that they agree"),
        ("ERROR: No matching distribution found for a", "check the name"),
        ("Packages were unavailable because the network was disabled", "index in reach"),
        ("error: Failed to fetch: https://h", "proxy and the network"),
        ("401 Unauthorized", "credentials"),
        ("Failed to build `a`", "build work"),
        ("something else", "another Python"),
    ],
)
def test_a_failure_says_what_was_asked_for_what_was_said_and_what_to_do(
    tmp_path: Path, settings: Callable[..., StoreSettings], output: str, remedy: str
) -> None:
    broken = BrokenInstaller(tmp_path, installing=Completed(1, f"one\n{output}\n"))
    request = ask(tmp_path, "a>=1", "git+https://tok3n@h/b", runtime=("dill==1",))

    with pytest.raises(InstallError) as caught:
        prepare(request, settings(broken))

    message = str(caught.value)
    assert "    a>=1\n    git+https://****@h/b\n    dill==1\n" in message
    assert f"broken said:\n    one\n    {output}\n" in message
    assert remedy in message
    assert caught.value.log is not None
    assert str(caught.value.log) in message
    assert caught.value.requirements == ("a>=1", "git+https://****@h/b", "dill==1")
    assert str(pickle.loads(pickle.dumps(caught.value))) == message


def test_a_stopped_installation_names_the_limit(
    tmp_path: Path, settings: Callable[..., StoreSettings]
) -> None:
    broken = BrokenInstaller(tmp_path, installing=Completed(-9, "", timed_out=True))

    with pytest.raises(InstallError, match="stopped after 7 s") as caught:
        prepare(ask(tmp_path, "a"), settings(broken, install_timeout_seconds=7.0))

    assert "portable_install_timeout" in str(caught.value)


def test_last_words_are_few_and_short() -> None:
    said = last_words("\n\n".join(f"line {number}" for number in range(99)) + "\n" + "x" * 9999)

    assert len(said.splitlines()) == 15
    assert max(map(len, said.splitlines())) < 400
