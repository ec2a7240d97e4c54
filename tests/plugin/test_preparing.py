"""What happens between collection and the first test: every environment, together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_portable
from pytest_portable.environment import prune
from support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

CONFTEST = """
import sys
from dataclasses import dataclass
from pathlib import Path
from pytest_portable.environment.processes import Completed
from support.installers import UnpackInstaller

HERE = Path(__file__).parent

class Unpack(UnpackInstaller):
    def install(self, python, interpreter, work, bench):
        with (HERE / "installs").open("a") as stream:
            print(*work.lines, file=stream)
        if (HERE / "down").exists():
            return Completed(1, "index is down\\n")
        if (HERE / "slow").exists():
            code = f"import time; time.sleep(30)  # {HERE}"
            return bench.run([sys.executable, "-c", code])
        return super().install(python, interpreter, work, bench)

def pytest_portable_installers(config):
    return Unpack(HERE)
"""
TESTS = """
import pytest

@pytest.mark.portable(deps=["one"])
def test_one(portable):
    assert portable.target.distributions == {"one": "1.0"}

@pytest.mark.portable(deps={"a": ["two"], "b": ["two", "one"]})
def test_two(portable):
    assert "two" in portable.target.distributions

@pytest.mark.portable(deps=["two", "one"])
def test_same(portable):
    assert portable.target.python

def test_plain():
    pass
"""


# A shell's background jobs ignore the signal, and so would what they start.
INTERRUPTIBLE = (
    "import pytest, signal, sys\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "sys.exit(pytest.main(sys.argv[1:]))"
)


class Project:
    """A folder of tests whose environments come from wheels beside them."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        self.cache = self.path / "cache"
        pytester.makeconftest(CONFTEST)
        for name in ("one", "two"):
            make_wheel(self.path, name)

    def run(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest(*self.options, *options)

    @property
    def options(self) -> list[str]:
        return ["--portable-installer=unpack", f"--portable-cache-dir={self.cache}"]

    @property
    def installs(self) -> list[str]:
        file = self.path / "installs"
        return file.read_text("utf-8").splitlines() if file.exists() else []


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    tests = Path(__file__).parents[1]
    sources = Path(pytest_portable.__path__[0]).parent
    monkeypatch.setenv("PYTHONPATH", f"{tests}{os.pathsep}{sources}")
    monkeypatch.delenv("CI", raising=False)
    return Project(pytester)


def test_all_environments_are_there_before_the_first_test(project: Project) -> None:
    project.pytester.makepyfile(test_it=TESTS)

    result = project.run()

    result.assert_outcomes(passed=5)
    assert sorted(project.installs) == ["one", "two", "two one"]
    lines = result.stdout.lines
    first_test = next(number for number, line in enumerate(lines) if line.startswith("test_it"))
    told = [number for number, line in enumerate(lines) if line.startswith("portable: this")]
    assert len(told) >= 9
    assert max(told) < first_test
    result.stdout.fnmatch_lines(["portable: this Python with one: ready in * s"])


def test_what_is_there_already_is_not_mentioned(project: Project) -> None:
    project.pytester.makepyfile(test_it=TESTS)
    project.run()

    result = project.run()

    result.assert_outcomes(passed=5)
    result.stdout.no_fnmatch_line("portable: this Python*")
    assert len(project.installs) == 3


@pytest.mark.parametrize(
    ("options", "prepared"),
    [
        pytest.param(("--collect-only",), [], id="collect-only"),
        pytest.param(("-k", "plain"), [], id="none needed"),
        pytest.param(("-k", "one"), ["one"], id="deselected by name"),
        pytest.param(("--deselect", "test_it.py::test_two[a]"), ["one", "two one"], id="by id"),
    ],
)
def test_only_what_the_selected_tests_need_is_prepared(
    project: Project, options: tuple[str, ...], prepared: list[str]
) -> None:
    project.pytester.makepyfile(test_it=TESTS)

    project.run(*options)

    assert sorted(project.installs) == prepared


def test_skipped_tests_and_mistaken_marks_need_nothing(project: Project) -> None:
    project.pytester.makepyfile("""
        import pytest

        @pytest.mark.skip
        @pytest.mark.portable(deps=["two"])
        def test_skipped(portable): pass

        @pytest.mark.portable(deps=["two"], pyton="3.11")
        def test_mistaken(portable): pass

        @pytest.mark.portable(deps=["one"])
        def test_right(portable): portable.target
    """)

    result = project.run()

    result.assert_outcomes(passed=1, skipped=1, errors=1)
    assert project.installs == ["one"]
    result.stdout.fnmatch_lines(["*did you mean 'python'*"])


def test_quiet_is_silent(project: Project) -> None:
    project.pytester.makepyfile(test_it=TESTS)

    result = project.run("-q")

    result.assert_outcomes(passed=5)
    result.stdout.no_fnmatch_line("portable:*")


def test_one_that_fails_is_the_error_of_those_who_need_it(project: Project) -> None:
    project.pytester.makepyfile("""
        import pytest

        @pytest.mark.portable(deps=["absent"])
        class TestAbsent:
            def test_first(self, portable): pass
            def test_second(self, portable): pass

        @pytest.mark.portable(deps=["one"])
        def test_right(portable): portable.target
    """)

    result = project.run()

    result.assert_outcomes(passed=1, errors=2)
    assert sorted(project.installs) == ["absent", "one"], "a failure is no reason to try again"
    text = result.stdout.str()
    assert "portable: this Python with absent: failed after" in text
    assert text.count("no wheel for absent") == 2  # the installer's own words, for both
    assert "whole output: " in text


def test_a_missing_python_is_skipped_where_that_is_asked_for(project: Project) -> None:
    project.pytester.makepyfile("""
        import pytest

        @pytest.mark.portable(deps=["one"], python=["3.98", "3"])
        def test_it(portable): portable.target
    """)

    project.run("--portable-skip-missing-python").assert_outcomes(passed=1, skipped=1)
    result = project.run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*py3.98 with one: no such interpreter"])


def test_an_index_that_is_down_is_told(project: Project) -> None:
    project.pytester.makeini("[pytest]\nportable_cache_ttl = 0\n")
    project.pytester.makepyfile(test_it=TESTS)
    project.run("-k", "one")
    (project.path / "down").touch()

    result = project.run("-k", "one")

    result.assert_outcomes(passed=1, deselected=4)
    result.stdout.fnmatch_lines(
        ["portable: note: *one: not refreshed, 0 h old versions are used: index is down"]
    )


def test_a_cache_that_cannot_be_written_is_told_once(project: Project) -> None:
    project.cache = project.path / "file" / "cache"
    (project.path / "file").touch()
    project.pytester.makepyfile(test_it=TESTS)

    result = project.run()

    result.assert_outcomes(passed=5)
    assert result.stdout.str().count("environments are kept for this session only") == 1


@pytest.mark.slow
def test_workers_share_the_work_and_the_terminal(project: Project) -> None:
    pytest.importorskip("xdist")
    broken = '\n@pytest.mark.portable(deps=["absent"])\ndef test_absent(portable): pass\n'
    project.pytester.makepyfile(test_it=TESTS + broken)

    result = project.pytester.runpytest_subprocess(
        *project.options, "-p", "xdist", "-n", "3", "-v", timeout=60
    )

    result.assert_outcomes(passed=5, errors=1)
    assert sorted(project.installs) == ["absent", "one", "two", "two one"]
    text = result.stdout.str()
    for name in ("one", "two", "two, one"):
        assert text.count(f"portable: this Python with {name}: ready in") == 1
    assert text.count("with absent: failed after") == 1
    for test in ("test_two[a]", "test_two[b]", "test_same"):
        assert f"PASSED test_it.py::{test}" in text


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_ctrl_c_leaves_nothing_half_built(
    project: Project, workers: tuple[str, ...], running: Callable[[str], bool]
) -> None:
    (project.path / "slow").touch()
    project.pytester.makepyfile(test_it=TESTS)
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *project.options, *workers],
        cwd=project.path,
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not running(f"# {project.path}"):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    said, _ = run.communicate(timeout=20)

    assert run.returncode == pytest.ExitCode.INTERRUPTED, said
    assert list((project.cache / "keys").iterdir()) == []
    if workers:  # one of them may have been killed, and could not clean up
        prune(project.cache)
    assert list((project.cache / "builds").iterdir()) == []
    deadline = time.monotonic() + 5
    while not workers and running(f"# {project.path}"):
        assert time.monotonic() < deadline, "the installer goes on"
        time.sleep(0.05)


@pytest.fixture
def running() -> Callable[[str], bool]:
    """Tell whether a process runs whose command line holds a text."""

    def look(text: str) -> bool:
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if text.encode() in file.read_bytes():
                    return True
        return False

    return look


# Hooks


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return object()", "has no name that is a word"),
        ("return Unpack", "Unpack is a class; return an instance of it"),
        ("return Unpack(HERE, name='uv')", "is called 'uv', a name of ours"),
        ("return [Unpack(HERE), Unpack(HERE)]", "two installers are called 'unpack'"),
        ("return type('T', (), {'name': 'unpack'})()", "unpack has no method create, install"),
    ],
)
def test_an_answer_that_is_no_installer_is_a_usage_error(
    project: Project, body: str, said: str
) -> None:
    source = CONFTEST.replace("return Unpack(HERE)", body)
    project.pytester.makeconftest(source)

    result = project.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*pytest_portable_installers: *{said}*"])


def test_installers_of_others_are_valid_names(project: Project) -> None:
    result = project.pytester.runpytest("--portable-installer=unpak")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*did you mean 'unpack'?*auto, uv, pip, unpack*"])


@pytest.mark.parametrize(
    "answer",
    ["sys.executable", "Path(sys.executable)", "CommandTarget(['env', sys.executable])"],
)
def test_a_hook_brings_the_environment_of_a_leg(project: Project, answer: str) -> None:
    project.pytester.makeconftest(f"""
        import sys
        from pathlib import Path
        from pytest_portable.environment import CommandTarget

        def pytest_portable_prepare(leg):
            return {answer} if leg.deps_id == "elsewhere" else None
    """)
    project.pytester.makepyfile("""
        import pytest, sys

        @pytest.mark.portable(deps={"elsewhere": ["nothing-of-this"], "here": []})
        def test_it(portable, request):
            portable([1, 2])
            is_host = portable.target.executable == sys.executable
            assert is_host == ("elsewhere" in request.node.name)
            assert is_host == ("pytest" in portable.target.distributions)
    """)

    result = project.pytester.runpytest(f"--portable-cache-dir={project.cache}")

    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("42", "42 is no environment; valid: the path of an interpreter*CommandTarget, None"),
        ("'python3'", "'python3' is not an absolute path"),
        ("'/no/such/python'", "/no/such/python is not there"),
        ("CommandTarget(['false'])", "no Python answered (exit status 1): false"),
    ],
)
def test_an_answer_that_is_no_environment_is_that_tests_error(
    project: Project, answer: str, said: str
) -> None:
    project.pytester.makeconftest(f"""
        from pytest_portable.environment import CommandTarget

        def pytest_portable_prepare(leg):
            return {answer} if leg.test.endswith("wrong") else None
    """)
    project.pytester.makepyfile("""
        def test_wrong(portable): pass
        def test_right(portable): pass
    """)

    result = project.pytester.runpytest(f"--portable-cache-dir={project.cache}")

    result.assert_outcomes(passed=1, errors=1)
    pattern = said.replace("[", "[[]").replace("(", "[(]")
    result.stdout.fnmatch_lines([f"set-up failure: *{pattern}*"])


def test_the_public_name_is_what_a_conftest_imports(project: Project) -> None:
    project.pytester.makeconftest("""
        import sys
        from pytest_portable import CommandTarget

        def pytest_portable_prepare(leg):
            return CommandTarget(["env", sys.executable])
    """)
    project.pytester.makepyfile("def test_it(portable): portable([1, 2])")

    result = project.pytester.runpytest_subprocess(f"--portable-cache-dir={project.cache}")

    result.assert_outcomes(passed=1)


@pytest.mark.slow
def test_two_runs_at_once_build_each_environment_once(project: Project) -> None:
    project.pytester.makepyfile(test_it=TESTS)
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", *project.options, "-v"],
            cwd=project.path,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]

    texts = [run.communicate(timeout=60)[0] for run in runs]

    assert [run.returncode for run in runs] == [0, 0], texts
    assert sorted(project.installs) == ["one", "two", "two one"]
