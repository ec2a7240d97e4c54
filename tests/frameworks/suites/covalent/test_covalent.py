"""Covalent users: electrons, what an executor does with them, what the server may see."""

from __future__ import annotations

import sys

import covalent as ct
import labpkg
import pandas as pd
import pytest
from covalent._workflow.lattice import Lattice

from pytest_portable import OptionError
from pytest_portable.serializers.frameworks.covalent import make_lattice, requirements_of

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"


def codes(verdict):
    return [problem.code for problem in verdict.problems]


def script(source, name):
    """A function as a user's script defines it: in `__main__`."""
    space = {"__name__": "__main__"}
    exec(source, space)
    return space[name]


TOTAL = """def total(numbers):
    found = 0
    for number in numbers:
        found += number
    return found
"""


class Table:
    """Stands for a data frame: its module is only here."""

    def __init__(self, rows):
        self.rows = rows

    def __str__(self):
        return f"Table of {len(self.rows)}"

    def __eq__(self, other):
        return isinstance(other, Table) and self.rows == other.rows

    __hash__ = None


@pytest.mark.portable(serializer="covalent")
@pytest.mark.parametrize("data", [{"a": (1, 2)}, "text", 2.5], ids=str)
def test_data_goes_as_a_transportable_object(portable, data):
    verdict = portable(data)
    assert verdict.target.distributions["covalent"]


@pytest.mark.portable(serializer="covalent", options={"form": "json"})
def test_data_goes_as_json(portable):
    assert portable([1, {"a": 2}], probe="obj[1]['a']").payload_bytes > 100


@pytest.mark.portable(serializer="covalent")
def test_an_electron_runs_in_the_executors_own_wrapper(portable):
    total = ct.electron(script(TOTAL, "total"))
    assert portable.call(total, [1, 2, 3]) == 6
    assert portable.call(script(TOTAL, "total"), [1, 2]) == 3


@pytest.mark.portable(serializer="covalent")
def test_exceptions_come_back_as_text(portable):
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        portable.call(ct.electron(divmod), 1, 0)


@pytest.mark.portable(serializer="covalent")
def test_a_local_module_is_missing_in_the_executor(portable):
    with pytest.raises(AssertionError):
        portable.call(ct.electron(labpkg.with_helper), 2)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.problems[0].module == "labpkg"


@pytest.mark.portable(serializer="covalent")
def test_deps_module_sends_it_by_value(portable):
    electron = ct.electron(labpkg.with_helper, deps_module=ct.DepsModule(labpkg))
    assert portable.call(electron, 2) == 4


@pytest.mark.portable(serializer="covalent")
def test_call_before_and_call_after_run_there(portable):
    before = ct.DepsCall(lambda: 5, retval_keyword="start")
    electron = ct.electron(
        script("def add(n, start):\n    return n + start\n", "add"), call_before=[before]
    )
    assert portable.call(electron, 2) == 7


SIX = ct.electron(
    script("def version():\n    import six\n    return six.__version__\n", "version"),
    deps_pip=ct.DepsPip(packages=["six==1.16.0"]),
)


@pytest.mark.portable(serializer="covalent", deps=requirements_of(SIX))
def test_deps_pip_is_the_environment(portable):
    assert requirements_of(SIX) == ["six==1.16.0"]
    assert portable.call(SIX) == "1.16.0"


def test_deps_pip_may_name_a_file(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# ours\nsix==1.16.0\n\nidna\n")
    electron = ct.electron(divmod, deps_pip=ct.DepsPip(reqs_path=str(file)))
    assert requirements_of(electron) == ["six==1.16.0", "idna"]
    assert requirements_of(divmod) == []


@pytest.mark.portable(serializer="covalent", python=OTHER)
def test_data_goes_to_another_python_and_code_is_refused(portable):
    assert portable.check([1, {"a": (2,)}]).portable
    with pytest.raises(AssertionError):
        portable.call(ct.electron(script(TOTAL, "total")), [1])
    assert codes(portable.verdicts[-1]) == ["bytecode-version"]


@pytest.mark.portable(serializer="covalent", python=OTHER, allow_bytecode=True)
def test_a_loop_crashes_the_executor_on_another_python(portable):
    with pytest.raises(AssertionError):
        portable.call(ct.electron(script(TOTAL, "total")), [1, 2, 3])
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("call", ["crash"])


@pytest.mark.portable(serializer="covalent", deps=["cloudpickle==2.2.1"], allow_bytecode=True)
def test_an_older_cloudpickle_cannot_read_it(portable):
    verdict = portable.check(script(TOTAL, "total"))
    assert verdict.stage == "load"
    assert codes(verdict)[0] in {"version-skew", "serializer-skew"}


@pytest.mark.portable(serializer="covalent-server")
def test_the_server_reads_header_text_and_json_without_the_users_classes(portable):
    """e1: the environment has covalent and nothing of the user's."""
    table = Table([1, 2, 3])
    verdict = portable(table)
    assert verdict.target.distributions["covalent"]


@pytest.mark.portable(serializer="covalent-server", options={"form": "json"})
def test_the_server_reads_the_json_form_too(portable):
    assert portable(Table([1])).portable


@pytest.mark.portable(serializer="covalent")
def test_an_executor_that_loads_it_needs_the_classes(portable):
    """e1: `get_deserialized` in the same environment."""
    verdict = portable.check(Table([1]))
    assert (verdict.stage, codes(verdict)) == ("load", ["test-module-reference"])


SERVER = [{"opaque": True}]


@pytest.mark.portable(serializer="covalent", deps=["pandas==2.3.3"], via=SERVER)
def test_a_frame_passes_through_a_server_without_pandas(portable):
    """e1: the server reads it on the way, and the executor has what it takes."""
    verdict = portable(pd.DataFrame({"a": [1, 2]}), probe="obj['a'].sum().item()")
    assert verdict.leg["via"][0]["opaque"]
    server = portable._checker.hops[0].target.distributions
    assert "pandas" in verdict.target.distributions
    assert "pandas" not in server
    assert "covalent" in server


@pytest.mark.portable(
    serializer="covalent", options={"form": "json"}, deps=["pandas==2.3.3"], via=SERVER
)
def test_a_frame_passes_as_json_too(portable):
    assert portable(pd.DataFrame({"a": [1, 2]}), probe="obj['a'].sum().item()").portable


@pytest.mark.portable(serializer="covalent", via=[{"deps": []}])
def test_a_server_that_loads_needs_what_the_frame_needs(portable):
    """e1: what `get_deserialized` on the way would meet."""
    verdict = portable.check(pd.DataFrame({"a": [1, 2]}))
    assert (verdict.stage, set(codes(verdict))) == ("load", {"missing-distribution"})
    assert verdict.problems[0].distribution == "pandas"
    assert verdict.leg["hop"] == 1


@pytest.mark.portable(serializer="covalent", via=SERVER)
def test_a_call_has_a_message_of_its_own(portable):
    with pytest.raises(OptionError, match=r"portable\(value\) for what one task hands to the next"):
        portable.call(divmod, 7, 2)


@ct.lattice
def flow(numbers):
    return ct.electron(script(TOTAL, "total"))(numbers)


@pytest.mark.portable(serializer="covalent-lattice")
def test_a_lattice_goes_to_the_server_as_json(portable):
    flow.build_graph([1, 2])
    verdict = portable.check(flow, probe="len(obj.transport_graph._graph.nodes)")
    assert verdict, str(verdict)


def test_a_lattice_of_other_json_is_another():
    flow.build_graph([1, 2])
    twin = Lattice.deserialize_from_json(flow.serialize_to_json())
    assert make_lattice().is_same(flow, twin)
    twin.transport_graph._graph.remove_node(0)
    assert not make_lattice().is_same(flow, twin)


@pytest.mark.portable(serializer="covalent-lattice", python="3.10")
def test_a_lattice_cannot_be_read_with_an_older_networkx(portable):
    """e2: JSON is not portable by itself: the key of the links was renamed."""
    flow.build_graph([1, 2])
    verdict = portable.check(flow)
    assert verdict.stage == "load"
    assert codes(verdict) == ["version-skew"]
    assert verdict.problems[0].distribution == "networkx"
    assert "KeyError: 'links'" in str(verdict)


@pytest.mark.portable(serializer="covalent", by_value=["labpkg"])
def test_by_value_does_what_deps_module_does(portable):
    assert portable.call(ct.electron(labpkg.with_helper), 2) == 4
    assert portable.check(labpkg.Reading(1), probe="obj.value").portable


@pytest.mark.portable(serializer="covalent", ship=["labpkg"], python=OTHER)
def test_ship_takes_the_package_to_any_python(portable):
    assert portable.call(labpkg.with_helper, 2) == 4
    assert portable.call(ct.electron(labpkg.with_helper), 2) == 4


class Unprintable:
    def __str__(self):
        raise ValueError("no text")


@pytest.mark.portable(serializer="covalent")
def test_an_object_without_text_cannot_be_wrapped(portable):
    verdict = portable.check(Unprintable())
    assert (verdict.stage, codes(verdict)) == ("dump", ["unserializable"])


@pytest.mark.portable(serializer="covalent", options={"form": "jsonn"})
def test_misspelled(portable):
    pass
