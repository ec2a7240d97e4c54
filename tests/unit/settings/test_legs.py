from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable.settings.legs import Choice, Plan
from pytest_portable.settings.mark_checks import Element, parse_size
from pytest_portable.settings.options import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path("/root")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (5, 5),
        ("10 MB", 10_000_000),
        ("1.5k", 1500),
        ("2 KiB", 2048),
        ("7", 7),
        (0, None),
        (True, None),
        ("ten", None),
        (None, None),
    ],
)
def test_sizes(size: object, expected: int | None) -> None:
    assert parse_size(size) == expected


def test_each_key_comes_from_the_nearest_layer() -> None:
    layers: list[Mapping[str, object]] = [
        {"timeout": 5, "env": {"A": "1"}},
        {"timeout": 7, "serializer": "dill", "max_size": "1 kB"},
    ]
    leg = Plan(layers, Settings(root=ROOT, default_deps=("six",))).leg(None, "t.py::test")
    assert (leg.timeout_seconds, leg.serializer, leg.max_bytes) == (5, "dill", 1000)
    assert (leg.env, leg.deps, leg.python, leg.test) == ({"A": "1"}, ("six",), None, "t.py::test")


def test_the_command_line_stands_above_marks_and_late_marks() -> None:
    settings = Settings(root=ROOT, pythons=("3.9",), serializers=("dill",), timeout_seconds=1)
    plan = Plan([{"python": ["3.10", "3.11"], "timeout": 9}], settings, [{"serializer": "pickle"}])
    leg = plan.leg(None, "")
    assert plan.choices() == []
    assert (leg.python, leg.serializer, leg.timeout_seconds) == ("3.9", "dill", 1)


def test_a_late_mark_replaces_what_the_leg_was_chosen_for() -> None:
    plan = Plan([{"python": ["3.10", "3.11"]}], Settings(root=ROOT), [{"python": "3.12"}])
    assert plan.leg(Choice("py3.10", python="3.10"), "").python == "3.12"
    assert plan.find_mistakes(Choice("py3.10", python="3.10")) == []


def test_the_choice_picks_python_serializer_and_deps() -> None:
    declared = {
        "python": [Element("3.10"), "3.11"],
        "serializer": ["dill", "pickle"],
        "deps": {"old": ["six<1"], "new": Element(["six"], id="fresh")},
    }
    plan = Plan([declared], Settings(root=ROOT))
    choices = plan.choices()
    assert [choice.id for choice in choices][:3] == [
        "py3.10-dill-old",
        "py3.10-dill-fresh",
        "py3.10-pickle-old",
    ]
    leg = plan.leg(choices[-1], "")
    assert (leg.python, leg.serializer, leg.deps, leg.deps_id, leg.id) == (
        "3.11",
        "pickle",
        ("six",),
        "new",
        "py3.11-pickle-fresh",
    )


def test_relative_paths_of_marks_start_at_the_root() -> None:
    plan = Plan([{"python": "venv/bin/python", "deps": None}], Settings(root=ROOT))
    leg = plan.leg(None, "")
    assert (leg.python, leg.deps) == ("/root/venv/bin/python", None)
    assert plan.find_mistakes(None) == []


def test_relative_paths_of_other_environments_start_at_the_root_too() -> None:
    via = [{"python": "venv/bin/python"}, {"python": "3.9"}, {"opaque": True}]
    producer = {"python": "old/bin/python", "make": "a:b"}
    plan = Plan([{"via": via, "producer": producer}], Settings(root=ROOT))

    leg = plan.leg(None, "t")

    assert [end.get("python") for end in leg.via] == ["/root/venv/bin/python", "3.9", None]
    assert leg.producer == {**producer, "python": "/root/old/bin/python"}
    assert via[0] == {"python": "venv/bin/python"}
