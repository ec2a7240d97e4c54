"""Why a load or a call broke, on two Pythons and with three serializers: what gets each diagnosis.

One distribution is installed there in version 1.0; here it is 2.0 (`support/sides.py`).
"""

from __future__ import annotations

import importlib
import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable import host_modules
from pytest_portable.engine.session import Session
from pytest_portable.errors import PortabilityError
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg
from support import sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_portable.verdict import Problem

PYTHONS = ("3.9", "3.12")
SERIALIZERS = ("pickle", "dill", "cloudpickle")


@pytest.fixture(scope="module", autouse=True)
def _both_sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Put version 2.0 on the host's path."""
    folder = tmp_path_factory.mktemp("here") / "site-packages"
    sides.here(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        host_modules._packages_on.cache_clear()
        yield
    host_modules._packages_on.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "sides"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sides.there(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("causes")
    made = Session(root=folder, cache_dir=folder / "cache", offline=True)
    yield made
    made.close()


@pytest.fixture(params=[(p, s) for p in PYTHONS for s in SERIALIZERS], ids="-".join)
def on(request: pytest.FixtureRequest, session: Session, wheel: Path) -> Callable[..., Portable]:
    """Give what checks on an environment with version 1.0; keys of the leg by name."""
    python, serializer = request.param

    def make(**given: Any) -> Portable:
        leg = Leg(
            python=python,
            deps=(str(wheel),),
            serializer=serializer,
            install_serializer=False,
            timeout_seconds=20.0,
        )
        return portable_on(session, Leg(**{**vars(leg), **given}))

    return make


@pytest.fixture
def on_one(session: Session, wheel: Path) -> Portable:
    """Give what checks with pickle on one Python: where nothing else can matter."""
    return portable_on(session, Leg(python="3.12", deps=(str(wheel),), timeout_seconds=1.0))


def side(name: str) -> Any:
    """Import a module of the distribution as it is here."""
    return importlib.import_module(f"sides.{name}")


def first(portable: Portable, obj: object, **given: Any) -> Problem:
    verdict = portable.check(obj, **given)
    assert not verdict.portable
    assert verdict.stage == verdict.problems[0].stage
    return verdict.problems[0]


# version-skew


@pytest.mark.parametrize(
    ("module", "make", "path", "words"),
    [
        pytest.param("named", "Widget()", "obj[0]", "sides.named.Widget", id="renamed class"),
        pytest.param("gone", "Thing()", "obj[0]", "sides.gone", id="module gone"),
        pytest.param("tuples", "Pair(1, 2)", "obj[0]", "field z is new there", id="namedtuple"),
        pytest.param("enums", "Color.BLUE", "obj[0]", "no member BLUE = 3 there", id="enum member"),
        pytest.param(
            "states", "Mean()", "obj[0]", "no attribute __getstate__, __setstate__", id="state"
        ),
        pytest.param("kinds", "Job()", "obj[0]", "a class here and a function", id="kind"),
        pytest.param("slots", "Point()", "obj[0]", "__slots__ = (x)", id="slots"),
    ],
)
def test_another_version_there_is_skew(
    on: Callable[..., Portable], module: str, make: str, path: str, words: str
) -> None:
    if module == "tuples" and on().leg.serializer == "dill":
        pytest.skip("dill sends a namedtuple's class whole")

    problem = first(on(), [eval(make, vars(side(module)))])

    assert (problem.code, problem.stage) == ("version-skew", "load")
    assert problem.distribution == "sides"
    assert problem.path == path
    assert "sides 1.0" in problem.message
    assert "sides 2.0" in problem.message
    assert words in problem.message
    assert problem.remedies[0].change == '"sides==2.0"'


@pytest.mark.parametrize(
    ("module", "make"), [("enums", "Color.RED"), ("slots", "Point"), ("makers", "make")]
)
def test_what_both_versions_have_is_no_skew(
    on: Callable[..., Portable], module: str, make: str
) -> None:
    assert on(round_trip=False)([eval(make, vars(side(module)))])


def test_state_that_lacks_an_attribute_is_skew_when_it_is_used(
    on: Callable[..., Portable],
) -> None:
    problem = first(on(), side("state").Model(), probe="obj.predict(2)")

    assert (problem.code, problem.stage, problem.path) == ("version-skew", "call", "obj")
    assert "reads 'positive'" in problem.message
    assert problem.distribution == "sides"


# undeclared-import, missing-distribution


def test_an_import_of_a_declared_distribution_is_blamed_on_it(
    on: Callable[..., Portable],
) -> None:
    problem = first(on(), {"n": side("needy").Needy()})

    assert (problem.code, problem.stage) == ("undeclared-import", "load")
    assert (problem.module, problem.distribution) == ("pluggy", "pluggy")
    assert "sides 1.0 is there, and sides.needy imports pluggy" in problem.message
    assert problem.path == "obj['n']"


def test_an_import_of_a_call_is_missing(on: Callable[..., Portable]) -> None:
    problem = first(on(), side("lazy").late, probe="obj(1)")

    assert (problem.code, problem.stage) == ("missing-distribution", "call")
    assert (problem.module, problem.distribution) == ("pluggy", "pluggy")


def test_an_import_behind_another_exception_is_missing(on: Callable[..., Portable]) -> None:
    problem = first(on(), side("lazy").told, probe="obj(1)")

    assert (problem.code, problem.path) == ("missing-distribution", "obj")
    assert problem.distribution == "pluggy"
    assert "install sides[late]" in problem.evidence


def test_an_import_of_a_hook_has_the_path_of_the_instance(on: Callable[..., Portable]) -> None:
    problem = first(on(), [0, side("lazy").Late()])

    assert (problem.code, problem.distribution) == ("undeclared-import", "pluggy")
    assert problem.path == "obj[1]"


# environment-dependency


def test_a_variable_that_is_not_set_is_named(
    on: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDES_HOME", "/here")

    problem = first(on(), [side("variables").Reads()])

    assert (problem.code, problem.stage) == ("environment-dependency", "load")
    assert "reads the environment variable SIDES_HOME" in problem.message
    assert "it is set here" in problem.message
    assert problem.path == "obj[0]"


def test_a_variable_that_is_only_asked_for_is_named_where_it_explains_all(
    on: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDES_HOME", "/here")

    problem = first(on(), [side("variables").Asks()])

    assert problem.code == "environment-dependency"
    assert "SIDES_HOME" in problem.message


def test_a_look_at_the_width_of_the_terminal_explains_nothing(
    on: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # as tox does

    problem = first(on(), [side("variables").Shows()])

    assert problem.code != "environment-dependency"
    assert "COLUMNS" not in problem.message


def test_a_variable_that_is_set_is_no_problem(on: Callable[..., Portable]) -> None:
    portable = on(env={"SIDES_HOME": "/there"}, round_trip=False)

    assert portable([side("variables").Reads(), side("variables").Asks()])


def test_a_file_of_the_working_directory_is_named(on: Callable[..., Portable]) -> None:
    problem = first(on(), [side("files").Opens()])

    assert (problem.code, problem.path) == ("environment-dependency", "obj[0]")
    assert "weights.bin" in problem.message
    assert "relative path" in problem.message


def test_a_server_that_is_asked_while_loading_is_named(on: Callable[..., Portable]) -> None:
    problem = first(on(), [side("sockets").Connects()])

    assert (problem.code, problem.path) == ("environment-dependency", "obj[0]")
    assert "connects to 127.0.0.1:9 while it is loaded" in problem.message


def test_an_entry_point_is_named_with_who_brings_it(on: Callable[..., Portable]) -> None:
    problem = first(on(), [side("points").Codec()])

    assert (problem.code, problem.path) == ("environment-dependency", "obj[0]")
    assert "'fast' in the group 'sides.codecs'" in problem.message
    assert problem.distribution == "sidesplug"


def test_an_entry_point_of_a_call_is_named(on: Callable[..., Portable]) -> None:
    problem = first(on(), side("points").fast, probe="obj()")

    assert (problem.code, problem.path) == ("environment-dependency", "obj")
    assert "'fast'" in problem.message
    assert problem.distribution == "sidesplug"


def test_syntax_that_is_too_new_is_named_with_its_module(on: Callable[..., Portable]) -> None:
    portable = on()
    verdict = portable.check([side("matching").C()])

    if portable.leg.python == "3.12":
        assert verdict.portable
        return
    (problem,) = verdict.problems
    assert (problem.code, problem.path) == ("stdlib-version", "obj[0]")
    assert problem.module == "sides.matching"
    assert "sides.matching is written in a syntax that Python 3.9" in problem.message


# load-hook, recursion


def test_missing_arguments_load_nowhere(on: Callable[..., Portable]) -> None:
    problem = first(on(), [side("hooks").Text("1", "m")])

    assert (problem.code, problem.path) == ("load-hook", "obj[0]")
    assert "__new__" in problem.message
    assert "cannot be loaded here either" in problem.message
    assert problem.remedies[0].text.startswith("Text is sides's: send what it is made from")


def test_a_hook_that_raises_is_named(on: Callable[..., Portable]) -> None:
    problem = first(on(), {"x": [side("hooks").Refuses()]})

    assert (problem.code, problem.stage, problem.path) == ("load-hook", "load", "obj['x'][0]")
    assert "__setstate__ raised ValueError: refused" in problem.message


def test_a_hash_that_needs_its_state_is_placed_at_the_set(on: Callable[..., Portable]) -> None:
    a, b = side("hooks").Node("a"), side("hooks").Node("b")
    a.friends.add(b)
    b.friends.add(a)

    problem = first(on(), a)

    assert (problem.code, problem.path) == ("load-hook", "obj.friends")
    assert "__hash__" in problem.message


def test_a_getattr_that_calls_itself_is_recursion(on: Callable[..., Portable]) -> None:
    problem = first(on(), [side("hooks").Endless()])

    assert (problem.code, problem.stage, problem.path) == ("recursion", "load", "obj[0]")
    assert "__getattr__" in problem.message


# result-not-portable


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_a_path_that_a_newer_python_calls_otherwise_is_portable_and_does_not_come_back(
    session: Session, serializer: str
) -> None:
    portable = portable_on(session, Leg(python="3.13", deps=(), serializer=serializer))
    verdict = portable.check({"p": PurePosixPath("/x")}, probe="obj['p'].parent")

    assert verdict.portable, str(verdict)
    if sys.version_info >= (3, 13):
        assert verdict.notes == ()
        return
    (note,) = verdict.notes
    assert (note.code, note.stage, note.path) == ("result-not-portable", "return", "obj['p']")
    assert "compared under its older name" in note.message
    with pytest.raises(PortabilityError) as caught:
        portable.call(PurePosixPath, "/x")
    assert caught.value.verdict.stage == "return"
    assert "pathlib._local" not in sys.modules


# crash, early-exit, timeout


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("Exits", "early-exit", "status 0"),
        ("Kills", "crash", "SIGKILL"),
        ("Sleeps", "timeout", "did not finish in 1 s"),
    ],
)
def test_a_process_that_never_answered_is_placed(
    on_one: Portable, name: str, code: str, words: str
) -> None:
    problem = first(on_one, ["fine", {"it": getattr(side("ends"), name)()}])

    assert (problem.code, problem.stage) == (code, "load")
    assert problem.path == "obj[1]['it']"
    assert words in problem.message
    assert f"sides.ends.{name}.__setstate__" in problem.message


# side-effect


class Writes:
    """Leaves a file behind when it is loaded."""

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, ("left.txt", "w")


def test_a_file_that_a_load_leaves_has_the_path_of_its_writer(on_one: Portable) -> None:
    problem = first(on_one, {"fine": 1, "x": [Writes()]})

    assert (problem.code, problem.stage, problem.path) == ("side-effect", "load", "obj['x'][0]")
    assert "left.txt" in problem.message


def test_what_another_version_dumps_names_both_versions(on_one: Portable) -> None:
    problem = first(on_one, [side("returns").Model()])

    assert (problem.code, problem.stage, problem.path) == ("version-skew", "return", "obj[0]")
    assert (problem.module, problem.distribution) == ("sides.returns", "sides")
    assert "is of sides 1.0 there, of sides 2.0 here" in problem.message
    assert "sides.returns has no Old here" in problem.message
    assert problem.remedies[0].change == '"sides==2.0"'


def test_what_another_version_raises_names_both_versions(on_one: Portable) -> None:
    with pytest.raises(PortabilityError) as caught:
        on_one.call(side("returns").refuse)

    (problem,) = caught.value.verdict.problems
    assert (problem.code, problem.stage) == ("exception-not-portable", "return")
    assert (problem.module, problem.distribution) == ("sides.returns", "sides")
    assert problem.message.endswith("(sides 1.0 there, sides 2.0 here)")
    assert problem.remedies[0].change == '"sides==2.0"'


def test_what_loads_nowhere_is_no_skew_though_its_definition_is_another(on_one: Portable) -> None:
    problem = first(on_one, [side("nowhere").Model(1)])

    assert (problem.code, problem.stage, problem.path) == ("load-hook", "load", "obj[0]")
    assert "cannot be loaded here either" in problem.message


# another answer


def test_an_answer_that_differs_is_blamed_on_the_version(on_one: Portable) -> None:
    verdict = on_one.check([side("answers").Model()], probe="obj[0].predict(3)")

    skew, mismatch = verdict.problems
    assert (skew.code, skew.stage, skew.path) == ("version-skew", "compare", "obj[0]")
    assert (skew.module, skew.distribution) == ("sides.answers", "sides")
    assert skew.message.startswith("sides.answers.Model is of sides 1.0 there, of sides 2.0 here")
    assert skew.remedies[0].change == '"sides==2.0"'
    assert (mismatch.code, mismatch.path) == ("mismatch", "probe")
    assert mismatch.evidence == "6 here, 7 there"


def test_state_that_differs_is_blamed_on_the_version_that_leads_to_it(on_one: Portable) -> None:
    obj = {"fine": side("answers").Model(), "not": side("rounds").Model()}

    verdict = on_one.check(obj)

    assert [(problem.code, problem.path) for problem in verdict.problems] == [
        ("version-skew", "obj['not']"),
        ("mismatch", "obj['not'].coef"),
    ]
    assert verdict.problems[0].module == "sides.rounds"


def test_what_differs_on_the_same_versions_too_is_no_skew(on_one: Portable) -> None:
    verdict = on_one.check(side("answers").Model(), probe="__import__('os').getpid()")

    assert [problem.code for problem in verdict.problems] == ["mismatch"]


def test_a_module_known_by_a_bare_name_is_of_the_distribution_with_its_file(
    on: Callable[..., Portable],
) -> None:
    problem = first(on(), [side("bare").Widget()])

    assert (problem.code, problem.distribution) == ("version-skew", "sides")
    assert (problem.module, problem.path) == ("bare_of_sides", "obj[0]")
    assert problem.remedies[0].change == '"sides==2.0"'


# all problems at once


def test_everything_that_is_not_there_is_listed(on: Callable[..., Portable]) -> None:
    pluggy = importlib.import_module("pluggy")
    obj = {"w": side("named").Widget(), "g": side("gone").Thing(), "h": pluggy.HookimplMarker("x")}

    verdict = on().check(obj)

    found = {problem.path: (problem.code, problem.distribution) for problem in verdict.problems}
    assert found == {
        "obj['w']": ("version-skew", "sides"),
        "obj['g']": ("version-skew", "sides"),
        "obj['h']": ("missing-distribution", "pluggy"),
    }
