"""Orquestra users: tasks, what they import, what their results become."""

from __future__ import annotations

import collections
import contextlib
import enum
import functools
import http.server
import subprocess
import threading

import orqhelper
import orquestra.sdk as sdk
import pytest

from pytest_portable import OptionError
from pytest_portable.serializers.frameworks.orquestra import requirements_of


def codes(verdict):
    return [problem.code for problem in verdict.problems]


def add_up(numbers, start=0):
    found = start
    for number in numbers:
        found += number
    return found


@sdk.task(
    source_import=sdk.InlineImport(), dependency_imports=[sdk.PythonImports("inflection==0.5.1")]
)
def helped(numbers):
    import inflection

    return [add_up(numbers), inflection.__version__]


@sdk.task(source_import=sdk.InlineImport())
def helped_from_elsewhere(number):
    return orqhelper.triple(number)


class Reading:
    def __init__(self, value):
        self.value = value


@pytest.mark.portable(serializer="orquestra")
def test_a_function_runs_as_an_inline_task_in_the_platforms_own_code(portable):
    assert portable.call(add_up, [1, 2, 3], start=4) == 10
    assert {"orquestra-sdk", "ray"} <= set(portable.target.distributions)


@pytest.mark.portable(serializer="orquestra", deps=requirements_of(helped))
def test_a_task_uses_helpers_of_its_module_and_its_python_imports(portable):
    """c1: the defining module goes by value, packages come from the imports."""
    assert requirements_of(helped) == ["inflection==0.5.1"]
    assert portable.call(helped, [1, 2]) == [3, "0.5.1"]


@pytest.mark.portable(serializer="orquestra")
def test_a_package_that_is_not_imported_is_missed_on_the_call(portable):
    """c1, without the package: the function loads, the call does not find it."""
    with pytest.raises(RuntimeError, match="No module named 'inflection'"):
        portable.call(helped, [1, 2])
    verdict = portable.check(helped, probe="obj([1, 2])")
    problem = verdict.problems[0]
    assert (verdict.stage, problem.code, problem.module) == ("call", "missing-module", "inflection")


@pytest.mark.portable(serializer="orquestra")
def test_a_second_local_module_is_missed_when_the_task_is_loaded(portable):
    """c1, with a second module: only the task's own is sent."""
    with pytest.raises(AssertionError):
        portable.call(helped_from_elsewhere, 2)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.problems[0].module == "orqhelper"


@pytest.mark.portable(serializer="orquestra", ship=["orqhelper"])
def test_shipping_it_shows_what_is_missing(portable):
    assert portable.call(helped_from_elsewhere, 2) == 6


def take(reading):
    return reading.value


@pytest.mark.portable(serializer="orquestra")
def test_an_argument_of_the_tasks_module_is_not_sent_with_it(portable):
    """The function goes by value; constants are pickled without that."""
    with pytest.raises(AssertionError):
        portable.call(take, Reading(1))
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["test-module-reference"])


@pytest.mark.portable(serializer="orquestra")
def test_exceptions_come_back_as_text(portable):
    with pytest.raises(RuntimeError, match="unsupported operand"):
        portable.call(add_up, ["a"])


class Number(enum.IntEnum):
    ONE = 1


Pair = collections.namedtuple("Pair", "first second")


@pytest.mark.portable(serializer="orquestra")
@pytest.mark.parametrize(
    "value",
    [
        pytest.param({1: "a"}, id="int-keys"),
        pytest.param({None: 1}, id="none-key"),
        pytest.param(Pair(1, 2), id="namedtuple"),
        pytest.param(Number.ONE, id="int-enum"),
        pytest.param(collections.OrderedDict(a=1), id="ordered-dict"),
    ],
)
def test_auto_results_lose_types_without_a_word(portable, value):
    verdict = portable.check(value)
    assert (verdict.stage, set(codes(verdict))) == ("compare", {"mismatch"})


@pytest.mark.portable(serializer="orquestra")
@pytest.mark.parametrize("value", [[1, (2, "a")], float("nan"), {"a": {1, 2}}, b"bytes"], ids=str)
def test_auto_results_that_keep_their_types(portable, value):
    assert portable(value).portable


@pytest.mark.portable(serializer="orquestra")
def test_a_key_that_json_tuples_use_cannot_come_back(portable):
    assert not portable.check({"__tuple__": True}).portable


@pytest.mark.portable(serializer="orquestra", max_size="100 kB")
def test_the_limit_is_on_the_workflow(portable):
    assert portable.call(add_up, [1] * 100) == 100
    with pytest.raises(AssertionError, match="too-large"):
        portable.call(add_up, list(range(50_000)))


@pytest.mark.portable(serializer="orquestra", python="3.12")
def test_the_platforms_sdk_cannot_be_installed_there(portable):
    """c2: the SDK that the platform adds pins a ray without wheels for this Python."""


@pytest.mark.portable(
    serializer="orquestra",
    install_serializer=False,
    python="3.12",
    deps=["orquestra-workflow-shared"],
)
def test_code_for_another_python_is_refused(portable):
    verdict = portable.check(add_up)
    assert codes(verdict)[0] == "bytecode-version"
    assert portable.check([1, (2,)]).portable


@pytest.mark.portable(serializer="orquestra", python="3.10", allow_bytecode=True)
def test_a_task_on_another_python_in_the_platforms_own_code(portable):
    with pytest.raises(AssertionError):
        portable.call(add_up, [1, 2])
    assert portable.verdicts[-1].stage in {"load", "call"}


@pytest.mark.portable(serializer="orquestra")
def test_the_payload_is_read_without_loading_it(portable):
    found = portable.inspect(helped_from_elsewhere)
    assert "orqhelper" in {reference.module for reference in found.references}


# Requirements


def test_a_requirements_file_is_read(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("inflection==0.5.1\nidna>=3\n")
    task = sdk.task(
        source_import=sdk.InlineImport(),
        dependency_imports=[sdk.PythonImports("attrs", file=str(file))],
    )(add_up)
    assert sorted(requirements_of(task)) == ["attrs", "idna>=3", "inflection==0.5.1"]


def test_a_github_import_is_a_requirement():
    task = sdk.task(
        source_import=sdk.InlineImport(),
        dependency_imports=[
            sdk.GithubImport("me/project", git_ref="v1", package_name="project", extras=["x"])
        ],
    )(add_up)
    assert requirements_of(task) == ["project[x] @ git+https://github.com/me/project.git@v1"]


def test_a_secret_has_to_be_given():
    with pytest.raises(OptionError, match="needs the secret 'tok'"):
        requirements_of(private(1234))


TOKEN = "T0ken-that-never-shows"


def private(port):
    return sdk.task(
        source_import=sdk.InlineImport(),
        dependency_imports=[
            sdk.GitImportWithAuth(
                repo_url=f"http://127.0.0.1:{port}/repo.git",
                git_ref="main",
                username="me",
                auth_secret=sdk.Secret("tok", workspace_id="ws"),
                package_name="gitpkg",
            )
        ],
    )(use_gitpkg)


def use_gitpkg():
    import gitpkg

    return gitpkg.ANSWER


@contextlib.contextmanager
def serving(folder):
    """Serve a bare repository to whoever knows the token."""
    import base64

    wanted = "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode()

    class Guarded(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.headers.get("Authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic realm=repo")
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *args):
            pass

    handler = functools.partial(Guarded, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("git")
    work, bare = folder / "work", folder / "repo.git"
    work.mkdir()
    (work / "gitpkg.py").write_text("ANSWER = 42\n")
    (work / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "gitpkg"\nversion = "1"\n[tool.setuptools]\npy-modules = ["gitpkg"]\n'
    )

    def git(*args, cwd=work):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@y", *args], cwd=cwd, check=True
        )

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    git("clone", "-q", "--bare", str(work), str(bare), cwd=folder)
    git("update-server-info", cwd=bare)
    with serving(str(folder)) as number:
        yield number


def test_a_private_repository_is_installed_and_its_token_never_shows(port, pytester):
    lines = requirements_of(private(port), secrets={"tok": TOKEN})
    assert TOKEN in lines[0]
    pytester.makepyfile(
        f"""
import pytest
def use_gitpkg():
    import gitpkg
    return gitpkg.ANSWER
@pytest.mark.portable(serializer="orquestra", deps={lines!r})
def test_good(portable):
    assert portable.call(use_gitpkg) == 42
    assert {TOKEN!r} not in str(portable.check(object)) + repr(portable.verdicts[-1].to_dict())
    assert 0
@pytest.mark.portable(serializer="orquestra", deps={[lines[0].replace("@main", "@gone")]!r})
def test_bad(portable):
    pass
"""
    )
    result = pytester.runpytest("-p", "pytest_portable.plugin", "--tb=short")
    result.assert_outcomes(failed=1, errors=1)
    shown = "\n".join(result.outlines)
    assert "assert 0" in shown
    lines_with_token = [
        line for line in shown.splitlines() if TOKEN in line and "not in str" not in line
    ]
    assert lines_with_token == []
