"""Targets that only a command reaches: what they share with us is their standard streams."""

from __future__ import annotations

import os
import pickle
import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable import CommandTarget
from pytest_portable.agent import Agent, Transcript
from pytest_portable.agent.records import Raised, Value
from pytest_portable.environment import ask_command
from pytest_portable.errors import AgentError, OptionError, SetupError
from support.commands import SYSTEM_PYTHON, as_nobody, loopback_ssh, without_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERSIONS = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")


def local(*options: str) -> list[str]:
    return [sys.executable, *options]


def check(agent: Agent, source: str, obj: object = None) -> Transcript:
    request: dict[str, Any] = {
        "kind": "check",
        "dumpers": [["pickle:dumps", {}]],
        "protocol": 4,
        "round_trip": True,
        "probes": [{"label": "probe", "mode": "expression", "source": source, "name": ""}],
        "warnings": "report",
    }
    payloads = [("obj", pickle.dumps(obj))]
    return agent.run_check(request, payloads, loaders=["pickle:loads"], timeout_seconds=20)


@pytest.fixture
def run() -> Iterator[Callable[..., Transcript]]:
    agents: list[Agent] = []

    def once(target: CommandTarget, source: str, obj: object = None, **env: str) -> Transcript:
        agents.append(Agent(Path(target.command[-1]), env, command=target))
        return check(agents[-1], source, obj)

    yield once
    for agent in agents:
        agent.close()


def test_a_command_has_as_few_frames_below_a_probe(run: Callable[..., Transcript]) -> None:
    """Of ours, one more than a script has."""
    counted = run(CommandTarget(local()), "len(__import__('inspect').stack(0)) - 1")

    assert value(counted) == 2


def value(transcript: Transcript) -> object:
    found = transcript.first(Value)
    assert found is not None, transcript
    assert found.blob is not None
    return pickle.loads(found.blob)


def test_a_target_says_itself_what_it_is() -> None:
    environment = ask_command(CommandTarget(local()))

    assert environment.interpreter.version == "{}.{}.{}".format(*sys.version_info[:3])
    assert environment.path == Path(sys.prefix)
    assert environment.executable == Path(sys.executable)
    assert "pytest" in environment.distributions


def test_the_agent_comes_through_standard_input_and_shares_no_folder() -> None:
    agent = Agent(Path(sys.executable), command=CommandTarget(local()))
    modules = (
        "[__import__('os').getcwd(), __import__('tempfile').gettempdir(), *__import__('sys').path]"
    )

    found = value(check(agent, modules))
    agent.close()

    assert isinstance(found, list)
    cwd, temp, *path = found
    assert Path(cwd).parent == Path(temp).parent
    assert not Path(cwd).parent.exists(), "the agent's folder is left behind"
    assert "" not in path
    assert not any("pytest_portable" in entry for entry in path)


def test_large_payloads_travel_in_band(run: Callable[..., Transcript]) -> None:
    obj = os.urandom(3 << 20)

    transcript = run(CommandTarget(local()), "obj", obj)

    assert value(transcript) == obj


def test_only_named_variables_of_the_host_reach_it(
    run: Callable[..., Transcript], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hidden")
    monkeypatch.setenv("WANTED", "kept")

    found = value(
        run(CommandTarget(local(), keep=["WANTED"]), "dict(__import__('os').environ)", X="1")
    )

    assert isinstance(found, dict)
    assert {"WANTED", "X", "PATH", "PYTHONHASHSEED"} <= set(found)
    assert not {"SECRET", "PYTEST_CURRENT_TEST", "PYTHONPATH"} & set(found)


def test_the_hash_seed_differs_from_the_hosts_and_repeats(run: Callable[..., Transcript]) -> None:
    first = value(run(CommandTarget(local()), "hash('word')"))
    again = value(run(CommandTarget(local()), "hash('word')"))

    assert first == again
    assert first != hash("word")


def test_options_of_the_python_are_kept(run: Callable[..., Transcript]) -> None:
    found = value(run(CommandTarget(local("-X", "dev")), "__import__('sys').flags.dev_mode"))

    assert found is True


def test_what_a_login_prints_is_skipped(run: Callable[..., Transcript]) -> None:
    noisy = ["sh", "-c", 'echo welcome to node1; exec "$@"', "sh", *local()]

    assert ask_command(CommandTarget(noisy)).path == Path(sys.prefix)
    assert value(run(CommandTarget(noisy), "1 + 1")) == 2


def test_another_shell_on_the_way_gets_quoted_words(run: Callable[..., Transcript]) -> None:
    joined = ["sh", "-c", 'exec sh -c "$*"', "sh", *local()]

    assert value(run(CommandTarget(joined, through_shell=True), "1 + 1")) == 2
    with pytest.raises(SetupError, match="through_shell=True"):
        ask_command(CommandTarget(joined))


@pytest.mark.parametrize("minor", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_every_python_takes_the_agent_from_a_stream(
    minor: str, run: Callable[..., Transcript]
) -> None:
    found = sorted(VERSIONS.glob(f"{minor}.*/bin/python"))
    if not found and not os.environ.get("CI"):
        pytest.skip(f"no CPython {minor} below {VERSIONS}")
    target = CommandTarget(["env", "-u", "HOME", found[-1]])

    assert ask_command(target).interpreter.version.startswith(minor)
    assert value(run(target, "1 + 1")) == 2


def test_a_python_that_is_too_old_refuses_politely(run: Callable[..., Transcript]) -> None:
    found = sorted(VERSIONS.glob("3.[67].*/bin/python"))
    if not found:
        pytest.skip(f"no CPython 3.6 or 3.7 below {VERSIONS}")

    with pytest.raises(AgentError, match=r"too old: 3\.[67]\.\d+, wanted 3\.8 or newer"):
        run(CommandTarget(["env", found[0]]), "1")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param(["/no/such/command"], "cannot start /no/such/command", id="absent"),
        pytest.param(["cat"], "no Python answered", id="no Python"),
        pytest.param(["sh", "-c", "echo no route to host >&2; exit 255"], "no route", id="refused"),
        pytest.param(
            ["sh", "-c", "echo https://u:secret@h >&2; exit 1"], r"https://\*\*\*\*@h", id="secret"
        ),
    ],
)
def test_a_command_that_starts_no_python_is_a_set_up_failure(command: list[str], said: str) -> None:
    with pytest.raises(SetupError, match=said):
        ask_command(CommandTarget(command))


@pytest.mark.parametrize(
    ("command", "said"),
    [("ssh host python3", r"\['ssh', 'host', 'python3'\]"), ([], "empty"), ([""], "empty")],
)
def test_a_command_that_is_no_list_of_words_is_misuse(command: list[str], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        CommandTarget(command)


def test_a_network_namespace_has_no_network(run: Callable[..., Transcript]) -> None:
    target = CommandTarget([*without_network(), *local()])
    source = "__import__('socket').create_connection(('127.0.0.1', 22), 1)"

    assert "pytest" in ask_command(target).distributions
    transcript = run(target, source)

    raised = transcript.first(Raised)
    assert raised is not None
    assert "Network is unreachable" in raised.error.message


def test_another_user(run: Callable[..., Transcript]) -> None:
    target = CommandTarget(as_nobody())

    assert ask_command(target).executable == Path(SYSTEM_PYTHON)
    found = value(
        run(target, "[__import__('os').getuid(), __import__('pathlib').Path.home().is_dir()]")
    )

    assert found == [pwd.getpwnam("nobody").pw_uid, True]


def test_ssh(run: Callable[..., Transcript], tmp_path: Path) -> None:
    with loopback_ssh(tmp_path) as client:
        target = CommandTarget([*client, *local()])

        assert target.through_shell
        assert ask_command(target).path == Path(sys.prefix)
        transcript = run(
            target, "[obj, 'SSH_CONNECTION' in __import__('os').environ]", "x" * 2_000_000
        )

        assert value(transcript) == ["x" * 2_000_000, False]
