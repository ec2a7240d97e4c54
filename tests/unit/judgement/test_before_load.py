from __future__ import annotations

import pickle
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import cloudpickle
import pytest

from pytest_portable.diagnosis.ask_target import Census
from pytest_portable.judgement.before_load import judge_before_load, newer_than_readable
from pytest_portable.judgement.findings import NOTHING, Findings
from pytest_portable.serializers import Serializer
from pytest_portable.serializers.task import Limit
from support.judging import Answers, context, described, environment, evidences, sent, side
from unit.payload.truth import define

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_portable.judgement.context import Context

OTHER = side("3.8.1")
FUNCTION = define("def f():\n    return 1\n", "f")


def judged(known: Context, *payloads: tuple[str, object], asked: Answers | None = None) -> Findings:
    travelled = sent(known, *payloads)
    asked = asked or Answers(census=Census())
    return judge_before_load(known, travelled, evidences(known, travelled, questions=asked))


def codes(found: Findings) -> tuple[list[str], list[str]]:
    return [one.code for one in found.problems], [one.code for one in found.notes]


def test_plain_data_for_another_python_leaves_nothing() -> None:
    assert judged(context([1, "a"], reader=OTHER)) == NOTHING


# Protocols


@pytest.mark.parametrize("protocol", range(6))
def test_every_target_reads_what_is_written_today(protocol: int) -> None:
    assert newer_than_readable(pickle.dumps([1], protocol), "obj", (3, 8)) is None


@pytest.mark.parametrize("data", [b"", b"\x80", b"{}", b"\x93NUMPY"])
def test_what_names_no_protocol_is_left_alone(data: bytes) -> None:
    assert newer_than_readable(data, "obj", (3, 8)) is None


@pytest.mark.parametrize(
    ("protocol", "target", "words"),
    [
        (6, (3, 13), "Python 3.13 reads up to 5, no Python up to 3.14 does"),
        (255, (3, 8), "written with pickle protocol 255"),
        (5, (3, 7), "Python 3.7 reads up to 4, the first that reads it is 3.8"),
        (4, (3, 3), "the first that reads it is 3.4"),
    ],
)
def test_a_protocol_of_the_future_is_named(
    protocol: int, target: tuple[int, int], words: str
) -> None:
    found = newer_than_readable(bytes((0x80, protocol)) + b"N.", "x", target)

    assert found is not None
    assert (found.code, found.stage, found.path) == ("protocol-too-new", "inspect", "x")
    assert words in found.message


def test_every_payload_is_looked_at() -> None:
    found = judged(context([1], reader=OTHER), ("obj", b"\x80\x06N."), ("x", b"\x80\x06N."))

    assert [problem.path for problem in found.problems] == ["obj", "x"]


# Code


def test_code_of_another_python_is_refused() -> None:
    known = context({"f": FUNCTION}, serializer="cloudpickle", reader=OTHER)

    (problem,) = judged(known).problems

    assert (problem.code, problem.stage, problem.path) == (
        "bytecode-version",
        "inspect",
        "obj['f']",
    )
    assert "the target is 3.8, which cannot run it" in problem.message


def test_code_that_the_mark_allows_is_a_note() -> None:
    known = context(FUNCTION, serializer="cloudpickle", reader=OTHER, allow_bytecode=True)

    assert codes(judged(known)) == ([], ["bytecode-version"])


def test_code_of_the_same_python_is_fine() -> None:
    assert judged(context(FUNCTION, serializer="cloudpickle")) == NOTHING


def test_whose_code_it_is_depends_on_who_dumped_it() -> None:
    known = context(None, serializer="cloudpickle", maker=OTHER, reader=OTHER)

    assert judged(known, ("obj", cloudpickle.dumps(FUNCTION))) == NOTHING


def test_code_in_an_argument_has_the_arguments_path() -> None:
    known = context(len, serializer="cloudpickle", reader=OTHER)

    (problem,) = judged(known, ("obj", len), ("arguments", ((FUNCTION,), {}))).problems

    assert problem.path == "args[0]"


# The environment


def test_a_distribution_that_the_mark_rules_out_is_refused(tmp_path: Path) -> None:
    known = context([1], absent=("numpy<2",), environment=environment(tmp_path, numpy="1.26"))

    assert codes(judged(known)) == (["unwanted-distribution"], [])


@pytest.mark.parametrize("version", ["2.0", None])
def test_another_version_or_an_environment_that_cannot_be_read_rules_nothing_out(
    version: str | None, tmp_path: Path
) -> None:
    there = None if version is None else environment(tmp_path, numpy=version)

    assert judged(context([1], absent=("numpy<2",), environment=there)) == NOTHING


POSIX_PATH = b"cpathlib\nPosixPath\n(Va\ntR."


def test_what_one_system_alone_loads_is_a_note_on_that_system() -> None:
    linux = context(None, reader=side("3.12.1", platform="linux-x86_64"))
    windows = context(None, reader=side("3.12.1", platform="win-amd64"))

    (note,) = judged(linux, ("obj", POSIX_PATH)).notes

    assert (note.code, note.stage, note.path) == ("platform", "load", "obj")
    assert note.message == "pathlib.PosixPath is for POSIX only: it does not load on Windows"
    assert note.remedies[0].text == "send str(path) or a PurePath"
    assert judged(windows, ("obj", POSIX_PATH)) == NOTHING


def test_a_path_of_any_system_is_no_note() -> None:
    assert judged(context(type(PurePath())), ("obj", b"cpathlib\nPurePath\n.")) == NOTHING


# What the serializer's system says


def remarking(**keys: Any) -> Serializer:
    return Serializer(name="mail", dumps=pickle.dumps, loaders="pickle:loads", **keys)


def test_what_a_system_remarks_of_two_sides_is_a_note() -> None:
    def remarks(maker: object, reader: object, there: object) -> list[str]:
        return [f"{maker} {reader} {there}"]

    known = context(
        [1],
        serializer=remarking(remarks=remarks),
        maker=side("3.11.2"),
        reader=OTHER,
        distributions={"mail": "2"},
    )

    (note,) = judged(known).notes

    assert (note.code, note.stage) == ("version-skew", "load")
    assert note.message == "(3, 11) (3, 8) {'mail': '2'}"


# Together


def test_what_the_target_lacks_is_asked_only_where_nothing_will_be_loaded() -> None:
    missing = described(ModuleNotFoundError("No module named 'pathlib'", name="pathlib"))
    asked = Answers(census=Census(modules={"pathlib": missing}))
    payload = ("obj", b"cpathlib\nPurePath\n.")

    quiet = judged(context(None), payload, asked=asked)
    assert (quiet, asked.asked) == (NOTHING, [])

    loud = judged(context(None, max_bytes=1), payload, asked=asked)
    assert asked.asked == ["census"]
    assert [one.module for one in loud.problems] == [None, "pathlib"]


def test_findings_keep_their_order(tmp_path: Path) -> None:
    limited = remarking(
        limits=(Limit(bytes=10, what="object", message="cut"),),
        left_behind=lambda *_: [],
        remarks=lambda *_: ["old"],
        default_protocol=lambda: 4,
    )
    known = context(
        {"f": PurePath, "b": bytes(99)},
        serializer=limited,
        reader=OTHER,
        absent=("numpy",),
        environment=environment(tmp_path, numpy="1"),
        max_bytes=20,
        forbid=("pathlib",),
    )
    travelled = ("obj", {"f": PurePath, "b": bytes(99)}), ("x", b"\x80\x06N.")

    found = judged(known, *travelled)

    assert codes(found) == (
        [
            "unwanted-distribution",
            "protocol-too-new",
            "too-large",
            "forbidden-reference",
            "too-large",
        ],
        ["version-skew"],
    )
