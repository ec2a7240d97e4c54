"""Modal users: functions with `serialized=True`, their arguments, results and exceptions."""

from __future__ import annotations

import sys
import threading

import labpkg
import modal
import pytest

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"
FACTOR = 3
app = modal.App()


def codes(verdict):
    return [problem.code for problem in verdict.problems]


def scale(numbers):
    found = 0
    for number in numbers:
        found += FACTOR * number
    return found


@app.function(serialized=True)
def scale_there(numbers):
    return scale(numbers)


@pytest.mark.portable(serializer="modal")
def test_data_is_a_pickle_that_needs_nothing(portable):
    verdict = portable({"a": (1, 2)}, probe="obj['a'][1]")
    assert verdict.target.distributions["modal"]
    assert portable.inspect({"a": (1, 2)}).protocol == 4


@pytest.mark.portable(serializer="modal", as_main=True)
def test_a_function_runs_in_the_containers_own_code(portable):
    assert portable.call(scale, [1, 2]) == 9
    assert portable.call(divmod, 7, 2) == (3, 1)


@pytest.mark.portable(serializer="modal", as_main=True)
def test_a_decorated_function_is_its_own_function(portable):
    assert portable.call(scale_there, [1, 2]) == 9


async def later(value):
    return value + 1


@pytest.mark.portable(serializer="modal", as_main=True)
def test_a_coroutine_function_is_awaited(portable):
    assert portable.call(later, 1) == 2


@pytest.mark.portable(serializer="modal")
def test_exceptions_are_pickled(portable):
    with pytest.raises(ZeroDivisionError, match="division"):
        portable.call(divmod, 1, 0)
    assert portable.verdicts[-1].portable


def fail_with_a_lock():
    error = ValueError("held")
    error.lock = threading.Lock()
    raise error


@pytest.mark.portable(serializer="modal", as_main=True)
def test_an_exception_that_cannot_be_pickled_is_lost(portable):
    """Modal sends a text of its own instead."""
    with pytest.raises(AssertionError):
        portable.call(fail_with_a_lock)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("return", ["exception-not-portable"])
    assert "cannot pickle '_thread.lock'" in str(verdict)


def worker_only():
    import sys
    import types

    module = types.ModuleType("worker_only")
    exec("class Broken(Exception):\n    pass\nBroken.__module__ = 'worker_only'\n", vars(module))
    sys.modules["worker_only"] = module
    raise module.Broken("no signal")


@pytest.mark.portable(serializer="modal", as_main=True)
def test_an_exception_class_of_the_container_only_is_told(portable):
    with pytest.raises(AssertionError):
        portable.call(worker_only)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("return", ["exception-not-portable"])
    assert "ExecutionError" in verdict.problems[0].message


def make_result():
    import sys
    import types

    module = types.ModuleType("worker_only")
    exec("class Made:\n    pass\nMade.__module__ = 'worker_only'\n", vars(module))
    sys.modules["worker_only"] = module
    return module.Made()


@pytest.mark.portable(serializer="modal", as_main=True)
def test_a_result_class_of_the_container_only_is_told(portable):
    with pytest.raises(AssertionError):
        portable.call(make_result)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("return", ["result-not-portable"])
    assert verdict.problems[0].module == "worker_only"


@pytest.mark.portable(serializer="modal")
def test_a_local_module_is_missing_in_the_image(portable):
    verdict = portable.check([1, labpkg.Reading(1)])
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert (verdict.problems[0].module, verdict.problems[0].path) == ("labpkg", "obj[1]")
    with pytest.raises(AssertionError):
        portable.call(labpkg.double, 2)
    assert codes(portable.verdicts[-1]) == ["missing-module"]


@pytest.mark.portable(serializer="modal", ship=["labpkg"])
def test_ship_stands_for_local_python_source(portable):
    assert portable.call(labpkg.with_helper, 2) == 4


@pytest.mark.portable(serializer="modal", by_value=["labpkg"])
def test_by_value_goes_through_modals_own_registry(portable):
    assert portable.call(labpkg.with_helper, 2) == 4
    assert portable.check(labpkg.Reading(1), probe="obj.value").portable


@pytest.mark.portable(serializer="modal", install_serializer=False, as_main=True)
def test_an_image_without_modal_is_told(portable):
    """What goes by value names the cloudpickle that lies inside of modal."""
    assert portable.check([1, (2,)]).problems[0].code == "serializer-missing"


@pytest.mark.portable(serializer="modal", as_main=True)
def test_what_travels_by_value_is_seen_without_loading_it(portable):
    found = portable.inspect([scale, Counter(2)])
    assert "modal._vendor.cloudpickle" in {reference.module for reference in found.references}
    assert {"scale", "Counter.total"} <= {code.name for code in found.code}


class Counter:
    def __init__(self, step):
        self.step = step

    def total(self, numbers):
        return sum(self.step * number for number in numbers)


@pytest.mark.portable(serializer="modal", as_main=True)
def test_classes_of_the_script_stay_as_they_are_here(portable):
    before = Counter.__init__
    assert portable(Counter(2), probe="obj.total([1, 2])").portable
    assert Counter.__init__ is before


@pytest.mark.portable(serializer="modal")
def test_an_object_of_modals_own_has_to_be_hydrated(portable):
    verdict = portable.check({"d": modal.Dict.from_name("weights")})
    assert (verdict.stage, codes(verdict)) == ("dump", ["unserializable"])
    assert verdict.problems[0].path == "obj['d']"
    assert "hasn't been hydrated" in verdict.problems[0].evidence


@pytest.mark.portable(serializer="modal", as_main=True)
def test_a_function_over_16_mib_is_refused_by_modal(portable):
    big = bytes(17 << 20)

    def holds():
        return len(big)

    with pytest.raises(AssertionError, match="16 MiB"):
        portable.call(holds)
    assert codes(portable.verdicts[-1]) == ["too-large"]


@pytest.mark.portable(serializer="modal", as_main=True)
def test_a_function_over_256_kib_is_noted(portable):
    big = bytes(300 << 10)

    def holds():
        return len(big)

    assert portable.call(holds) == len(big)
    assert [note.code for note in portable.verdicts[-1].notes] == ["too-large"]


@pytest.mark.portable(serializer="modal", python=OTHER, as_main=True)
def test_data_goes_to_another_python_and_code_is_refused(portable):
    assert portable.check([1, {"a": (2,)}]).portable
    assert portable.call(divmod, 7, 2) == (3, 1)
    with pytest.raises(AssertionError):
        portable.call(scale, [1, 2])
    assert codes(portable.verdicts[-1]) == ["bytecode-version"]


@pytest.mark.portable(serializer="modal", python=OTHER, as_main=True, allow_bytecode=True)
def test_a_loop_crashes_a_container_of_another_python(portable):
    with pytest.raises(AssertionError):
        portable.call(scale, [1, 2])
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("call", ["crash"])


@pytest.mark.portable(serializer="modal", python="3.10", as_main=True, allow_bytecode=True)
def test_across_310_and_311_it_does_not_even_load(portable):
    verdict = portable.check(scale)
    assert (verdict.stage, codes(verdict)) == ("load", ["load-hook"])
    assert "bytecode-version" in {note.code for note in verdict.notes}


@pytest.mark.portable(serializer="modal", options={"protocol": 5})
def test_unknown_option(portable):
    pass
