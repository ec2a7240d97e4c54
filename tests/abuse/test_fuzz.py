"""Damaged records, answers, manifests and payloads: no error in the host but our own.

Seeded: `PYTEST_PORTABLE_FUZZ_SEED` names another seed, and `PYTEST_PORTABLE_FUZZ_SECONDS` gives
each part more time than two seconds. A failure names the round; what is found becomes a test of its
own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import dill
import pytest

from pytest_portable.agent.in_target.messages import HEAD_BYTES, encode
from pytest_portable.agent.in_target.portrait import draw
from pytest_portable.agent.wire import MalformedAnswer, Wire, read_message
from pytest_portable.bundle.manifest import read_bundle, write_bundle
from pytest_portable.bundle.verify import leg_for, verify_bundle
from pytest_portable.cli import main
from pytest_portable.engine.session import Session
from pytest_portable.errors import OptionError, PortabilityError, SetupError
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Verdict
from support.bundles import manifest
from support.fuzzed import OBJECTS, UNSOUND, divide
from support.mutations import Round, mutate_answer, mutate_bytes, mutate_json, rounds, to_text

pytestmark = pytest.mark.slow

OURS = (SetupError, OptionError)


# How each is used, and whether it may be found portable.
USES: tuple[tuple[Callable[[Portable], object], bool], ...] = (
    *((lambda portable, one=one: portable.check(one), True) for one in OBJECTS),
    *((lambda portable, one=one: portable.check(one), False) for one in UNSOUND),
    (lambda portable: portable.check(divide, probe=lambda function: function(2)), True),
    (lambda portable: portable.check(divide, probe=lambda function: function(0)), True),
    (lambda portable: portable.call(divide, 4), True),
    (lambda portable: portable.call(divide, 0), True),
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("fuzz")
    session = Session(root=folder, cache_dir=folder / "cache")
    yield session
    session.close()


@pytest.fixture(scope="module")
def leg() -> Leg:
    return Leg(python=sys.executable, deps=None, timeout_seconds=10.0, ship=("support.fuzzed",))


def test_answers(session: Session, leg: Leg, monkeypatch: pytest.MonkeyPatch) -> None:
    portable = portable_on(session, leg)
    chance, honest = Round("none"), Wire.receive

    def receive(wire: Wire, deadline: float) -> bytes:
        answer = honest(wire, deadline)
        is_hello = b'"version_info"' in answer
        return answer if is_hello or chance.random() < 0.3 else mutate_answer(chance, answer)

    monkeypatch.setattr(Wire, "receive", receive)
    told = 0
    for chance in rounds("answers"):
        use, may_be_portable = chance.choice(USES)
        with chance.only(*OURS, PortabilityError, ZeroDivisionError):
            verdict: Any = use(portable)
            if isinstance(verdict, Verdict):
                assert str(verdict)
                assert json.dumps(verdict.to_dict())
                assert may_be_portable or not verdict.portable
                told += 1
    assert told


def test_pipes() -> None:
    whole = b"".join(encode({"status": 0, "files": ["a"]}, (b"x" * 50, b"", b"y")))
    for chance in rounds("pipes"):
        (answers, end), (rest, requests) = os.pipe(), os.pipe()
        os.write(end, mutate_bytes(chance, whole))
        is_open = chance.random() < 0.1
        if not is_open:
            os.close(end)
        with chance.only(EOFError, TimeoutError, MalformedAnswer):
            message = Wire(requests, answers).receive(time.monotonic() + 0.01)
            size = int.from_bytes(message[:8], "big")
            read_message(message[HEAD_BYTES : HEAD_BYTES + size], message[HEAD_BYTES + size :])
        for number in (answers, requests, rest, *([end] if is_open else [])):
            os.close(number)


def test_manifests(session: Session, leg: Leg, tmp_path: Path) -> None:
    portrait = {"object": draw(OBJECTS[0]), "call": draw(2)}
    made = manifest(
        environment={"python": "3.11", "deps": ["a>=1"]},
        references=[{"module": "collections", "qualname": "OrderedDict"}],
        probes=[{"label": "call", "mode": "expression", "source": "len(obj)", "name": ""}],
    )
    payload = pickle.dumps(OBJECTS[0])
    bundle = write_bundle(tmp_path / "b", made, payload, {}, portrait)
    said = json.loads((bundle / "manifest.json").read_text())
    checker = portable_on(session, leg)._checker
    assert verify_bundle(read_bundle(bundle), checker).portable
    verified = 0
    for chance in rounds("manifests"):
        kept = shutil.copytree(bundle, tmp_path / "kept")
        text, kind = kept / "manifest.json", chance.randrange(3)
        if kind == 0:
            drawn = to_text(mutate_json(chance, portrait))
            (kept / "portrait.json").write_bytes(drawn)
            fits = {"bytes": len(drawn), "sha256": hashlib.sha256(drawn).hexdigest()}
            files = {**said["files"], "portrait.json": fits}
            text.write_bytes(to_text({**said, "files": files}))
        elif kind == 1:
            text.write_bytes(to_text(mutate_json(chance, said)))
        else:
            text.write_bytes(mutate_bytes(chance, text.read_bytes()))
        with chance.only(*OURS):
            found = read_bundle(kept)
            leg_for(found.manifest, leg, declared=chance.random() < 0.5)
            assert str(verify_bundle(found, checker))
            verified += 1
        shutil.rmtree(kept)
    assert verified


def payloads() -> Iterator[bytes]:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for one in (*OBJECTS, *UNSOUND, b"x" * 300, 10**30, {1, 2}, frozenset("ab")):
            yield pickle.dumps(one, protocol)
    scale = 3.0
    for library in (cloudpickle, dill):
        yield library.dumps(lambda number: number * scale)
    yield gzip.compress(pickle.dumps(OBJECTS[0]))
    yield zlib.compress(pickle.dumps(OBJECTS[0]))
    yield pickle.dumps(1) + pickle.dumps(pickle.dumps([2]))


def test_payloads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = list(payloads())
    path = tmp_path / "payload"
    for chance in rounds("payloads"):
        path.write_bytes(mutate_bytes(chance, chance.choice(corpus)))
        more = chance.choice(((), ("--json",), ("--disassemble",)))
        status = -1
        with chance.only():
            status = main(["inspect", str(path), *more])
        said = capsys.readouterr()
        assert status in {0, 1, 2}  # 1: it is damaged, and as much as can be is shown
        lines = said.err.splitlines()
        assert all(line.startswith(("damaged at byte ", "pytest-portable: ")) for line in lines)
        assert status != 2 or len(lines) == 1
