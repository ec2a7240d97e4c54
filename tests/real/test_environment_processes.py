from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytest_portable.agent.variables import tool_environment
from pytest_portable.environment.processes import Completed, Processes
from pytest_portable.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real


def run(
    folder: Path,
    code: str,
    *,
    seconds: float = 20.0,
    stop: threading.Event | None = None,
    executable: str = sys.executable,
) -> Completed:
    runner = Processes(
        lambda text: text.replace("hunter2", "****"), folder / "log", stop or threading.Event()
    )
    return runner.run(
        [executable, "-S", "-c", code, "hunter2"],
        cwd=folder,
        env=tool_environment(os.environ),
        timeout_seconds=seconds,
    )


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_output_is_kept_without_credentials(tmp_path: Path) -> None:
    done = run(tmp_path, "import sys; print('hunter2'); sys.stderr.write('b\\xff'); sys.exit(3)")

    assert (done.status, done.ok) == (3, False)
    assert done.output == "****\nbÿ"
    assert "hunter2" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_tool_that_runs_out_of_time_goes_with_its_children(tmp_path: Path) -> None:
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n    print(os.getpid(), flush=True)\n    time.sleep(60)\n"
        "time.sleep(60)"
    )
    started = time.monotonic()
    done = run(tmp_path, code, seconds=1.0)
    elapsed = time.monotonic() - started

    assert done.timed_out
    assert not done.ok
    assert elapsed < 5
    assert not is_alive(int(done.output))


def test_a_grandchild_that_holds_the_output_does_not_hold_us(tmp_path: Path) -> None:
    code = "import os, time\nif os.fork() == 0:\n    time.sleep(60)\nprint('done', flush=True)"
    started = time.monotonic()
    done = run(tmp_path, code)

    assert done.ok
    assert done.output == "done\n"
    assert time.monotonic() - started < 10


def test_a_stop_ends_what_runs_and_refuses_the_next(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()

    with pytest.raises(SetupError, match="stopped"):
        run(tmp_path, "import time; time.sleep(60)", stop=stop)
    with pytest.raises(SetupError, match="stopped"):
        run(tmp_path, "", stop=stop)

    assert time.monotonic() - started < 5


def test_a_tool_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot start /absent/tool"):
        run(tmp_path, "", executable="/absent/tool")


def test_a_log_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()

    assert run(tmp_path, "print(1)").output == "1\n"


def test_tools_get_the_users_indexes_but_not_his_python() -> None:
    kept = {"PIP_INDEX_URL": "x", "UV_INDEX": "x", "HTTPS_PROXY": "x", "CC": "gcc", "PATH": "/bin"}
    dropped = {"PYTHONPATH": "x", "VIRTUAL_ENV": "x", "PIP_TARGET": "x", "UV_PYTHON": "3"}

    assert tool_environment(kept | dropped) == kept


def test_paths_in_variables_are_anchored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wheels").mkdir()
    monkeypatch.chdir(tmp_path)
    given = {"UV_FIND_LINKS": "wheels https://h/wheels absent", "PIP_CONSTRAINT": ""}

    assert tool_environment(given) == {
        "UV_FIND_LINKS": f"{tmp_path}/wheels https://h/wheels absent",
        "PIP_CONSTRAINT": "",
    }
