"""A git repository on loopback that asks for a password, which no process title shows."""

from __future__ import annotations

import base64
import contextlib
import http.server
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import EnvironmentRequest, prepare
from pytest_portable.environment.git_credentials import git_variables, without_git_credentials
from pytest_portable.errors import InstallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.environment import StoreSettings

pytestmark = pytest.mark.real
PASSWORD = "correct-horse-9-battery"
BACKEND = """
import os, zipfile
def get_requires_for_build_wheel(config_settings=None): return []
def build_wheel(folder, config_settings=None, metadata_directory=None):
    info = "app-1.0.dist-info"
    files = {
        "app.py": "value = 7\\n",
        info + "/METADATA": "Metadata-Version: 2.1\\nName: app\\nVersion: 1.0\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join("%s,,\\n" % path for path in [*files, info + "/RECORD"])
    name = "app-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, text in {**files, info + "/RECORD": record}.items(): wheel.writestr(path, text)
    return name
"""


class Host(http.server.BaseHTTPRequestHandler):
    """Serves the repositories of a folder, through git's own program, to those who know it."""

    folder: Path

    def do_GET(self) -> None:
        expected = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {expected}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=env, capture_output=True, check=False
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(lines.pop("Status", "200").split()[0]))
        for name, value in lines.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    project = tmp_path / "repositories" / "app"
    project.mkdir(parents=True)
    (project / "backend.py").write_text(BACKEND, encoding="utf-8")
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "app"\nversion = "1.0"\n',
        encoding="utf-8",
    )
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(project)]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *arguments], check=True)
    handler = type("Handler", (Host,), {"folder": project.parent})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=["uv", "pip"])
def mine(
    settings: Callable[..., StoreSettings],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> StoreSettings:
    monkeypatch.setenv("APP_WORD", PASSWORD)
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    return settings(request.param, cache_dir=tmp_path / "cache")


@contextlib.contextmanager
def watched_titles() -> Iterator[set[str]]:
    """Read the titles of all processes, again and again, as everybody on the machine can."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.add(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            time.sleep(0.002)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="titles are read from /proc")
@pytest.mark.parametrize("login", [f"me:{PASSWORD}", "me:${APP_WORD}"], ids=["written", "named"])
def test_a_password_of_git_is_in_no_title_and_no_file(
    mine: StoreSettings, login: str, host: str, tmp_path: Path
) -> None:
    line = f"app @ git+http://{login}@{host}/app"
    request = EnvironmentRequest(python=None, requirements=(line,), root=tmp_path)

    with watched_titles() as titles:
        made = prepare(request, mine)

    assert made.distributions == {"app": "1.0"}
    assert any(f"http://{host}/app" in title for title in titles)
    assert not [title for title in titles if PASSWORD in title]
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes(), file


def test_a_wrong_password_is_refused(mine: StoreSettings, host: str, tmp_path: Path) -> None:
    line = f"app @ git+http://me:anything-else-1@{host}/app"
    request = EnvironmentRequest(python=None, requirements=(line,), root=tmp_path)

    with pytest.raises(InstallError) as caught:
        prepare(request, mine)

    assert "anything-else-1" not in f"{caught.value} {caught.value.output}"


def asked(variables: dict[str, str], address: str) -> dict[str, str]:
    """Ask git itself who logs in at an address."""
    scheme, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=f"protocol={scheme}\nhost={host}\npath={path}\n\n",
        env={"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "HOME": "/nowhere"}
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("userinfo", "user", "password"),
    [
        ("me:word", "me", "word"),
        ("me:w%2Frd%24%22", "me", 'w/rd$"'),
        ("token", "token", ""),
        ("me:${WORD}", "me", "a b'c"),
        ("me:${MISSING}", "me", "${MISSING}"),
    ],
)
def test_git_learns_the_credentials_of_an_address(userinfo: str, user: str, password: str) -> None:
    line = f"a @ git+https://{userinfo}@host.example/org/a.git@v1#subdirectory=x"

    found = asked(git_variables([line], {"WORD": "a b'c"}), "https://host.example/org/a.git")

    assert (found["username"], found["password"]) == (user, password)


def test_two_logins_of_one_host_are_told_apart() -> None:
    lines = ["git+https://one:1@h.example/a", "git+https://two:2@h.example/b@main"]

    variables = git_variables(lines, {})

    assert asked(variables, "https://h.example/a")["password"] == "1"
    assert asked(variables, "https://h.example/b")["password"] == "2"


def test_what_git_was_told_before_stays() -> None:
    variables = git_variables(["git+https://me:1@h/a"], {"GIT_CONFIG_COUNT": "2"})

    assert variables["GIT_CONFIG_COUNT"] == "4"
    assert "GIT_CONFIG_KEY_0" not in variables


@pytest.mark.parametrize(
    "line", ["a", "https://me:1@h/a.whl", "git+ssh://git@h/a", "git+https://h/a"]
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert without_git_credentials(line) == line
    assert git_variables([line], {}) == {}
