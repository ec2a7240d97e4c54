from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_portable.settings.options import split_pythons
from support.wheels import make_wheel


@pytest.mark.parametrize(
    ("texts", "specs"),
    [
        (["3.8,3.9"], ("3.8", "3.9")),
        ([">=3.10,<3.13,3.8"], (">=3.10,<3.13", "3.8")),
        ([">=3.8", "<3.9"], (">=3.8", "<3.9")),
        (["3.8, ,"], ("3.8",)),
    ],
)
def test_pythons_are_split_at_commas(texts: list[str], specs: tuple[str, ...]) -> None:
    assert split_pythons(texts) == specs


@pytest.mark.parametrize(
    ("arg", "message"),
    [
        ("--portable-installer=pipp", "unknown installer 'pipp'; did you mean 'pip'?"),
        ("--portable-timeout=soon", "'soon' is not a number of seconds above 0"),
        ("--portable-timeout=-1", "--portable-timeout: '-1'"),
        ("--portable-python=???", "--portable-python:"),
        ("--portable-python=,", "names no Python"),
        ("--portable-serializer=pickel", "did you mean 'pickle'?"),
        ("--portable-constraint=none.txt", "no such file"),
    ],
)
def test_a_bad_option_is_a_usage_error(pytester: pytest.Pytester, arg: str, message: str) -> None:
    result = pytester.runpytest(arg)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()


def test_no_mistake_hides_another(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nportable_timeout = x\nportable_python =\n    ,\n")
    result = pytester.runpytest()
    assert "ini portable_timeout:" in result.stderr.str()
    assert "ini portable_python: names no Python" in result.stderr.str()


def test_all_ini_mistakes_are_one_usage_error(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\nportable_offline = maybe\nportable_timeout = x\nportable_deps =\n    six ==\n"
    )
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    for key in ("portable_offline", "portable_timeout", "portable_deps"):
        assert f"ini {key}:" in result.stderr.str()


def has_native_tables() -> bool:
    return int(pytest.__version__.partition(".")[0]) >= 9


@pytest.mark.skipif(not has_native_tables(), reason="native tables came with pytest 9")
class TestNativeTables:
    @pytest.mark.parametrize(
        ("name", "header"), [("pyproject.toml", "[tool.pytest]"), ("pytest.toml", "[pytest]")]
    )
    def test_values_have_types(self, pytester: pytest.Pytester, name: str, header: str) -> None:
        values = (
            'portable_python = ["3.12"]\nportable_timeout = 30\nportable_offline = true\n'
            "portable_suggest = false\nportable_install_timeout = 900\nportable_notes = ['error']\n"
            "portable_cache_ttl = 0.5\n"
        )
        (pytester.path / name).write_text(f"{header}\n{values}", encoding="utf-8")

        result = pytester.runpytest()

        wanted = (
            "portable: python 3.12, serializer pickle, installer auto, offline, "
            "notes are errors, timeout 30 s, cache *"
        )
        result.stdout.fnmatch_lines([wanted])

    def test_texts_are_as_good(self, pytester: pytest.Pytester) -> None:
        values = 'portable_timeout = "30"\nportable_offline = "true"\nportable_python = "3.12"\n'
        pytester.makepyprojecttoml(f"[tool.pytest]\n{values}")

        result = pytester.runpytest()

        result.stdout.fnmatch_lines(["portable: python 3.12, *, offline, timeout 30 s, *"])

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("portable_python = [3.10]", "ini portable_python: 3.1 is no text: put it in quotes"),
            ("portable_python = 3.12", "ini portable_python: 3.12 is no text: put it in quotes"),
            ("portable_offline = 3", "ini portable_offline: '3' is neither true nor false"),
            ("portable_timeout = true", "ini portable_timeout: 'True' is not a number of seconds"),
            ("portable_deps = [1]", "ini portable_deps: 1 is no text: put it in quotes"),
        ],
    )
    def test_a_wrong_type(self, pytester: pytest.Pytester, line: str, message: str) -> None:
        pytester.makepyprojecttoml(f"[tool.pytest]\n{line}\n")

        result = pytester.runpytest()

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert message in result.stderr.str()
        assert result.stderr.str().count("portable_") == 1


def test_the_header_tells_the_effective_settings(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nportable_installer = pip\nportable_cache_dir = kept\n")
    result = pytester.runpytest("--portable-python=3.10", "--portable-offline")
    kept = pytester.path / "kept"
    result.stdout.fnmatch_lines(
        [f"portable: python 3.10, serializer pickle, installer pip, offline, cache {kept}"]
    )


def test_start_up_imports_nothing_beyond_pytest(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")
    code = (
        "import pytest, sys, atexit\n"
        "pytest.main(sys.argv[1:])\n"
        "print('\\n@'.join(['', *sorted(sys.modules)]))\n"
    )
    base = ["-q", "-p", "no:cacheprovider"]

    def modules(*args: str) -> set[str]:
        run = subprocess.run(
            [sys.executable, "-c", code, *base, *args],
            capture_output=True,
            text=True,
            check=True,
            cwd=pytester.path,
            env={
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": ":".join(path for path in sys.path if path),
            },
        )
        return {line[1:] for line in run.stdout.splitlines() if line.startswith("@")}

    assert modules("-p", "pytest_portable.plugin") - modules() == {
        "pytest_portable",
        "pytest_portable.errors",
        "pytest_portable.plugin.hookspecs",
        "pytest_portable.settings.option_table",
        "pytest_portable.settings",
        "pytest_portable.settings.options",
        "pytest_portable.plugin",
        "pytest_portable.plugin.extensions",
        "pytest_portable.plugin.hooks",
        "pytest_portable.plugin.keys",
        "pytest_portable.plugin.marks",
        "pytest_portable.plugin.recorder",
    }


def test_relative_lines_of_the_ini_start_at_its_folder(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    folder = pytester.mkdir("settings")
    make_wheel(folder, "beside-ini")
    make_wheel(pytester.path, "at-root")
    (folder / "pytest.ini").write_text(
        "[pytest]\nportable_deps = ./beside_ini-1.0-py3-none-any.whl\n", "utf-8"
    )
    pytester.makepyfile("""
        import pytest

        def test_ini(portable):
            assert list(portable.target.distributions) == ["beside-ini"]

        @pytest.mark.portable(["./at_root-1.0-py3-none-any.whl"])
        def test_mark(portable):
            assert list(portable.target.distributions) == ["at-root"]
    """)

    result = pytester.runpytest(
        "-c",
        "settings/pytest.ini",
        "--rootdir=.",
        "--portable-offline",
        "test_relative_lines_of_the_ini_start_at_its_folder.py",
    )

    result.assert_outcomes(passed=2)
