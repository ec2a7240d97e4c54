from __future__ import annotations

import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import Environment, EnvironmentRequest, prepare
from pytest_portable.environment.requirements import file_digest
from pytest_portable.errors import InstallError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.environment import StoreSettings
    from support.wheels import Wheelhouse

pytestmark = pytest.mark.real

# A build backend in one file: no index has to be asked for another.
BACKEND = """
import base64, hashlib, os, zipfile
def get_requires_for_build_wheel(config_settings=None): return []
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open("COUNT_FILE", "a") as count: count.write("x")
    files = {}
    for parent, _, names in os.walk("app"):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(parent, name)
                files[path] = open(path, "rb").read()
    info = "app-1.0.dist-info"
    files[info + "/METADATA"] = (
        b"Metadata-Version: 2.1\\nName: app\\nVersion: 1.0\\nRequires-Dist: beta\\n"
        b"Provides-Extra: more\\nRequires-Dist: delta ; extra == 'more'\\n")
    files[info + "/WHEEL"] = b"Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    record = ""
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += "%s,sha256=%s,%d\\n" % (path, digest, len(data))
    files[info + "/RECORD"] = (record + info + "/RECORD,,\\n").encode()
    name = "app-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, data in files.items(): wheel.writestr(path, data)
    return name
"""


@pytest.fixture(params=["uv", "pip"])
def installer(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project whose backend leaves data files out of the wheel and counts its builds."""
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "app" / "__init__.py").write_text("value = 1\n", encoding="utf-8")
    (root / "app" / "data.txt").write_text("not in the wheel\n", encoding="utf-8")
    backend = BACKEND.replace("COUNT_FILE", str(tmp_path / "count"))
    (root / "backend.py").write_text(backend, encoding="utf-8")
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "app"\nversion = "1.0"\n'
        '[dependency-groups]\ntest = ["alpha<2"]\n',
        encoding="utf-8",
    )
    return root


def run(environment: Environment, code: str) -> str:
    done = subprocess.run(
        [environment.executable, "-I", "-c", code], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_the_project_is_installed_as_a_wheel_and_rebuilt_only_when_it_changed(
    settings: Callable[..., StoreSettings], installer: str, project: Path, tmp_path: Path
) -> None:
    mine = settings(installer, cache_dir=tmp_path / "cache")

    def ask(line: str, python: str | None = None) -> Environment:
        return prepare(EnvironmentRequest(python=python, requirements=(line,), root=project), mine)

    plain, extra, older = ask("."), ask(".[more]"), ask(".", "3.9")
    built = (tmp_path / "count").read_text(encoding="utf-8")
    (project / "app" / "__init__.py").write_text("value = 2\n", encoding="utf-8")
    changed = ask(".")
    rebuilt = (tmp_path / "count").read_text(encoding="utf-8")

    assert plain.distributions == {"app": "1.0", "beta": "1.0"}
    assert extra.distributions == {"app": "1.0", "beta": "1.0", "delta": "1.0"}
    assert (built, rebuilt) == ("x", "xx")
    assert run(plain, "import app; print(app.value)") == "1"
    assert run(older, "import app; print(app.value)") == "1"
    assert run(changed, "import app; print(app.value)") == "2"
    where = run(plain, "import app, os; print(os.listdir(os.path.dirname(app.__file__)))")
    assert "data.txt" not in where
    assert sorted(path.name for path in project.iterdir()) == [
        "app",
        "backend.py",
        "pyproject.toml",
    ]


def test_a_project_that_does_not_build_shows_the_builds_own_error(
    settings: Callable[..., StoreSettings], installer: str, project: Path, tmp_path: Path
) -> None:
    (project / "backend.py").write_text("raise RuntimeError('compiler on strike')\n", "utf-8")
    request = EnvironmentRequest(python=None, requirements=("./project",), root=tmp_path)

    with pytest.raises(InstallError, match="compiler on strike") as caught:
        prepare(request, settings(installer, cache_dir=tmp_path / "cache"))

    assert "does not build" in str(caught.value)
    assert list((tmp_path / "cache" / "builds").iterdir()) == []


def test_a_group_and_a_script_are_installed(
    settings: Callable[..., StoreSettings], installer: str, project: Path
) -> None:
    (project / "run.py").write_text(
        "# /// script\n# dependencies = ['delta']\n# ///\n", encoding="utf-8"
    )
    request = EnvironmentRequest(
        python=None, requirements=("group:test", "script:run.py"), root=project
    )

    made = prepare(request, settings(installer))

    assert made.distributions == {"alpha": "1.0", "beta": "1.0", "delta": "1.0"}


def test_a_lock_is_installed_as_it_is(
    settings: Callable[..., StoreSettings],
    installer: str,
    tmp_path: Path,
    wheelhouse: Wheelhouse,
) -> None:
    wheel = next(wheelhouse.folder.glob("alpha-1.0-*.whl"))
    (tmp_path / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "tests"\n[[packages]]\nname = "alpha"\n'
        f'version = "1.0"\nwheels = [{{name = "{wheel.name}", path = "{wheel}", '
        f'hashes = {{sha256 = "{file_digest(wheel)}"}}}}]\n',
        encoding="utf-8",
    )
    request = EnvironmentRequest(
        python=None, requirements=("pylock.toml",), runtime=("delta==1.0",), root=tmp_path
    )

    made = prepare(request, settings(installer))

    # The lock names no beta, so none is there, although alpha would like one.
    assert made.distributions == {"alpha": "1.0", "delta": "1.0"}


def test_a_git_reference_is_installed_at_its_commit(
    settings: Callable[..., StoreSettings], installer: str, project: Path, tmp_path: Path
) -> None:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(project)]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run([*git, *arguments], check=True)
    (project / "app" / "__init__.py").write_text("value = 2\n", encoding="utf-8")
    # As a bare address, because "name @ git+file:///" is refused by pips older than 24.1.
    line = f"git+{project.as_uri()}@v1#egg=app"
    request = EnvironmentRequest(
        python=None, requirements=(line,), runtime=("app==9",), root=tmp_path
    )

    made = prepare(request, settings(installer, cache_dir=tmp_path / "cache"))

    assert run(made, "import app; print(app.value)") == "1"


def test_what_git_ignores_inside_a_package_is_built_and_the_rest_is_not(
    settings: Callable[..., StoreSettings], project: Path, tmp_path: Path
) -> None:
    (project / ".gitignore").write_text("generated.py\nbig/\n", encoding="utf-8")
    (project / "app" / "generated.py").write_text("", encoding="utf-8")
    (project / "big").mkdir()
    (project / "big" / "data.bin").write_bytes(b"x" * 1000)
    subprocess.run(["git", "-C", str(project), "init", "-q"], check=True)
    request = EnvironmentRequest(python=None, requirements=(".",), root=project)
    mine = settings(cache_dir=tmp_path / "cache")

    prepare(request, mine)
    (project / "big" / "data.bin").write_bytes(b"y" * 1000)
    prepare(request, mine)
    wheel = next((tmp_path / "cache" / "wheels").glob("*/*.whl"))

    assert "app/generated.py" in zipfile.ZipFile(wheel).namelist()
    assert (tmp_path / "count").read_text(encoding="utf-8") == "x"
