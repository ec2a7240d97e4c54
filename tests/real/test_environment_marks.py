"""Every way to declare requirements, through the mark and through the ini file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.real, pytest.mark.slow]

BACKEND = """
import os, zipfile
def get_requires_for_build_wheel(config_settings=None): return []
def build_wheel(folder, config_settings=None, metadata_directory=None):
    files = {"app/__init__.py": "", "app-1.0.dist-info/METADATA":
        "Metadata-Version: 2.1\\nName: app\\nVersion: 1.0\\nProvides-Extra: more\\n"
        "Requires-Dist: delta ; extra == 'more'\\n",
        "app-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n", "app-1.0.dist-info/RECORD": ""}
    name = "app-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, text in files.items(): wheel.writestr(path, text)
    return name
"""
LINES = {
    "requirement": ("'alpha<2', 'delta ; python_version < \"3\"'", "alpha 1.0, beta 1.0"),
    "file and constraints": ("'-r needs/r.txt', '-c needs/c.txt'", "alpha 1.0, beta 1.0"),
    "wheel": ("'./needs/local-1.0-py3-none-any.whl'", "local 1.0"),
    "project": ("'.'", "app 1.0"),
    "project with an extra": ("'.[more]'", "app 1.0, delta 1.0"),
    "group": ("'group:test'", "alpha 1.0, beta 1.0"),
    "script": ("'script:needs/script.py'", "delta 1.0"),
    "lock": ("'needs/pylock.toml'", "delta 1.0"),
    "git": ("'app @ git+file://{root}'", "app 1.0"),
}


@pytest.fixture
def root(pytester: pytest.Pytester, wheelhouse: object) -> Path:
    """Write a project with a file of every kind; the tests lie below it."""
    del wheelhouse
    path = pytester.path / "root"
    needs = path / "needs"
    needs.mkdir(parents=True)
    (path / "app").mkdir()
    (path / "app" / "__init__.py").touch()
    (path / "backend.py").write_text(BACKEND, "utf-8")
    (path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "app"\nversion = "1.0"\n'
        '[dependency-groups]\ntest = [{include-group = "base"}]\nbase = ["alpha<2"]\n',
        "utf-8",
    )
    (needs / "r.txt").write_text("alpha\n", "utf-8")
    (needs / "c.txt").write_text("alpha<2\n", "utf-8")
    (needs / "script.py").write_text('# /// script\n# dependencies = ["delta"]\n# ///\n', "utf-8")
    wheel = make_wheel(needs, "delta")
    make_wheel(needs, "local")
    (needs / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "hand"\n[[packages]]\nname = "delta"\n'
        f'version = "1.0"\n[[packages.wheels]]\nname = "{wheel.name}"\npath = "{wheel.name}"\n'
        f'hashes = {{sha256 = "{_sha256(wheel)}"}}\n',
        "utf-8",
    )
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], cwd=path, check=True)
    return path


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_form_in_the_mark_starts_at_the_rootdir(
    pytester: pytest.Pytester, root: Path
) -> None:
    below = root / "tests" / "deep"
    below.mkdir(parents=True)
    (below / "test_it.py").write_text(
        "import pytest\n\n"
        "def held(portable):\n"
        "    return ', '.join(' '.join(pair) for pair in portable.target.distributions.items())\n"
        + "".join(
            f"\n@pytest.mark.portable(deps=[{lines.format(root=root)}])\n"
            f"def test_{number}(portable):\n    assert held(portable) == {found!r}\n"
            for number, (lines, found) in enumerate(LINES.values())
        )
        + "\n@pytest.mark.portable(deps={'old': ['alpha<2'], 'new': ['alpha']})\n"
        "def test_sets(portable, request):\n"
        "    version = {'old': '1.0', 'new': '2.0'}[request.node.name[10:-1]]\n"
        "    assert portable.target.distributions['alpha'] == version\n",
        "utf-8",
    )
    pytester.chdir()

    result = pytester.runpytest(f"--rootdir={root}", "--portable-installer=uv", str(below))

    result.assert_outcomes(passed=len(LINES) + 2)


@pytest.mark.parametrize("form", ["file and constraints", "project with an extra", "lock"])
def test_a_form_in_the_ini_file_starts_there(
    pytester: pytest.Pytester, root: Path, form: str
) -> None:
    lines, found = LINES[form]
    ini = root / "pytest.ini"
    text = "\n    ".join(line.strip(" '") for line in lines.split("', '"))
    ini.write_text(f"[pytest]\nportable_deps =\n    {text}\n", "utf-8")
    test = pytester.makepyfile(f"""
        def test_it(portable):
            held = portable.target.distributions.items()
            assert ", ".join(" ".join(pair) for pair in held) == {found!r}
    """)

    result = pytester.runpytest("-c", str(ini), "--portable-installer=uv", str(test))

    result.assert_outcomes(passed=1)


def test_constraints_of_the_command_line_bind_and_take_the_place_of_the_inis(
    pytester: pytest.Pytester, root: Path
) -> None:
    pytester.makeini(f"[pytest]\nportable_constraint = {root}/needs/none.txt\n")
    (root / "needs" / "none.txt").write_text("alpha>=2\n", "utf-8")
    test = pytester.makepyfile("""
        import pytest

        @pytest.mark.portable(deps=["alpha"])
        def test_it(portable):
            assert portable.target.distributions["alpha"] == "1.0"
    """)

    options = ["--portable-installer=uv", "--portable-constraint=root/needs/c.txt"]
    result = pytester.runpytest(*options, str(test))

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(("mode", "links"), [("copy", 1), ("hardlink", 2)])
def test_the_link_mode_of_the_ini_file_is_uvs(
    pytester: pytest.Pytester, mode: str, links: int
) -> None:
    pytester.makeini(f"[pytest]\nportable_link_mode = {mode}\n")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.portable(deps=["beta==1.0"])
        def test_it(portable):
            print("LINKS", portable.call(eval, "__import__('os').stat("
                "__import__('beta').__file__).st_nlink"))
    """)

    result = pytester.runpytest("--portable-installer=uv", "-s")

    result.assert_outcomes(passed=1)
    found = next(line for line in result.stdout.lines if "LINKS" in line)
    assert (int(found.rpartition(" ")[2]) > 1) == (links > 1)


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("portable_link_mode = hardlinks", "ini portable_link_mode: *did you mean 'hardlink'*"),
        ("portable_install_timeout = 0", "ini portable_install_timeout: *leaves no time*"),
        ("portable_cache_ttl = a day", "ini portable_cache_ttl: *is no duration*"),
    ],
)
def test_a_bad_ini_key_of_the_store_is_a_usage_error(
    pytester: pytest.Pytester, ini: str, said: str
) -> None:
    pytester.makeini(f"[pytest]\n{ini}\n")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}"])
