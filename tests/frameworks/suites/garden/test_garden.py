"""Garden users: models and functions for a container that has neither their code nor Garden."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dill
import plant
import pytest
from garden_ai.utils._meta import redef_in_main
from uv import find_uv_bin

import __main__


def codes(verdict):
    return [problem.code for problem in verdict.problems]


@pytest.fixture
def redefined():
    """Redefine in `__main__` with Garden's own function, and give what it made."""
    names = []

    def redefine(obj):
        redef_in_main(obj)
        names.append(obj.__name__)
        return getattr(__main__, obj.__name__)

    yield redefine
    for name in names:
        delattr(__main__, name)


@pytest.mark.portable(serializer="dill")
def test_a_class_of_a_module_goes_by_reference(portable):
    """a1."""
    verdict = portable.check(plant.Model)
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.problems[0].module == "plant"


@pytest.mark.portable(serializer="dill", absent=["garden-ai"])
def test_gardens_own_redefinition_works_without_the_package(portable, redefined):
    """a2, with the real function."""
    model = redefined(plant.Model)([1, 2])
    verdict = portable(model, probe="obj.predict(2)")
    assert verdict.portable
    assert b"plant" not in dill.dumps(model)


NEWER = {"serializer": "dill", "deps": ["dill==0.4.1"], "install_serializer": False}


@pytest.mark.portable(**NEWER, round_trip=False)
def test_a_newer_dill_reads_it(portable, redefined):
    """a2, read by another dill."""
    assert portable(redefined(plant.Model)([1, 2]), probe="obj.predict(2)").portable


@pytest.mark.portable(**NEWER)
def test_what_a_newer_dill_sends_back_cannot_be_read(portable, redefined):
    """a6: dill 0.4.1 to dill 0.3.5.1."""
    verdict = portable.check(redefined(plant.Model)([1, 2]))
    assert (verdict.stage, codes(verdict)) == ("return", ["result-not-portable"])
    assert "code expected at most 16 arguments, got 19" in str(verdict).replace("\n     ", "")


@pytest.mark.portable(serializer="dill", install_serializer=False)
def test_a_container_without_dill_is_told(portable, redefined):
    """a2, in a bare environment."""
    verdict = portable.check(redefined(plant.Model)([1, 2]))
    assert (verdict.stage, codes(verdict)) == ("load", ["serializer-missing"])


@pytest.mark.portable(serializer="dill")
def test_an_instance_made_before_stays_a_reference(portable, redefined):
    """a3."""
    before = plant.Model([1, 2])
    redefined(plant.Model)
    verdict = portable.check(before)
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])


@pytest.mark.portable(serializer="dill", by_value=["plant"], absent=["garden-ai"])
def test_by_value_takes_instances_made_before_too(portable):
    """a3, repaired."""
    before = plant.Model([1, 2])
    assert portable(before, probe="obj.predict(2)").portable


@pytest.mark.portable(serializer="dill")
def test_a_redefined_function_loses_its_globals(portable, redefined):
    """a4: it loads, and fails when it is called; here as well, once it is redefined."""
    with pytest.raises(NameError, match="helper"):
        portable.call(redefined(plant.uses_helper), 1)


@pytest.mark.portable(serializer="dill", by_value=["plant"])
def test_by_value_takes_its_globals_along(portable):
    """a4, repaired."""
    assert portable.call(plant.uses_helper, 1) == 2


@pytest.mark.portable(serializer="dill", python="3.11")
def test_a_redefined_class_is_bound_to_its_python(portable, redefined):
    """a5: told before it can fail."""
    verdict = portable.check(redefined(plant.Model)([1, 2]))
    assert (verdict.stage, codes(verdict)) == (
        "inspect",
        ["bytecode-version"] * 3,  # the class and its two functions
    )


@pytest.mark.portable(
    serializer="dill",
    python="3.11",
    allow_bytecode=True,
    deps=["dill==0.3.5.1"],
    install_serializer=False,
)
def test_what_it_does_on_311_is_seen(portable, redefined):
    """a5: dill 0.3.5.1 cannot build the code object there."""
    verdict = portable.check(redefined(plant.Model)([1, 2]), probe="obj.predict(2)")
    assert (verdict.stage, codes(verdict)) == ("load", ["load-hook"])
    assert "code expected at most" in str(verdict)
    assert "bytecode-version" in {note.code for note in verdict.notes}


@pytest.mark.portable(
    serializer="dill",
    python="3.12",
    allow_bytecode=True,
    deps=["dill==0.4.1"],
    install_serializer=False,
    round_trip=False,
)
def test_what_it_does_on_312_is_seen(portable, redefined):
    """a5: dill 0.4.1 loads it there, and the first method ends the process."""
    verdict = portable.check(redefined(plant.Model)([1, 2]), probe="obj.predict(2)")
    assert (verdict.stage, codes(verdict)) == ("call", ["crash"])


@pytest.mark.portable(serializer="dill", deps=["garden-ai==2.3.2"], absent=["garden-ai"])
def test_gardens_own_package_in_the_environment_is_told(portable):
    verdict = portable.check({"a": 1})
    assert (verdict.stage, codes(verdict)) == ("inspect", ["unwanted-distribution"])


def text(value):
    import six

    return six.ensure_text(value)


@pytest.mark.portable(serializer="dill", deps=["script:script.py"], as_main=True)
def test_a_scripts_header_is_the_environment(portable):
    """Garden's scripts declare what the container installs in their first lines."""
    assert portable.target.distributions["six"] == "1.16.0"
    assert portable.call(text, b"leaf") == "leaf"


rate = 3


def predict(value):
    found = 0
    for _ in range(rate):
        found += value
    return found


SESSION = {"predict": predict, "rate": rate}
PROBE = "(obj['rate'], obj['predict'](2))"


@pytest.mark.portable(serializer="dill-session", as_main=True, absent=["garden-ai"])
def test_a_session_travels_whole(portable):
    """A notebook: functions see the session's other names."""
    assert portable.check(SESSION, probe="obj['predict'](2) == 6").portable


@pytest.mark.portable(serializer="dill-session")
def test_a_session_file_is_judged_as_it_is(portable, tmp_path):
    """What the container's build saves with `dill.dump_session`, from a real script."""
    area = "def area(r):\n    return [math.floor(math.pi * x * x) for x in r]\n"
    whole = write_session(tmp_path, "import math\n" + area)
    assert portable.check_payload(whole, probe="obj['area']([1, 2])").portable

    lacking = write_session(tmp_path, "import plant\nmodel = plant.Model([1])\n")
    verdict = portable.check_payload(lacking)
    assert (verdict.stage, codes(verdict)[0]) == ("load", "missing-module")
    assert verdict.problems[0].path == "obj['plant']"


def write_session(folder, source, python=sys.executable):
    file, script = folder / "session.pkl", folder / "notebook.py"
    script.write_text(f"{source}import dill\ndill.dump_session({str(file)!r})\n")
    env = {"PYTHONPATH": str(Path(plant.__file__).parent)}
    subprocess.run([python, str(script)], check=True, env=env)
    return file.read_bytes()


@pytest.mark.portable(
    serializer="dill-session",
    as_main=True,
    python="3.11",
    allow_bytecode=True,
    deps=["dill==0.3.5.1"],
    install_serializer=False,
)
def test_a_session_of_310_is_lost_on_311(portable):
    """a6: `UnboundLocalError` in dill's maker of code objects."""
    verdict = portable.check(SESSION, probe=PROBE)
    assert (verdict.stage, codes(verdict)) == ("load", ["load-hook"])


@pytest.mark.portable(
    serializer="dill-session",
    as_main=True,
    python="3.12",
    allow_bytecode=True,
    deps=["dill==0.4.1"],
    install_serializer=False,
    round_trip=False,
)
def test_the_functions_of_a_session_are_lost_on_another_python(portable):
    """a6: it loads, its data is right, and a call ends the process."""
    verdict = portable.check(SESSION, probe="obj['rate']")
    assert verdict.portable
    verdict = portable.check(SESSION, probe="obj['predict'](2)")
    assert verdict.stage == "call"
    # What broken bytecode does varies: SystemError may be raised before the process breaks down.
    assert codes(verdict)[0] in {"crash", "early-exit", "call-error"}


@pytest.fixture
def newer_dill(tmp_path):
    """An environment of the notebook's author, whose dill is not the container's."""
    folder = tmp_path / "newer"
    python = str(folder / "bin" / "python")
    uv = [find_uv_bin(), "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(folder)], check=True)
    subprocess.run([*uv, "pip", "install", "--python", python, "dill==0.4.1"], check=True)
    return python


@pytest.mark.portable(serializer="dill-session")
def test_a_session_of_a_newer_dill_is_lost_in_the_container(portable, tmp_path, newer_dill):
    """a6: dill 0.4.1 wrote it, the container has 0.3.5.1."""
    assert portable.target.distributions["dill"] == "0.3.5.1"
    area = "def area(r):\n    return [x * x for x in r]\n"
    verdict = portable.check_payload(write_session(tmp_path, area, newer_dill))
    assert (verdict.stage, codes(verdict)) == ("load", ["serializer-skew"])
    assert "16 arguments, got 19" in str(verdict)
