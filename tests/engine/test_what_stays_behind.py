"""What lies around an object, here and in a target that has a module of the same name."""

from __future__ import annotations

import importlib
import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from pytest_portable.errors import PortabilityError
from support.changed import changed
from support.world import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.portable import Portable
    from pytest_portable.verdict import Verdict

_numbers = itertools.count()


class World:
    """A module of a name that nobody else has, here and there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, on: Any) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.on = on
        self.name = f"lib_of_world_{next(_numbers)}"

    def make(
        self, here: str = SOURCE, there: str = SOURCE, place: str = "there", **keys: Any
    ) -> tuple[Any, Portable]:
        for side, source in (("here", here), (place, there)):
            (self.folder / side).mkdir()
            (self.folder / side / f"{self.name}.py").write_text(source)
        self.monkeypatch.syspath_prepend(str(self.folder / "here"))
        self.monkeypatch.setattr(sys, "dont_write_bytecode", True)
        module = importlib.import_module(self.name)
        return module, self.on(env={"PYTHONPATH": str(self.folder / place)}, **keys)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on: Callable[..., Portable]) -> World:
    return World(tmp_path, monkeypatch, on)


def found(verdict: Verdict) -> list[tuple[str | None, str]]:
    return [(problem.path, problem.message) for problem in verdict.problems]


def objects(lib: Any) -> list[Any]:
    return [lib.Cfg(), lib.Other(), lib.show, lib.cached, lib.Color.GREEN, lib.Settings(), lib.Base]


def test_the_same_module_there_is_no_finding(world: World) -> None:
    lib, portable = world.make()
    objects(lib)

    verdict = portable.check(objects(lib))

    assert found(verdict) == []
    assert verdict.notes == (), verdict.notes


# State


def test_state_of_a_class_that_was_set_at_run_time_fails(world: World) -> None:
    lib, portable = world.make()
    lib.Cfg.debug = True

    (problem,) = portable.check({"k": lib.Cfg()}).problems

    assert (problem.code, problem.stage, problem.path) == ("mismatch", "compare", "obj['k'].debug")
    assert problem.message == (
        f"{world.name}.Cfg.debug was set here at run time, and that stays behind"
    )
    assert problem.evidence == "True here, False there"


def test_state_that_a_called_function_reads_fails_the_call(world: World) -> None:
    lib, portable = world.make()
    assert portable.call(lib.Cfg.build).debug is False
    lib.LIMIT = 9

    with pytest.raises(PortabilityError) as caught:
        portable.call(lib.Cfg.tick, lib.Cfg())
    assert portable.call(lib.now) == 1

    ((path, message),) = found(caught.value.verdict)
    assert path == "obj"
    assert f"{world.name}.LIMIT was set here" in message


def test_state_of_what_an_argument_is_of_fails_the_call(world: World) -> None:
    lib, portable = world.make()
    assert portable.call(list, (lib.Cfg(),))[0].debug is False
    lib.Cfg.debug = True

    with pytest.raises(PortabilityError) as caught:
        portable.call(list, (), extra={"k": lib.Cfg()})

    ((path, _),) = found(caught.value.verdict)
    assert path == "kwargs['extra']['k'].debug"
    assert isinstance(caught.value.__cause__, TypeError)


def test_a_member_that_means_another_one_there_fails_the_call(world: World) -> None:
    there = SOURCE.replace("GREEN = 2\n    BLUE = 3", "BLUE = 2\n    GREEN = 3")
    lib, portable = world.make(there=there)

    assert portable.call(str, [lib.Color.RED])
    with pytest.raises(PortabilityError) as caught:
        portable.call(str, [lib.Color.GREEN])

    ((path, message),) = found(caught.value.verdict)
    assert path == "args[0][0]"
    assert "is another member of the enum there" in message


def test_what_the_function_sets_itself_is_its_own_business(world: World) -> None:
    lib, portable = world.make()
    lib.Cfg().tick()

    assert portable.call(lib.Cfg.tick, lib.Cfg()) == 1 + 3 + 1 + 1


def test_what_an_environment_computes_is_no_finding(world: World) -> None:
    source = (
        SOURCE + "\nif os.environ.get('FLAG_OF_WORLD'):\n    LIMIT = 4\n    def now(): return 5\n"
    )
    world.monkeypatch.setenv("FLAG_OF_WORLD", "1")
    lib, portable = world.make(source, source)

    verdict = portable.check(lib.Cfg())

    assert lib.Cfg().tick() > 5
    assert found(verdict) == []
    assert verdict.notes == ()


# Code


def test_a_patch_stays_behind(world: World) -> None:
    lib, portable = world.make()
    lib.now = mock.Mock(return_value=42)

    ((path, message),) = found(portable.check([lib.Other()]))

    assert path == "obj[0]"
    assert "was replaced here; the target has the original" in message


def test_compiled_members_of_a_library_are_no_patch(on: Callable[..., Portable]) -> None:
    random = pytest.importorskip("numpy").random
    # Cython gives functions code whose file is relative to where it was compiled.
    assert not Path(type(random.MT19937()).jumped.__code__.co_filename).is_absolute()

    verdict = on().check(random.MT19937(0))

    assert verdict.portable
    assert verdict.notes == ()


def test_an_optional_import_that_failed_there_explains_a_probe(world: World) -> None:
    source = (
        "try:\n    import only_here_around as fast\nexcept ImportError:\n    fast = None\n"
        "def name():\n    return 'plain' if fast is None else 'fast'\n"
    )
    (world.folder / "only").mkdir()
    (world.folder / "only" / "only_here_around.py").write_text("")
    world.monkeypatch.syspath_prepend(str(world.folder / "only"))
    lib, portable = world.make(source, source)

    quiet = portable.check(lib.name)
    loud = portable.check(lib.name, probe="obj()")

    assert (quiet.portable, quiet.notes) == (True, ())
    assert loud.problems[0].module == "only_here_around"
    assert f"{world.name}.fast is the module only_here_around here and None there" in (
        loud.problems[0].message
    )


def test_another_version_is_a_finding_only_when_a_probe_disagrees(world: World) -> None:
    lib, portable = world.make(
        "def norm(x):\n    return x / 2\n", "def norm(x):\n    return x * 2\n"
    )
    info = world.folder / "here" / f"{world.name}-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {world.name}\nVersion: 2.0\n")
    (info / "RECORD").write_text(f"{world.name}.py,,\n")
    target = replace(portable.target, distributions={world.name: "1.0"})
    portable = changed(portable, target=target)

    quiet = portable.check(lib.norm)
    loud = portable.check(lib.norm, probe="obj(4)")

    assert (quiet.portable, quiet.notes) == (True, ())
    skew = loud.problems[0]
    assert (skew.code, skew.distribution) == ("version-skew", world.name)
    assert "is 2.0 here and 1.0 there" in skew.message


def test_the_callers_own_comparison_overrules_what_lies_around(world: World) -> None:
    lib, portable = world.make()
    lib.Cfg.debug = True

    verdict = portable.check(lib.Cfg(), equal=lambda a, b: type(a) is type(b))

    assert verdict.portable
    assert [note.path for note in verdict.notes] == ["obj.debug"]


# Registrations and identity


def test_a_registration_with_singledispatch_stays_behind(world: World) -> None:
    lib, portable = world.make()
    lib.show.register(int, lambda _: "int")

    ((path, message),) = found(portable.check({"f": lib.show}))

    assert path == "obj['f'].registry"
    assert "builtins.int was registered" in message


def test_a_class_by_value_beside_an_installed_one(world: World) -> None:
    import cloudpickle

    lib, portable = world.make(serializer="cloudpickle")
    cloudpickle.register_pickle_by_value(lib)
    try:
        quiet = portable.check({"o": lib.Settings()})
        probe = f"isinstance(obj['o'], __import__('{world.name}').Settings)"
        loud = portable.check({"o": lib.Settings()}, probe=probe)
    finally:
        cloudpickle.unregister_pickle_by_value(lib)

    assert quiet.portable
    assert [note.path for note in quiet.notes] == ["obj['o']"]
    assert "two classes" in quiet.notes[0].message
    assert [problem.path for problem in loud.problems] == ["obj['o']", "probe"]


def test_a_module_that_a_fresh_process_cannot_import_is_judged_all_the_same(world: World) -> None:
    lib, portable = world.make()
    lib.Cfg.debug = True
    world.monkeypatch.setattr(sys, "path", [p for p in sys.path if str(world.folder) not in p])

    assert [path for path, _ in found(portable.check(lib.Cfg()))] == ["obj.debug"]
