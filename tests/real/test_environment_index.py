"""A private index on loopback that asks for a password, and an index that is slow or down."""

from __future__ import annotations

import base64
import http.server
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from pytest_portable.environment import EnvironmentRequest, prepare
from pytest_portable.errors import InstallError
from support.wheels import Wheelhouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_portable.environment import StoreSettings

pytestmark = pytest.mark.real
PASSWORD = "correct-horse-battery"


class PrivateIndex(http.server.BaseHTTPRequestHandler):
    """Serves a wheelhouse as a simple index to those who know the password."""

    wheels: Path
    asked: list[str]
    seconds = 0.0

    def do_GET(self) -> None:
        self.asked.append(self.path)
        time.sleep(self.seconds)
        expected = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {expected}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        name = unquote(self.path).strip("/").split("/")[-1]
        wheel = self.wheels / name
        if wheel.is_file():
            body = wheel.read_bytes()
        else:
            links = [f'<a href="/files/{each.name}">{each.name}</a>' for each in self._named(name)]
            body = f"<html><body>{''.join(links)}</body></html>".encode()
        self.send_response(200 if wheel.is_file() or self._named(name) else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _named(self, name: str) -> list[Path]:
        return sorted(self.wheels.glob(f"{name.replace('-', '_')}-*.whl"))

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


@pytest.fixture
def index(
    wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    monkeypatch.setattr(PrivateIndex, "wheels", wheelhouse.folder, raising=False)
    handler = type("Handler", (PrivateIndex,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in (*wheelhouse.variables, "UV_OFFLINE", "PIP_INDEX_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("UV_NO_CONFIG", "1")
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        yield f"127.0.0.1:{server.server_port}/simple/", asked
        server.shutdown()


@pytest.fixture(params=["uv", "pip"])
def installer(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def written(folder: Path) -> bytes:
    return b"".join(
        str(path).encode() + (path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
        if not path.is_symlink() and "/uv-cache/" not in str(path)
    )


def test_a_password_is_used_and_written_nowhere(
    settings: Callable[..., StoreSettings],
    installer: str,
    index: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = f"http://me:{PASSWORD}@{index[0]}"
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("UV_DEFAULT_INDEX", address)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    (tmp_path / "r.txt").write_text(f"--extra-index-url {address}\ndelta\n", encoding="utf-8")
    steps: list[str] = []
    good = EnvironmentRequest(
        python=None, requirements=("alpha<2", "-r r.txt"), runtime=("beta==1.0",), root=tmp_path
    )
    bad = EnvironmentRequest(python=None, requirements=("nowhere-to-be-found",), root=tmp_path)
    mine = settings(installer, cache_dir=tmp_path / "cache")

    made = prepare(good, mine, report=steps.append)
    with pytest.raises(InstallError) as caught:
        prepare(bad, mine, report=steps.append)

    assert made.distributions == {"alpha": "1.0", "beta": "1.0", "delta": "1.0"}
    assert PASSWORD.encode() not in written(tmp_path / "cache")
    assert PASSWORD not in f"{caught.value}{caught.value.output}{steps}{made}"


def _in_pip_conf(folder: Path, index: str) -> tuple[str, dict[str, str]]:
    file = folder / "pip.conf"
    file.write_text(f"[global]\nindex-url = http://me:{PASSWORD}@{index}\n", encoding="utf-8")
    return "pip", {"PIP_CONFIG_FILE": str(file)}


def _in_uv_toml(folder: Path, index: str) -> tuple[str, dict[str, str]]:
    file = folder / "uv.toml"
    text = f'[[index]]\nurl = "http://me:{PASSWORD}@{index}"\ndefault = true\n'
    file.write_text(text, encoding="utf-8")
    return "uv", {"UV_CONFIG_FILE": str(file), "UV_NO_CONFIG": ""}


def _in_netrc(folder: Path, index: str) -> tuple[str, dict[str, str]]:
    file = folder / "netrc"
    file.write_text(f"machine 127.0.0.1 login me password {PASSWORD}\n", encoding="utf-8")
    file.chmod(0o600)
    return "uv", {"NETRC": str(file), "UV_DEFAULT_INDEX": f"http://{index}"}


def _in_a_keyring(folder: Path, index: str) -> tuple[str, dict[str, str]]:
    command = folder / "bin" / "keyring"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\necho {PASSWORD}\n", encoding="utf-8")
    command.chmod(0o755)
    path = f"{command.parent}:{os.environ['PATH']}"
    address = f"http://me@{index}"
    return "uv", {
        "PATH": path,
        "UV_KEYRING_PROVIDER": "subprocess",
        "UV_DEFAULT_INDEX": address,
    }


@pytest.mark.parametrize("kept", [_in_pip_conf, _in_uv_toml, _in_netrc, _in_a_keyring])
def test_credentials_are_found_where_the_installer_looks(
    kept: Callable[[Path, str], tuple[str, dict[str, str]]],
    settings: Callable[..., StoreSettings],
    index: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installer, variables = kept(tmp_path, index[0])
    for name, value in {"UV_CACHE_DIR": str(tmp_path / "uv-cache"), **variables}.items():
        monkeypatch.setenv(name, value)
    if not variables.get("UV_NO_CONFIG", "1"):
        monkeypatch.delenv("UV_NO_CONFIG")
    request = EnvironmentRequest(python=None, requirements=("alpha",), root=tmp_path)

    made = prepare(request, settings(installer, cache_dir=tmp_path / "cache"))

    assert made.distributions == {"alpha": "2.0", "beta": "1.0"}
    assert PASSWORD.encode() not in written(tmp_path / "cache")


TESTS = """
import pytest

@pytest.mark.portable(deps=["alpha"])
def test_passes(portable): portable([1])

@pytest.mark.portable(deps=["alpha", "beta @ {direct}"])
def test_direct(portable): portable([1])

@pytest.mark.portable(deps=["-r r.txt"])
def test_no_set_up(portable): pass

@pytest.mark.portable(deps=["beta @ {absent}"])
def test_no_wheel(portable): pass

@pytest.mark.portable(deps=["alpha"])
def test_fails(portable): portable(lambda: 1)
"""


def test_a_run_of_pytest_shows_and_writes_no_password(
    pytester: pytest.Pytester,
    installer: str,
    index: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = f"http://me:{PASSWORD}@{index[0]}"
    files = address.replace("/simple/", "/files/")
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("UV_DEFAULT_INDEX", address)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    sources = pytester.path / "sources"
    out, cache = pytester.path / "out", pytester.path / "cache"
    sources.mkdir()
    (sources / "r.txt").write_text(f"--extra-index-url {address}\nnowhere\n", "utf-8")
    text = TESTS.format(
        direct=f"{files}beta-1.0-py3-none-any.whl", absent=f"{files}beta-9.0-py3-none-any.whl"
    )
    (sources / "test_it.py").write_text(text, "utf-8")
    commands: list[object] = []
    real: Any = subprocess.Popen.__init__

    def record(self: object, args: object, *rest: object, **more: object) -> None:
        commands.append(args)
        real(self, args, *rest, **more)

    monkeypatch.setattr("subprocess.Popen.__init__", record)

    result = pytester.runpytest(
        f"--rootdir={sources}",
        f"--portable-installer={installer}",
        f"--portable-cache-dir={cache}",
        *(f"--portable-report={out}/report.{kind}" for kind in ("html", "json", "md")),
        f"--portable-export={out}/bundles",
        f"--junitxml={out}/junit.xml",
        str(sources),
    )

    result.assert_outcomes(passed=2, failed=1, errors=2)
    assert PASSWORD not in result.stdout.str() + result.stderr.str()
    assert "http://****@127.0.0.1" in result.stdout.str()
    assert PASSWORD.encode() not in written(out) + written(cache)
    assert (out / "report.json").stat().st_size > 1000
    assert any("pip" in str(command) for command in commands)
    assert PASSWORD not in str(commands)


def test_a_wrong_password_says_so(
    settings: Callable[..., StoreSettings],
    index: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://me:wrong-horse@{index[0]}")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    request = EnvironmentRequest(python=None, requirements=("alpha",), root=tmp_path)

    with pytest.raises(InstallError, match="credentials of the index") as caught:
        prepare(request, settings(cache_dir=tmp_path / "cache"))

    assert "wrong-horse" not in str(caught.value)


def test_exact_versions_that_were_downloaded_once_ask_no_index(
    settings: Callable[..., StoreSettings],
    index: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://me:{PASSWORD}@{index[0]}")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))

    def ask(*lines: str, python: str | None = None) -> dict[str, str]:
        request = EnvironmentRequest(python=python, requirements=lines, root=tmp_path)
        return dict(prepare(request, settings(cache_dir=tmp_path / "cache")).distributions)

    first = ask("beta==1.0")
    before = len(index[1])
    again = ask("beta==1.0", python="3.12")
    between = len(index[1])
    floating = ask("alpha==1.0", python="3.12")

    assert first == again == {"beta": "1.0"}
    assert before == between
    # alpha's dependency floats, so the index was asked for it.
    assert floating == {"alpha": "1.0", "beta": "1.0"}
    assert len(index[1]) > between


def test_the_old_environment_serves_while_the_index_is_down(
    settings: Callable[..., StoreSettings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = EnvironmentRequest(python=None, requirements=("alpha",), root=tmp_path)
    cache = tmp_path / "cache"
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    old = prepare(request, settings(cache_dir=cache))
    # Time-outs are no part of the key: the same environment, now without its wheelhouse.
    (pointer,) = (cache / "keys").glob("*.json")
    module = sys.modules[prepare.__module__]
    monkeypatch.setattr(module, "index_configuration", lambda *_: [])
    new_key = prepare(request, settings(cache_dir=cache)).key
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")

    kept = prepare(request, settings(cache_dir=cache, refresh=True))

    assert pointer.exists()
    assert kept.key == new_key != old.key
    assert kept.distributions == old.distributions
    assert "not refreshed" in kept.remarks[0]


@pytest.mark.slow
def test_a_resolution_that_takes_too_long_names_what_it_goes_back_over(
    installer: str,
    settings: Callable[..., StoreSettings],
    tmp_path: Path,
    index: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # pip takes long by itself; uv has to be held up.
    seconds, delay = {"uv": (2.0, 0.1), "pip": (8.0, 0.0)}[installer]
    house = Wheelhouse(tmp_path / "house")
    house.folder.mkdir()
    for number in range(150):
        house.add("left", f"1.{number}", requires=[f"middle=={number}"])
        house.add("right", f"1.{number}", requires=[f"middle=={number + 10000}"])
        house.add("middle", str(number))
        house.add("middle", str(number + 1000))
    monkeypatch.setattr(PrivateIndex, "seconds", delay, raising=False)
    monkeypatch.setattr(PrivateIndex, "wheels", house.folder, raising=False)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    address = f"http://me:{PASSWORD}@{index[0]}"
    monkeypatch.setenv("UV_DEFAULT_INDEX", address)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    request = EnvironmentRequest(python=None, requirements=("left", "right"), root=tmp_path)
    mine = settings(installer, cache_dir=tmp_path / "cache", install_timeout_seconds=seconds)

    expected = rf"{installer} was stopped after {seconds:.0f} s, going back over versions of"
    with pytest.raises(InstallError, match=expected) as caught:
        prepare(request, mine)

    assert "raise portable_install_timeout" in str(caught.value)
    named = str(caught.value).partition("versions of ")[2].partition("\n")[0]
    assert set(named.split(", ")) <= {"left", "middle", "right"}
