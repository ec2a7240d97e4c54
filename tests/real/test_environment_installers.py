from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import Environment, EnvironmentRequest, prepare
from pytest_portable.errors import InstallError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.environment import StoreSettings
    from support.wheels import Wheelhouse

pytestmark = pytest.mark.real
UNDECLARED = ("pip", "setuptools", "_virtualenv", "pkg_resources", "wheel", "virtualenv")


@pytest.fixture(params=["uv", "pip"])
def installer(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def importable(environment: Environment, *names: str) -> list[str]:
    code = (
        "import importlib.util, json, sys\n"
        "print(json.dumps([n for n in sys.argv[1:] if importlib.util.find_spec(n)]))"
    )
    done = subprocess.run(
        [environment.executable, "-I", "-c", code, *names],
        check=True,
        capture_output=True,
        text=True,
    )
    return list(json.loads(done.stdout))


def test_a_bare_environment_holds_nothing(
    settings: Callable[..., StoreSettings], python: str, installer: str
) -> None:
    made = prepare(
        EnvironmentRequest(python=python, requirements=(), root=Path("/")), settings(installer)
    )

    assert made.distributions == {}
    assert importable(made, *UNDECLARED) == []
    assert [path for path in made.path.glob("lib/*/site-packages/*") if path.is_file()] == []


def test_an_environment_holds_exactly_what_was_declared(
    settings: Callable[..., StoreSettings], python: str, installer: str
) -> None:
    made = prepare(
        EnvironmentRequest(
            python=python,
            requirements=("alpha<2",),
            runtime=("gamma==2.0",),
            root=Path("/"),
        ),
        settings(installer),
    )

    # gamma 2.0 does not support Python 3.8: the newest that does is taken, and a note says so.
    newest = "1.0" if python == "3.8" else "2.0"
    assert made.distributions == {"alpha": "1.0", "beta": "1.0", "gamma": newest}
    assert bool(made.notes) is (python == "3.8")
    assert importable(made, *UNDECLARED, "alpha", "beta") == ["alpha", "beta"]
    assert list(made.path.glob("lib/*/site-packages/__pycache__/alpha.*.pyc"))


def test_requirements_that_do_not_agree_show_the_installers_words(
    settings: Callable[..., StoreSettings], installer: str, tmp_path: Path
) -> None:
    request = EnvironmentRequest(
        python=None, requirements=("alpha==1.0", "alpha==2.0"), root=tmp_path
    )

    with pytest.raises(InstallError) as caught:
        prepare(request, settings(installer, cache_dir=tmp_path))

    message = str(caught.value)
    assert "    alpha==1.0\n    alpha==2.0\n" in message
    assert "so that they agree" in message
    assert caught.value.log is not None
    assert "alpha==2.0" in caught.value.log.read_text(encoding="utf-8")
    assert list((tmp_path / "builds").iterdir()) == []


def test_a_module_that_exits_when_imported_does_not_stop_the_preparation(
    settings: Callable[..., StoreSettings],
) -> None:
    request = EnvironmentRequest(python=None, requirements=("chatty",), root=Path("/"))

    assert prepare(request, settings()).distributions == {"chatty": "1.0"}


def test_every_form_of_a_line_is_installed(
    settings: Callable[..., StoreSettings],
    installer: str,
    tmp_path: Path,
    wheelhouse: Wheelhouse,
) -> None:
    wheel = next(wheelhouse.folder.glob("gamma-1.0-*.whl"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "r.txt").write_text("-c c.txt\nalpha[more]\n", encoding="utf-8")
    (tmp_path / "sub" / "c.txt").write_text("alpha<2\n", encoding="utf-8")
    request = EnvironmentRequest(
        python="3.12",
        requirements=("-r sub/r.txt", str(wheel), "absent ; python_version < '3'"),
        root=tmp_path,
    )

    made = prepare(request, settings(installer))

    assert made.distributions == {
        "alpha": "1.0",
        "beta": "1.0",
        "delta": "1.0",
        "gamma": "1.0",
    }


def test_hashes_are_checked_and_do_not_hinder_the_serializer(
    settings: Callable[..., StoreSettings],
    installer: str,
    tmp_path: Path,
    wheelhouse: Wheelhouse,
) -> None:
    from pytest_portable.environment.requirements import file_digest

    digest = file_digest(next(wheelhouse.folder.glob("beta-1.0-*.whl")))
    for name, value in (("good.txt", digest), ("bad.txt", "0" * 64)):
        (tmp_path / name).write_text(f"beta==1.0 \\\n --hash=sha256:{value}\n", encoding="utf-8")
    good, bad = (
        EnvironmentRequest(
            python=None, requirements=(f"-r {name}.txt",), runtime=("delta==1.0",), root=tmp_path
        )
        for name in ("good", "bad")
    )

    made = prepare(good, settings(installer))
    with pytest.raises(InstallError, match=r"(?i)hash"):
        prepare(bad, settings(installer))

    assert made.distributions == {"beta": "1.0", "delta": "1.0"}
