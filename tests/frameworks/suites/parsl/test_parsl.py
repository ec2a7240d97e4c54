"""Parsl users: what goes to a worker, and what comes back."""

from __future__ import annotations

import sys

import dill
import labpkg
import pytest

from pytest_portable import OptionError

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"


def codes(verdict):
    return [problem.code for problem in verdict.problems]


def make_app(globals_=None):
    """A function as a user's script defines it: its module is not importable there."""
    space = {"__name__": "__main__"}
    exec(
        "def total(numbers):\n"
        "    found = 0\n"
        "    for number in numbers:\n"
        "        found += number\n"
        "    return found\n",
        space,
    )
    return space["total"]


@pytest.mark.portable(serializer="parsl")
def test_data_goes_in_parsls_own_envelope(portable):
    verdict = portable({"numbers": [1, 2.5], "names": {"a"}}, probe="sum(obj['numbers'])")
    assert verdict.target.distributions["parsl"]
    assert verdict.serializer == "parsl"


@pytest.mark.portable(serializer="parsl")
def test_a_task_runs_in_parsls_own_worker_code(portable):
    assert portable.call(make_app(), [1, 2, 3]) == 6
    assert portable.verdicts[-1].portable


@pytest.mark.portable(serializer="parsl")
def test_the_exception_of_a_task_is_raised_here(portable):
    with pytest.raises(ZeroDivisionError, match="division"):
        portable.call(divmod, 1, 0)


@pytest.mark.portable(serializer="parsl")
def test_an_importable_function_goes_by_reference(portable):
    """b1: the worker has no labpkg, and the load says so."""
    verdict = portable.check(labpkg.double)
    assert verdict.stage == "load"
    assert verdict.problems[0].module == "labpkg"
    assert verdict.problems[0].code == "missing-module"
    with pytest.raises(AssertionError, match="labpkg"):
        portable.call(labpkg.double, 2)
    assert portable.verdicts[-1].stage == "load"


@pytest.mark.portable(serializer="parsl", deps=["six"])
def test_a_result_class_of_the_worker_only_is_told(portable):
    """b5: in production the thread that reads results dies, and every later future hangs."""

    def worker_only():
        import sys
        import types

        module = types.ModuleType("worker_only")
        exec("class Made:\n    pass\nMade.__module__ = 'worker_only'\n", module.__dict__)
        sys.modules["worker_only"] = module
        return module.Made()

    with pytest.raises(AssertionError):
        portable.call(dill_by_value(worker_only))
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("return", ["result-not-portable"])
    assert "never finish" in verdict.problems[0].message


@pytest.mark.portable(serializer="parsl")
def test_an_exception_class_of_the_worker_only_is_told(portable):
    """b5, as an exception."""

    def worker_only():
        import sys
        import types

        module = types.ModuleType("worker_only")
        exec(
            "class Broken(Exception):\n    pass\nBroken.__module__ = 'worker_only'\n", vars(module)
        )
        sys.modules["worker_only"] = module
        raise module.Broken("no signal")

    with pytest.raises(AssertionError):
        portable.call(dill_by_value(worker_only))
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("return", ["exception-not-portable"])
    assert "never finish" in verdict.problems[0].message


class NeedsTwo(Exception):
    def __init__(self, first, second):
        super().__init__(first)


@pytest.mark.portable(serializer="parsl")
def test_an_exception_with_a_constructor_of_its_own_cannot_come_back(portable):
    """b5, with a custom `__init__`."""

    def fail():
        from subprocess import CalledProcessError

        class Odd(CalledProcessError):
            def __init__(self, first, second):
                super().__init__(first, second)
                self.args = (first,)

        raise Odd(1, "x")

    with pytest.raises(AssertionError):
        portable.call(dill_by_value(fail))
    assert codes(portable.verdicts[-1]) == ["exception-not-portable"]


def dill_by_value(function):
    """Re-home a function in `__main__`, as users' scripts have it."""
    import types

    space = {"__name__": "__main__", "__builtins__": __builtins__}
    made = types.FunctionType(function.__code__, space, function.__name__)
    made.__module__ = "__main__"
    return made


@pytest.mark.portable(serializer="parsl")
def test_a_closure_of_an_importable_module_needs_that_module(portable):
    """b2: dill's default takes the module's globals by reference; `recurse` does not."""

    def make(step):
        def add(value):
            found = value
            for _ in range(step):
                found += 1
            return found

        return add

    verdict = portable.check(make(2))
    assert (verdict.stage, codes(verdict)) == ("load", ["test-module-reference"])


@pytest.mark.portable(serializer="parsl", options={"recurse": True})
def test_dills_settings_are_obeyed(portable):
    """b2, with `recurse=True`."""

    def make(step):
        def add(value):
            found = value
            for _ in range(step):
                found += 1
            return found

        return add

    before = dict(dill.settings)
    assert portable(make(2), probe="obj(3)").portable
    assert portable.call(make(2), 3) == 5
    assert dill.settings == before


@pytest.mark.portable(serializer="parsl")
def test_settings_of_the_process_are_obeyed_too(portable):
    def make(step):
        def add(value):
            return value + step if step else value

        return add

    assert not portable.check(make(2)).portable
    dill.settings["recurse"] = True
    try:
        assert portable(make(2), probe="obj(3)").portable
    finally:
        dill.settings["recurse"] = False


@pytest.mark.portable(serializer="parsl", python=OTHER)
def test_data_loads_on_another_python_and_the_executors_rule_is_told(portable):
    verdict = portable([1, {"a": (2,)}])
    assert any("refuses workers of another Python" in note.message for note in verdict.notes)


@pytest.mark.portable(serializer="parsl", python=OTHER)
def test_code_for_another_python_is_refused_before_it_can_crash(portable):
    """b3: it would load, and end in a segmentation fault when called."""
    verdict = portable.check(make_app(), probe="obj([1, 2])")
    assert (verdict.stage, codes(verdict)) == ("inspect", ["bytecode-version"])


@pytest.mark.portable(serializer="parsl", python=OTHER)
def test_even_a_task_by_reference_carries_parsls_own_code(portable):
    with pytest.raises(AssertionError, match="the function in which Parsl wraps every app"):
        portable.call(divmod, 7, 2)


def of_main(source, name):
    space = {"__name__": "__main__"}
    exec(source, space)
    return space[name]


@pytest.mark.portable(serializer="parsl", python=OTHER, allow_bytecode=True, round_trip=False)
def test_what_is_short_enough_works_there_by_chance(portable):
    """b3: `a + b * 2` is right, an import in the body is not, and neither tells of the other."""
    plain = of_main("def f(a, b):\n    return a + b * 2\n", "f")
    assert portable.check(plain, probe="obj(2, 5)").portable
    importing = of_main("def f():\n    import json\n    return json.dumps([1])\n", "f")
    verdict = portable.check(importing, probe="obj()")
    assert verdict.stage == "call"
    assert codes(verdict)[0] in {"crash", "call-error", "early-exit"}


@pytest.mark.portable(serializer="parsl", python=OTHER, allow_bytecode=True)
def test_what_allowed_bytecode_does_there_is_seen(portable):
    """b3: the real remote half on another Python."""
    with pytest.raises(AssertionError):
        portable.call(make_app(), [1, 2, 3])
    verdict = portable.verdicts[-1]
    assert verdict.stage == "call"
    assert codes(verdict)[0] in {"crash", "load-hook", "early-exit"}


@pytest.mark.portable(serializer="parsl", install_serializer=False, deps=["dill"])
def test_a_worker_without_parsl_is_told(portable):
    verdict = portable.check([1])
    assert (verdict.stage, codes(verdict)) == ("load", ["serializer-missing"])
    assert verdict.problems[0].distribution == "parsl"


@pytest.mark.portable(serializer="parsl")
def test_large_results_are_noted_as_parsl_warns_of_them(portable):
    assert len(portable.call(bytes, 1_200_000)) == 1_200_000
    notes = portable.verdicts[-1].notes
    assert [(note.code, note.stage) for note in notes] == [("too-large", "return")]
    assert "1 MB" in notes[0].message


@pytest.mark.portable(serializer="parsl")
def test_a_lock_as_a_result_is_carried_by_dill(portable):
    """b7: it works, and what came back is another lock, of the same state."""
    import threading

    assert portable.check(threading.Lock()).portable
    held = threading.Lock()
    with held:
        assert portable.check(held, probe="obj.locked()").portable


@pytest.mark.portable(serializer="parsl", deps=["cloudpickle"])
def test_a_lambda_and_a_local_class_as_results(portable):
    """b7: by value, so what comes back is a definition of its own."""
    make = of_main("def make():\n    return lambda: 3\n", "make")
    assert portable.call(make)() == 3
    made = of_main("def make():\n    class Local:\n        n = 3\n    return Local()\n", "make")
    assert portable.call(made).n == 3


@pytest.mark.portable(serializer="parsl")
def test_an_argument_class_that_the_worker_has_not_is_told(portable):
    """b5: the executor survives this one; the path says which argument."""
    with pytest.raises(AssertionError):
        portable.call(len, [1, labpkg.Reading(2)])
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.problems[0].path == "args[0][1]"


@pytest.mark.portable(serializer="parsl")
def test_the_payload_can_be_read_without_loading_it(portable):
    found = portable.inspect([labpkg.double, labpkg.Reading(1)])
    assert {"labpkg"} <= {reference.module for reference in found.references}
    assert found.damaged is None


def in_test_module(numbers):
    found = 0
    for number in numbers:
        found += double_here(number)
    return found


def double_here(value):
    return 2 * value


@pytest.mark.portable(serializer="parsl", as_main=True, options={"recurse": True})
def test_as_main_sends_the_test_module_as_a_script(portable):
    assert portable.call(in_test_module, [1, 2]) == 6


@pytest.mark.portable(serializer="parsl", as_main=True)
def test_as_main_without_recurse_leaves_globals_behind_as_scripts_do(portable):
    with pytest.raises(NameError, match="double_here"):
        portable.call(in_test_module, [1, 2])


@pytest.mark.portable(serializer="parsl")
def test_without_it_pytest_makes_the_test_module_a_reference(portable):
    with pytest.raises(AssertionError):
        portable.call(in_test_module, [1, 2])
    assert codes(portable.verdicts[-1]) == ["test-module-reference"]


@pytest.mark.portable(serializer="parsl", by_value=["labpkg"])
def test_by_value_sends_a_local_package(portable):
    assert portable.call(labpkg.with_helper, 2) == 4


@pytest.mark.portable(serializer="parsl", ship=["labpkg"])
def test_ship_sends_its_source(portable):
    assert portable.call(labpkg.with_helper, 2) == 4
    with pytest.raises(labpkg.LabError, match="no signal"):
        portable.call(labpkg.fail)


def write_checkpoint(folder):
    """Let Parsl write a checkpoint of three results; the second's class is of labpkg."""
    import parsl
    from parsl.config import Config
    from parsl.dataflow.memoization import BasicMemoizer
    from parsl.executors import ThreadPoolExecutor

    config = Config(
        executors=[ThreadPoolExecutor(max_threads=1)],
        memoizer=BasicMemoizer(checkpoint_mode="task_exit"),
        run_dir=str(folder),
        initialize_logging=False,
        usage_tracking=0,
    )
    with parsl.load(config):
        read = parsl.python_app(labpkg.read, cache=True)
        double = parsl.python_app(labpkg.double, cache=True)
        for future in (double(1), read(2), double(3)):
            future.result()
    parsl.clear()
    (found,) = folder.rglob("tasks.pkl")
    return found.read_bytes()


@pytest.mark.portable(serializer="pickle")
def test_every_record_of_a_checkpoint_is_judged_on_its_own(portable, tmp_path):
    """b6: Parsl tells `BadCheckpoint` without a cause, and loses the other results as well."""
    verdicts = portable.check_records(write_checkpoint(tmp_path), probe="obj['result']")

    assert [verdict.portable for verdict in verdicts] == [True, False, True]
    (problem,) = verdicts[1].problems
    assert (problem.code, problem.module) == ("missing-module", "labpkg")
    assert problem.path == "obj['result']"


@pytest.mark.portable(serializer="parsl", python="3.13", allow_bytecode=True)
def test_code_of_312_is_lost_on_313(portable):
    """b4: it loads, and nothing of it works."""
    with pytest.raises(AssertionError):
        portable.call(make_app(), [1, 2, 3])
    assert portable.verdicts[-1].stage == "call"
    assert codes(portable.verdicts[-1])[0] in {"crash", "load-hook", "early-exit"}


@pytest.mark.portable(serializer="parsl", via=[{"deps": ["six"]}], deps=["cloudpickle"])
def test_what_one_task_hands_to_the_next_passes_both_environments(portable):
    verdict = portable({"numbers": [1, 2], "pair": (1, 2)}, probe="obj['pair'][1]")
    assert [hop["deps"] for hop in verdict.leg["via"]] == [["six"]]
    with pytest.raises(OptionError, match=r"portable\(value\) for what one task hands to the next"):
        portable.call(divmod, 7, 2)


@pytest.mark.portable(serializer="parsl", via=[{"deps": []}], ship=["labpkg"])
def test_a_shipped_package_is_there_on_the_way_too(portable):
    assert portable(labpkg.Reading(1), probe="obj.value").portable


@pytest.mark.portable(serializer="parsl", via=[{"deps": []}])
def test_the_task_in_between_that_lacks_the_class_is_named(portable):
    verdict = portable.check([labpkg.Reading(1)])
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.leg["hop"] == 1
    assert verdict.problems[0].path == "obj[0]"


@pytest.mark.portable(serializer="parsl", options={"recursive": True})
def test_unknown_option(portable):
    pass
