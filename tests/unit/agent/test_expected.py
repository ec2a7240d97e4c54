"""Which records fit a request; all others were written by user code."""

from __future__ import annotations

import pytest

from pytest_portable.agent.expected import Expected
from pytest_portable.agent.records import (
    Alone,
    Counted,
    Facts,
    Failed,
    Finished,
    Forwarded,
    Loaded,
    Located,
    Noted,
    Portrait,
    Raised,
    Record,
    Returned,
    Shadowed,
    Step,
    TargetError,
    Value,
)
from pytest_portable.agent.typed_json import MalformedRecord

ERROR = TargetError("ValueError", "builtins", "no", "")
INT = ("builtins", "int")
LOADED = Loaded("obj", "pickle:loads")
RETURNED = Returned("obj", "pickle:dumps", INT, b"")
RESULT = Value("call", "pickle:dumps", INT, b"")
FINISHED = Finished("nonce")


def expected(kind: str = "check", **more: object) -> Expected:
    request = {
        "kind": kind,
        "probes": [{"label": "call"}],
        "dumpers": [["pickle:dumps", {}]],
        "round_trip": True,
        **more,
    }
    return Expected.of(request, ["obj"], [["pickle:loads", {}], "dill:loads"])


@pytest.mark.parametrize(
    ("kind", "records"),
    [
        (
            "check",
            [
                Step("loading", "obj"),
                LOADED,
                Step("probing", "call"),
                Raised(ERROR, "call"),
                Alone("call", "pickle:dumps", b""),
                Shadowed(()),
                Step("returning"),
                RETURNED,
                FINISHED,
            ],
        ),
        ("check", [Step("loading", "obj"), Failed("loading", "obj", ERROR), FINISHED]),
        ("call", [LOADED, Step("calling"), Value("obj()", "pickle:dumps", INT, b""), FINISHED]),
        ("forward", [Step("forwarding", "obj"), Forwarded("obj", b""), FINISHED]),
        (
            "census",
            [Counted("a", None), Located("b", found=True), Facts(frozenset(), {}), FINISHED],
        ),
        (
            "check",
            [
                LOADED,
                Failed("dumping", "obj", ERROR),
                Failed("returning", "call", ERROR),
                FINISHED,
            ],
        ),
        ("check", [LOADED, RETURNED, Portrait("call", INT, 0.1, b"[]"), FINISHED]),
        ("again", [Step("loading", "obj"), Failed("loading", "obj", ERROR), FINISHED]),
        ("census", [Failed("counting", "any.module", ERROR), FINISHED]),
        ("blame", [Noted(b""), Step("loading", "obj"), FINISHED]),
    ],
)
def test_what_a_child_writes_is_taken(kind: str, records: list[Record]) -> None:
    one = expected(kind)

    for record in records:
        one.see(record)


@pytest.mark.parametrize(
    ("kind", "records", "said"),
    [
        ("check", [Forwarded("obj", b"")], "a record forwarded in answer to check"),
        ("forward", [RETURNED], "a record returned in answer to forward"),
        ("census", [FINISHED, Step("loading", "obj")], "a record behind the last one"),
        ("census", [FINISHED, FINISHED], "a record behind the last one"),
        ("check", [FINISHED], "the last record, and none loaded obj"),
        ("check", [LOADED, RESULT, FINISHED], "the last record, and none returned obj"),
        ("check", [LOADED, RETURNED, FINISHED], "the last record, and none value call"),
        ("call", [LOADED, FINISHED], r"the last record, and none value obj\(\)"),
        ("pass", [LOADED, FINISHED], "the last record, and none returned obj"),
        ("forward", [FINISHED], "the last record, and none forwarded obj"),
        ("parts", [LOADED, FINISHED], "the last record, and none parts"),
        ("make", [LOADED, FINISHED], "the last record, and none value call"),
        ("check", [LOADED, LOADED], "a second record loaded obj"),
        ("check", [LOADED, RETURNED, RETURNED], "a second record returned obj"),
        ("check", [RETURNED], "a record returned before all was loaded"),
        ("check", [Step("dancing")], "a step 'dancing'"),
        ("check", [Failed("dancing", "obj", ERROR)], "a step 'dancing'"),
        ("check", [Step("loading", "call")], "a record of 'call', which was not sent"),
        ("check", [Failed("probing", "who", ERROR)], "a record of 'who', which was not sent"),
        ("check", [Loaded("obj", "os:system")], "loaded by 'os:system'"),
        ("check", [LOADED, Value("call", "os:system", INT, b"")], "dumped by 'os:system'"),
    ],
)
def test_what_no_child_writes_is_malformed(kind: str, records: list[Record], said: str) -> None:
    one = expected(kind)
    for record in records[:-1]:
        one.see(record)

    with pytest.raises(MalformedRecord, match=f"^{said}$"):
        one.see(records[-1])


def test_a_message_is_about_the_function_in_it_and_answered_by_its_runner() -> None:
    request = {"kind": "task", "runner": ["there:run", {}]}

    Expected.of(request, ["task"], ["there:loads"]).see(Failed("loading", "obj", ERROR))
    Expected.of(request, ["task"], ["there:loads"]).see(Value("obj()", "there:run", INT, b""))
