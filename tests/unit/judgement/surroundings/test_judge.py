"""What lies around an object, here and in a target that has a module of the same name.

The target is a second module of that name, which is surveyed in the place of the first.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import pickle
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from pytest_portable import host_modules
from pytest_portable.agent.descriptions import SurveyAnswers
from pytest_portable.agent.in_target import survey as in_survey
from pytest_portable.agent.records import Shadowed, Surroundings
from pytest_portable.agent.typed_json import read_as
from pytest_portable.judgement.findings import NOTHING, Findings, problems
from pytest_portable.judgement.surroundings.judge import ask_around, judge_surroundings
from pytest_portable.judgement.surroundings.survey import SurveyQuestions
from pytest_portable.serializers import Serializer
from pytest_portable.verdict import Problem
from support.judging import context, evidences, sent, transcript
from support.world import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

    from pytest_portable.agent.records import Record

_numbers = itertools.count()
RAISED = Problem("call-error", "call", "the probe raised", path="probe")

BY_VALUE = """\
    BLUE = 3

    def __reduce_ex__(self, protocol):
        return self.__class__, (self._value_,)
"""


class World:
    """A module of a name that nobody else has, here and there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.name = f"judged_in_world_{next(_numbers)}"
        self.distributions: dict[str, str] = {}
        self.unset: tuple[str, ...] = ()
        self.asked_fresh = 0
        self.has_fresh = True

    def make(self, here: str = SOURCE, there: str = SOURCE, place: str = "there") -> Any:
        """Write both modules, and return the one of this side."""
        for side, source in (("here", here), (place, there)):
            (self.folder / side).mkdir()
            (self.folder / side / f"{self.name}.py").write_text(source)
        self.there = place
        module = self._load("here")
        self.monkeypatch.setitem(sys.modules, self.name, module)
        return module

    def _load(self, side: str) -> ModuleType:
        file = self.folder / side / f"{self.name}.py"
        spec = importlib.util.spec_from_file_location(self.name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        with self._as(module):
            spec.loader.exec_module(module)
        return module

    @contextmanager
    def _as(self, module: ModuleType) -> Iterator[None]:
        with mock.patch.dict(sys.modules, {self.name: module}):
            yield

    def survey(self, request: Mapping[str, Any], side: str) -> dict[str, Any]:
        """Return what a process says in which the module was just imported."""
        with self._as(self._load(side)):
            told: dict[str, Any] = json.loads(json.dumps(in_survey.survey(dict(request))))
        return told

    def fresh(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        self.asked_fresh += 1
        return self.survey(request, "here") if self.has_fresh else None

    def judge(
        self,
        obj: object,
        *before: Problem,
        payload: object = None,
        shadowed: tuple[tuple[str, str], ...] = (),
        is_overruled: bool = False,
        **keys: Any,
    ) -> Findings:
        """Judge what lies around an object after its check."""
        known = context(obj, distributions=self.distributions, **keys)
        name = "obj" if payload is None else "arguments"
        travelled = sent(known, (name, obj if payload is None else payload))
        questions = ask_around(known.serializer, travelled.payloads)
        request = questions.to_request()
        records: list[Record] = []
        if request is not None:
            with self.monkeypatch.context() as patch:
                for variable in self.unset:
                    patch.delenv(variable)
                records.append(
                    Surroundings(read_as(SurveyAnswers, self.survey(request, self.there)))
                )
        if shadowed:
            records.append(Shadowed(shadowed))
        run = transcript(*records)
        evidence = evidences(known, travelled, run, survey_fresh=self.fresh)
        return judge_surroundings(
            known,
            run,
            evidence,
            questions,
            problems(before),
            is_overruled=is_overruled,
            travelled=payload,
        )


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def told(found: Findings) -> list[tuple[str | None, str]]:
    return [(problem.path, problem.message) for problem in found.problems]


def objects(lib: Any) -> list[Any]:
    return [lib.Cfg(), lib.Other(), lib.show, lib.cached, lib.Color.GREEN, lib.Settings(), lib.Base]


def test_the_same_module_there_is_no_finding(world: World) -> None:
    lib = world.make()

    assert world.judge(objects(lib)) == NOTHING


def test_comments_and_line_breaks_are_no_finding(world: World) -> None:
    there = SOURCE.replace("return 1\n", "return (\n        1  # one\n    )\n")
    lib = world.make(there=f"# moved down\n\n{there}")

    assert world.judge(objects(lib)) == NOTHING


def test_a_fresh_process_is_only_asked_where_something_differs(world: World) -> None:
    lib = world.make(
        "LIMIT = 1\ndef f():\n    return LIMIT\n", "LIMIT = 1\ndef f():\n    return LIMIT\n"
    )

    world.judge(lib.f)
    assert world.asked_fresh == 0

    lib.LIMIT = 2
    world.judge(lib.f)
    assert world.asked_fresh == 1


@pytest.mark.parametrize("problem", [RAISED, Problem("crash", "load", "ended")])
def test_what_was_found_before_stays(world: World, problem: Problem) -> None:
    lib = world.make()

    assert world.judge(lib.Color, problem) == problems([problem])


def test_an_envelope_that_cannot_be_read_asks_nothing() -> None:
    def pickles(_: bytes) -> list[bytes]:
        raise RuntimeError

    broken = Serializer(name="broken", dumps=pickle.dumps, loaders="pickle:loads", pickles=pickles)

    assert ask_around(broken, [("obj", b"")]) == SurveyQuestions()


# State


def test_state_of_a_class_that_was_set_at_run_time_fails(world: World) -> None:
    lib = world.make()
    lib.Cfg.debug = True

    (problem,) = world.judge({"k": lib.Cfg()}).problems

    assert (problem.code, problem.stage, problem.path) == ("mismatch", "compare", "obj['k'].debug")
    assert problem.message == (
        f"{world.name}.Cfg.debug was set here at run time, and that stays behind"
    )
    assert problem.evidence == "True here, False there"


def test_state_of_a_module_that_the_code_reads_fails(world: World) -> None:
    lib = world.make()
    lib.LIMIT = 9

    ((path, message),) = told(world.judge(lib.Cfg()))

    assert path == "obj"
    assert f"{world.name}.LIMIT was set here" in message
    assert f"({world.name}.Cfg uses it)" in message


def test_state_in_an_argument_has_the_arguments_path(world: World) -> None:
    lib = world.make()
    lib.Cfg.debug = True

    found = world.judge(list, payload=(((lib.Cfg(),),), {}))

    assert [path for path, _ in told(found)] == ["args[0][0].debug"]


def test_more_members_than_a_person_reads_are_counted(world: World) -> None:
    source = "class Cfg:\n" + "".join(f"    a{n} = 0\n" for n in range(6))
    lib = world.make(source, source)
    for number in range(6):
        setattr(lib.Cfg, f"a{number}", 1)

    ((_, message),) = told(world.judge(lib.Cfg()))

    assert f"{world.name}.Cfg.a3 and 2 more was set here" in message


@pytest.mark.parametrize(
    ("change", "word"),
    [
        pytest.param(lambda lib: setattr(lib.Cfg, "_hidden", 4), "Cfg._hidden", id="private"),
        pytest.param(lambda lib: lib.Cfg.names.append("a"), "Cfg.names", id="container"),
        pytest.param(lambda lib: lib.Counted(), "Counted.made", id="counter"),
        pytest.param(lambda lib: lib.Counted(), "cache", id="cache"),
        pytest.param(lambda lib: lib.Cfg().tick(), "calls", id="global-counter"),
        pytest.param(lambda lib: setattr(lib.settings, "level", 7), "settings.level", id="object"),
        pytest.param(lambda lib: lib.user.set("ann"), "user", id="context-variable"),
        pytest.param(lambda lib: setattr(lib.local, "user", "ann"), "local", id="thread-local"),
    ],
)
def test_state_that_use_may_explain_is_a_note_until_a_probe_disagrees(
    world: World, change: Callable[[Any], object], word: str
) -> None:
    lib = world.make()
    obj = lib.Counted.__new__(lib.Counted)
    change(lib)

    quiet = world.judge(obj)
    loud = world.judge(obj, RAISED)

    assert quiet.problems == ()
    assert any(f"{world.name}.{word}" in note.message for note in quiet.notes)
    assert any(f"{world.name}.{word}" in problem.message for problem in loud.problems)
    assert loud.problems[-1] == RAISED
    assert loud.notes == ()


def test_what_an_environment_computes_is_no_finding(world: World) -> None:
    source = (
        SOURCE + "\nif os.environ.get('FLAG_OF_WORLD'):\n    LIMIT = 4\n    def now(): return 5\n"
    )
    world.monkeypatch.setenv("FLAG_OF_WORLD", "1")
    world.unset = ("FLAG_OF_WORLD",)
    lib = world.make(source, source)

    quiet = world.judge(lib.Cfg())
    loud = world.judge(lib.Cfg(), RAISED)

    assert quiet == NOTHING
    assert any("LIMIT is another value there" in message for _, message in told(loud))


@pytest.mark.parametrize(("value", "fails"), [(True, True), (False, False)])
def test_without_a_fresh_process_the_source_tells(
    world: World, *, value: bool, fails: bool
) -> None:
    lib = world.make()
    world.has_fresh = False
    lib.Cfg.debug = value

    assert bool(world.judge(lib.Cfg()).problems) is fails


# Code


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param(lambda lib: setattr(lib, "now", lambda: 42), id="lambda"),
        pytest.param(lambda lib: setattr(lib, "now", mock.Mock(return_value=42)), id="mock"),
        pytest.param(lambda lib: setattr(lib.Cfg, "tick", lambda _: 42), id="method"),
        pytest.param(lambda lib: setattr(lib.Cfg, "where", property(lambda _: 1)), id="property"),
        pytest.param(lambda lib: setattr(lib.Cfg, "more", lambda _: 42), id="added"),
    ],
)
def test_a_patch_stays_behind(world: World, patch: Callable[[Any], object]) -> None:
    lib = world.make()
    patch(lib)

    ((path, message),) = told(world.judge([lib.Other()]))

    assert path == "obj[0]"
    assert "was replaced here; the target has the original" in message


def test_a_patched_library_is_a_note_until_a_probe_disagrees(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    from fractions import Fraction

    monkeypatch.setattr(Fraction, "limit_denominator", lambda *_: 7)

    quiet = world.judge([Fraction(1, 3)])
    loud = world.judge([Fraction(1, 3)], RAISED)

    assert quiet.problems == ()
    assert quiet.notes[0].path == "obj[0].limit_denominator"
    assert "replaced here" in quiet.notes[0].message
    assert loud.problems == (quiet.notes[0], RAISED)


def test_another_module_of_that_name_fails(world: World) -> None:
    lib = world.make(
        "def norm(x):\n    return x / 2\n", "# theirs\ndef norm(x):\n    return x * 2\n"
    )

    (problem,) = world.judge(lib.norm).problems

    assert problem.path == "obj"
    assert problem.message == (
        f"{world.name}.norm is other code there: another module of that name"
    )
    assert str(world.folder / "there") in problem.evidence


def test_a_release_there_and_sources_here_is_a_note(world: World) -> None:
    lib = world.make(
        "def norm(x):\n    return x / 2\n", "def norm(x):\n    return x * 2\n", "site-packages"
    )

    quiet = world.judge(lib.norm)
    loud = world.judge(lib.norm, RAISED)

    assert quiet.problems == ()
    assert "is other code there" in quiet.notes[0].message
    assert loud.problems == (quiet.notes[0], RAISED)


def test_another_constant_in_another_module_fails(world: World) -> None:
    lib = world.make(there=SOURCE.replace("LIMIT = 3", "LIMIT = 4"))

    ((_, message),) = told(world.judge(lib.Cfg()))

    assert f"{world.name}.LIMIT is another value there" in message


def test_another_version_is_a_finding_only_when_a_probe_disagrees(world: World) -> None:
    lib = world.make("def norm(x):\n    return x / 2\n", "def norm(x):\n    return x * 2\n")
    info = world.folder / "here" / f"{world.name}-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {world.name}\nVersion: 2.0\n")
    (info / "RECORD").write_text(f"{world.name}.py,,\n")
    world.monkeypatch.syspath_prepend(str(world.folder / "here"))
    host_modules._packages_on.cache_clear()
    host_modules._owner.cache_clear()
    world.distributions = {world.name: "1.0"}
    blunt = Problem("version-skew", "compare", "other version", distribution=world.name)
    other = Problem("version-skew", "compare", "other version", distribution="elsewhere")

    quiet = world.judge(lib.norm)
    loud = world.judge(lib.norm, blunt, other, RAISED)

    assert quiet == NOTHING
    skew, *rest = loud.problems
    assert (skew.code, skew.distribution) == ("version-skew", world.name)
    assert "is 2.0 here and 1.0 there" in skew.message
    assert rest == [other, RAISED]


def test_an_optional_import_that_failed_there_explains_a_probe(world: World) -> None:
    source = (
        "try:\n    import only_here_in_judge as fast\nexcept ImportError:\n    fast = None\n"
        "def name():\n    return 'plain' if fast is None else 'fast'\n"
    )
    lib = world.make(source, source)
    fast = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("only_here_in_judge", loader=None)  # type: ignore[arg-type]
    )
    lib.fast = fast

    quiet = world.judge(lib.name)
    loud = world.judge(lib.name, RAISED)

    assert quiet == NOTHING
    assert (loud.problems[0].code, loud.problems[0].module) == ("mismatch", "only_here_in_judge")
    assert f"{world.name}.fast is the module only_here_in_judge here and None there" in (
        loud.problems[0].message
    )


def test_the_callers_own_comparison_overrules_what_lies_around(world: World) -> None:
    lib = world.make()
    lib.Cfg.debug = True

    found = world.judge(lib.Cfg(), is_overruled=True)

    assert found.problems == ()
    assert [note.path for note in found.notes] == ["obj.debug"]


# Registrations and identity


def test_a_registration_with_singledispatch_stays_behind(world: World) -> None:
    lib = world.make()
    lib.show.register(int, lambda _: "int")

    ((path, message),) = told(world.judge({"f": lib.show}))

    assert path == "obj['f'].registry"
    assert "builtins.int was registered" in message


def test_a_registration_with_an_abstract_class_stays_behind(world: World) -> None:
    lib = world.make()
    lib.Base.register(lib.Cfg)

    ((path, message),) = told(world.judge([lib.Cfg()]))

    assert path == "obj[0]"
    assert f"{world.name}.Cfg was registered as a {world.name}.Base here" in message


def test_registrations_of_the_module_itself_are_no_finding(world: World) -> None:
    source = SOURCE + "\nBase.register(Cfg)\nfrom collections.abc import Sized\nSized.register(Cfg)"
    lib = world.make(source, source)

    assert world.judge([lib.Cfg()]) == NOTHING


@pytest.mark.parametrize(("member", "fails"), [("GREEN", True), ("RED", False), ("BLUE", False)])
def test_a_value_that_means_another_member_there_fails(
    world: World, member: str, *, fails: bool
) -> None:
    # Members are written by value, as Python 3.10 and 3.12 do.
    source = SOURCE.replace("    BLUE = 3\n", BY_VALUE)
    lib = world.make(source, source.replace("    GREEN = 2\n", "    LIME = 2\n"))

    found = world.judge([lib.Color[member]])

    assert any("another member of the enum" in text for _, text in told(found)) is fails


def test_a_class_by_value_beside_an_installed_one_is_a_note(world: World) -> None:
    import cloudpickle

    lib = world.make()
    cloudpickle.register_pickle_by_value(lib)
    try:
        found = world.judge(
            {"o": lib.Settings()},
            serializer="cloudpickle",
            shadowed=((world.name, "Settings"),),
        )
    finally:
        cloudpickle.unregister_pickle_by_value(lib)

    assert found.problems == ()
    (note,) = found.notes
    assert note.path == "obj['o']"
    assert "two classes" in note.message


def test_a_class_that_has_no_name_in_its_module_is_told_to_be_made_on_demand(world: World) -> None:
    lib = world.make()
    lib.made_on_demand = type("Settings[int]", (lib.Settings,), {"__module__": world.name})

    found = world.judge(
        {"o": lib.made_on_demand()},
        serializer="cloudpickle",
        shadowed=((world.name, "Settings[int]"),),
    )

    (note,) = found.notes
    assert "holds no class by the name Settings[int]" in note.message
    assert "give the class that name" in note.remedies[0].text
