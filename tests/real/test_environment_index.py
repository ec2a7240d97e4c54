"""A private index on loopback that asks for a password, and an index that is slow or down."""

from __future__ import annotations

import base64
import http.server
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from pytest_portable.environment import EnvironmentRequest, preparation, prepare
from pytest_portable.errors import InstallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_portable.environment import StoreSettings
    from support.wheels import Wheelhouse

pytestmark = pytest.mark.real
PASSWORD = "correct-horse-battery"


class PrivateIndex(http.server.BaseHTTPRequestHandler):
    """Serves a wheelhouse as a simple index to those who know the password."""

    wheels: Path
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
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
    handler = type("Handler", (PrivateIndex,), {"wheels": wheelhouse.folder, "asked": asked})
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
    monkeypatch.setattr(preparation, "index_configuration", lambda *_: [])
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


def test_a_resolution_that_takes_too_long_names_what_it_goes_back_over(
    settings: Callable[..., StoreSettings], tmp_path: Path, wheelhouse: Wheelhouse
) -> None:
    house = type(wheelhouse)(tmp_path)
    for number in range(150):
        house.add("left", f"1.{number}", requires=[f"middle=={number}"])
        house.add("right", f"1.{number}", requires=[f"middle=={number + 1000}"])
        house.add("middle", str(number))
        house.add("middle", str(number + 1000))
    (tmp_path / "r.txt").write_text(f"-f {tmp_path}\nleft\nright\n", encoding="utf-8")
    request = EnvironmentRequest(python=None, requirements=("-r r.txt",), root=tmp_path)
    mine = settings("pip", cache_dir=tmp_path / "cache", install_timeout_seconds=8.0)

    with pytest.raises(InstallError, match="stopped after 8 s, going back over versions of"):
        prepare(request, mine)
