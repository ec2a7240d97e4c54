from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_portable
from pytest_portable.agent import Agent, Transcript
from pytest_portable.agent.in_target.limits import SPILL_BYTES
from pytest_portable.agent.records import Returned, Value
from pytest_portable.errors import AgentError

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
MINORS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PLAIN = b"\x80\x04]\x94(K\x01K\x02e."
REQUEST: dict[str, Any] = {
    "kind": "check",
    "dumpers": [["pickle:dumps", {}]],
    "protocol": 4,
    "round_trip": True,
    "warnings": "report",
}


def interpreter(minor: str) -> Path:
    found = sorted(VERSIONS.glob(f"{minor}.*/bin/python"))
    if not found:
        if os.environ.get("CI"):
            pytest.fail(f"no CPython {minor} below {VERSIONS}")
        pytest.skip(f"no CPython {minor} below {VERSIONS}")
    return found[-1]


@pytest.fixture(scope="module", params=MINORS)
def agent(request: pytest.FixtureRequest) -> Iterator[Agent]:
    made = Agent(interpreter(request.param))
    yield made
    made.close()


def run(agent: Agent, data: bytes = PLAIN, *, seconds: float = 20.0, **keys: Any) -> Transcript:
    return agent.run_check(
        {**REQUEST, **keys},
        [("obj", data)],
        loaders=["pickle:loads"],
        timeout_seconds=seconds,
    )


def probes(source: str) -> list[dict[str, str]]:
    return [{"label": "probe", "mode": "expression", "source": source, "name": ""}]


class Deep:
    """Loads as the number of frames below the code that a payload runs."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (DEPTH,)


DEPTH = "len(__import__('inspect').stack(0)) - 1"


def frames(record: Any) -> Any:
    assert record is not None
    return pickle.loads(record.blob)


def test_a_script_has_as_few_callers(agent: Agent) -> None:
    """A load is called by one frame of a script; by ours and by one more here."""
    loaded = frames(run(agent, pickle.dumps(Deep(), 4)).first(Returned))
    probed = frames(run(agent, probes=probes(DEPTH)).first(Value))
    call = pickle.dumps(eval, 4)
    arguments = pickle.dumps(((DEPTH,), {}), 4)
    transcript = agent.run_check(
        {**REQUEST, "kind": "call"},
        [("obj", call), ("arguments", arguments)],
        loaders=["pickle:loads"],
        timeout_seconds=20.0,
    )

    # Two at most: what starts the program, as a script does, and the one that calls.
    assert (loaded, probed, frames(transcript.first(Value))) == (2, 2, 2)


def test_a_payload_is_loaded_described_and_dumped(agent: Agent) -> None:
    transcript = run(agent)

    returned = transcript.first(Returned)
    assert transcript.finished
    assert returned is not None
    assert returned.blob is not None


def test_nothing_of_ours_is_importable_and_main_is_empty(agent: Agent) -> None:
    source = (
        "print(__import__('importlib.util').util.find_spec('agent'),"
        " 'pytest_portable' in __import__('sys').modules,"
        " [n for n in vars(__import__('__main__')) if not n.startswith('__')])"
    )

    transcript = run(agent, probes=probes(source))

    assert transcript.stdout == "None False []\n"


def test_checks_do_not_see_each_other(agent: Agent) -> None:
    run(agent, probes=probes("setattr(__import__('sys'), 'left_behind', 1)"))

    transcript = run(agent, probes=probes("print(hasattr(__import__('sys'), 'left_behind'))"))

    assert transcript.stdout == "False\n"


def test_a_check_finds_few_open_descriptors_and_none_of_the_check_before(agent: Agent) -> None:
    source = "print(sorted(map(int, __import__('os').listdir('/proc/self/fd'))))"

    seen = [run(agent, probes=probes(source)).stdout for _ in range(3)]

    assert len(set(seen)) == 1
    # Standard streams, request, end of work, records, and the listing itself.
    assert len(seen[0].split(",")) == 7


def test_a_waiting_process_that_was_killed_is_replaced(agent: Agent) -> None:
    first = run(agent, probes=probes("print(__import__('os').getpid())")).stdout
    assert first
    time.sleep(0.1)  # until the process of the next check is there
    children = Path(f"/proc/{agent.hello['pid']}/task/{agent.hello['pid']}/children")
    for pid in children.read_text().split():
        os.kill(int(pid), signal.SIGKILL)

    assert run(agent).finished


@pytest.mark.parametrize("pause", [0.0, 0.1], ids=["at once", "later"])
@pytest.mark.parametrize("name", ["pickle", "dill", "cloudpickle"])
def test_what_a_process_did_to_get_warm_is_not_seen(name: str, pause: float) -> None:
    pytest.importorskip(name)
    agent = Agent(Path(sys.executable), try_preload=[name])
    source = (
        "[n for n in vars(__import__('__main__')) if not n.startswith('__')],"
        " __import__('warnings').warn('mine')"
    )
    try:
        seen = []
        for _ in range(3):
            time.sleep(pause)
            seen.append(run(agent, probes=probes(source)))
    finally:
        agent.close()

    for transcript in seen:
        value = transcript.first(Value)
        assert transcript.finished
        assert value is not None
        assert value.blob is not None
        assert pickle.loads(value.blob) == ([], None)
        assert [warning.message for _, warning in transcript.warnings()] == ["mine"]
        assert (transcript.stdout, transcript.stderr) == ("", "")


def test_a_thread_that_goes_on_ends_with_its_check(agent: Agent) -> None:
    source = (
        "__import__('threading').Thread(target=__import__('time').sleep, args=(600,)).start()"
        " or __import__('os').getpid()"
    )

    transcript = run(agent, probes=probes(f"print({source})"))

    assert transcript.finished
    wait_for_end(int(transcript.stdout))


def test_a_grandchild_does_not_outlive_the_check(agent: Agent) -> None:
    source = "print(__import__('subprocess').Popen(['sleep', '600'], start_new_session=True).pid)"

    transcript = run(agent, probes=probes(source))

    wait_for_end(int(transcript.stdout))


def test_the_host_environment_does_not_leak(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_SECRET_TOKEN", "hidden")
    agent.close()

    transcript = run(agent, probes=probes("print(sorted(__import__('os').environ))"))

    assert "PYTEST_SECRET_TOKEN" not in transcript.stdout
    assert "PYTEST_CURRENT_TEST" not in transcript.stdout


def test_a_large_payload_travels_by_file(agent: Agent) -> None:
    size = 3 * SPILL_BYTES
    data = b"\x80\x04B" + size.to_bytes(4, "little") + bytes(size) + b"."

    returned = run(agent, data).first(Returned)

    assert returned is not None
    assert returned.blob is not None
    assert len(returned.blob) > size


def test_a_lost_agent_is_replaced_once() -> None:
    agent = Agent(Path(sys.executable))
    os.kill(agent.start()["pid"], signal.SIGKILL)
    try:
        assert run(agent).finished
        with pytest.raises(AgentError, match="was lost twice: EOFError"):
            run(agent, probes=probes("__import__('os').kill(__import__('os').getppid(), 9)"))
        assert run(agent).finished
    finally:
        agent.close()


@pytest.mark.parametrize("minor", ["3.6", "3.7"])
def test_an_old_python_is_refused_politely(minor: str) -> None:
    with pytest.raises(AgentError, match="too old"):
        Agent(interpreter(minor)).start()


def test_the_agent_ends_with_its_host() -> None:
    script = (
        "import sys, os; from pathlib import Path; from pytest_portable.agent import Agent\n"
        "agent = Agent(Path(sys.executable)); print(agent.start()['pid'], flush=True)\n"
        "os._exit(1)"
    )
    source = str(Path(pytest_portable.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    wait_for_end(int(done.stdout))


def wait_for_end(pid: int) -> None:
    """Wait until a process is gone: the agent cleans up behind its answer."""
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} still runs")


def test_an_opaque_hop_tells_what_it_did_beside_forwarding() -> None:
    code = (
        "import io, sys\n"
        "from pytest_portable.agent.in_target.check import ChildCheck\n"
        "class Curious(ChildCheck):\n"
        "    def record(self, header, blob=None):\n"
        "        if 'forwarded' in header:\n"
        "            import wave\n"
        "            __import__('pickle').loads(blob)\n"
        "        if 'events' in header: print(header['events'])\n"
        "request = {'nonce': '', 'payloads': [{'name': 'obj', 'file': None}]}\n"
        "data = b'\\x80\\x04cfractions\\nFraction\\n.'\n"
        "check = Curious.__new__(Curious)\n"
        "check.request, check.blobs = request, [data]\n"
        "check.forward()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "import wave" in done.stdout
    assert "pickle.find_class fractions" in done.stdout
