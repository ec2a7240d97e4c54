"""Secrets of many kinds are planted; then everything that a run wrote and printed is searched."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.slow

# Variables of the host whose values a payload carries, and an exception there shows.
HOST: Final = {
    "APP_PASSWORD": "Zq01-correct-horse",
    "APP_PASSPHRASE": "Zq02 correct horse battery",
    "GITHUB_TOKEN": "Zq03abcdefgh",
    "AWS_SECRET_ACCESS_KEY": "Zq04/abc+def/123",
    "SERVICE_API_KEY": "Zq05abcdef0123456789",
    "SENTRY_DSN": "https://Zq06abcdef012345@sentry.example/1",
    "DATABASE_URL": "postgres://me:Zq07abcdef@db.example/x",
    "PGPASSWORD": "Zq08hunter",
    "SLACK_WEBHOOK": "Zq09abcdef0123",
    "NPM_AUTH": "Zq10abcdef0123",
    "SESSION_COOKIE": "Zq11abcdef0123",
    "MY_CREDENTIALS": "Zq12abcdef",
    "DB_PASS": "Zq13abcdef",
    "APP_JWT": "Zq14abcdef0123",
    "DEPLOY_PAT": "Zq15abcdef0123",
}
# Variables of the mark, printed there.
GIVEN: Final = {
    "APP_TOKEN": "Zq16abcdef",
    "WORD": "Zq17abcdef0123",
    "STORE": "redis://:Zq18abcdef@cache.example:6379/0",
}
# What a target prints on its own.
PRINTED: Final = (
    "cannot reach root:Zq19hunter@db.internal:5432/x",
    "GET https://files.example/a?X-Amz-Signature=Zq20abcdef&x=1 failed",
    "GET https://files.example/a?api_key=Zq21abcdef failed",
    "Authorization: Bearer Zq22abcdef0123",
    "{'authorization': 'Zq23abcdef0123'}",
    "Authorization: Basic " + base64.b64encode(b"me:Zq24hunter").decode(),
    "ghp_Zq25abcdefghijklmnopqrstuvwxyz0123456",
    "mongodb+srv://me:Zq26abcdef@cluster.example/x",
)
# Requirement lines that cannot be installed.
DECLARED: Final = (
    "nowhere @ https://me:Zq27abcdef@127.0.0.1:9/nowhere-1.0-py3-none-any.whl",
    "nowhere @ https://127.0.0.1:9/nowhere-1.0-py3-none-any.whl?token=Zq28abcdef",
    "nowhere @ git+https://Zq29abcdef@127.0.0.1:9/nowhere",
    "nowhere @ git+https://me:${PLAIN_WORD}@127.0.0.1:9/nowhere",
    "--index-url https://me:Zq31abcdef@127.0.0.1:9/simple",
)
PLAIN_WORD: Final = "Zq30 is a word"

MODULE: Final = """
import os

class Loud:
    def __init__(self, text):
        self.text = text
    def __setstate__(self, state):
        print(state["text"])
        raise RuntimeError(state["text"])

class Listing:
    def __setstate__(self, state):
        print(dict(os.environ))
        raise RuntimeError(repr(dict(os.environ)))
"""
TESTS: Final = """
import pytest
from leaky import Listing, Loud

TEXTS = @TEXTS@

@pytest.mark.portable(ship=["leaky"])
@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_text(portable, number):
    portable(Loud(TEXTS[number]))

@pytest.mark.portable(ship=["leaky"], env=@GIVEN@)
def test_variables(portable):
    thing = Listing()
    thing.x = 1
    portable(thing)
"""


def _declared() -> str:
    return "".join(
        f"\n@pytest.mark.portable(deps={deps!r})\ndef test_declared_{number}(portable):\n"
        "    portable(1)\n"
        for number, deps in enumerate([line] for line in DECLARED)
    ).replace("simple']", "simple', 'nowhere']")


def _everything(folder: Path, source: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file != source and "__pycache__" not in file.parts
    }


def test_no_secret_is_written_or_printed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**HOST, "PLAIN_WORD": PLAIN_WORD}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UV_OFFLINE", "1")
    texts = [f"the value is {value}!" for value in HOST.values()] + list(PRINTED)
    text = TESTS.replace("@TEXTS@", repr(texts)).replace("@GIVEN@", repr(GIVEN)) + _declared()
    pytester.makepyfile(leaky=MODULE)
    source = pytester.makepyfile(test_leaks=text)
    cache = pytester.path / "cache"

    reports = [f"--portable-report={pytester.path / name}" for name in ("r.json", "r.md", "r.html")]
    result = pytester.runpytest_subprocess(
        f"--portable-cache-dir={cache}",
        "--junitxml=junit.xml",
        "--portable-report=github",
        "-vv",
        "--tb=short",
        "--show-capture=all",
        *reports,
    )

    outcome = result.parseoutcomes()
    assert outcome == {"failed": len(texts) + 1, "errors": len(DECLARED)}, outcome
    written = _everything(pytester.path, source)
    assert {"r.json", "r.md", "r.html", "junit.xml"} <= written.keys()
    written["the terminal"] = str(result.stdout).encode() + str(result.stderr).encode()
    # The test's own source, which pytest shows, is the user's; here its table has one long line.
    shown = {name: _without_source(data) for name, data in written.items()}
    found = {
        f"Zq{number:02d}": name
        for number in range(1, 32)
        for name, data in shown.items()
        if f"Zq{number:02d}".encode() in data
    }
    assert not found, [line for line in shown["the terminal"].splitlines() if b"Zq" in line][:9]
    hidden = base64.b64encode(b"me:Zq24hunter")
    assert not [name for name, data in shown.items() if hidden in data]
    checks = json.loads(written["r.json"])["checks"]
    assert all("****" in json.dumps(check["problems"]) for check in checks)


def _without_source(data: bytes) -> bytes:
    return b"\n".join(line for line in data.split(b"\n") if b"TEXTS = [" not in line)
