from __future__ import annotations

import pytest

# Here already: each run of pytester forgets the modules that it imported, and the next run would
# have another class `Serializer` than the package.
from pytest_portable import OptionError, Serializer

HEAD = """
import json
import pytest
from pytest_portable import Serializer

def dump(obj):
    return json.dumps(obj).encode()

def make(name="plain-json"):
    return Serializer(
        name=name,
        dumps=dump,
        loaders="json:loads",
        dumpers="there:dumps",
        pickles=lambda payload: (),
        there="def dumps(obj):\\n    import json\\n    return json.dumps(obj).encode()\\n",
    )
"""


@pytest.fixture
def own(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose conftest brings a serializer named `plain-json`."""
    hook = "def pytest_portable_serializers(config):\n    return make()\n"
    pytester.makeconftest(HEAD + hook)
    return pytester


def test_a_serializer_of_the_hook_is_used_by_its_name(own: pytest.Pytester) -> None:
    own.makepyfile(
        """
import pytest
@pytest.mark.portable(serializer="plain-json")
def test_x(portable):
    verdict = portable([1, None, "text"], probe="obj[0] + 1")
    assert (verdict.serializer, verdict.protocol, verdict.payload_bytes) == ("plain-json", None, 17)
    assert portable.call is not None
    lossy = portable.check({1: (2,)})
    assert lossy.stage == "compare"
"""
    )
    own.runpytest().assert_outcomes(passed=1)


def test_options_name_a_serializer_of_the_hook(own: pytest.Pytester) -> None:
    own.makepyfile("def test_x(portable): assert portable([1]).serializer == 'plain-json'")
    own.runpytest("--portable-serializer=plain-json").assert_outcomes(passed=1)


def test_a_serializer_itself_may_stand_in_the_mark(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
@pytest.mark.portable(serializer=[make("mine"), "pickle"])
def test_x(portable):
    verdict = portable([1])
    assert verdict.serializer == portable.leg.serializer
"""
    )
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_x?mine?*", "*test_x?pickle?*"])


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        pytest.param(
            "[make(), make()]",
            "two serializers are named 'plain-json': conftest.dump and conftest.dump",
            id="twice",
        ),
        pytest.param(
            "[make('dill')]", "'dill' (conftest.dump) has the name of a built-in", id="built-in"
        ),
        pytest.param("['dill']", "'dill' is not a pytest_portable.Serializer", id="no-serializer"),
    ],
)
def test_a_bad_answer_of_the_hook_is_a_usage_error(
    pytester: pytest.Pytester, hook: str, message: str
) -> None:
    pytester.makeconftest(HEAD + f"def pytest_portable_serializers(config):\n    return {hook}\n")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        pytest.param("serializer='jobblib'", "did you mean 'joblib'?", id="near"),
        pytest.param("serializer=3", "3 is neither a name nor a Serializer", id="number"),
        pytest.param("serializer=make('dill')", "has the name of another serializer", id="taken"),
        pytest.param(
            "serializer=[make('a'), make('a')]", "two serializers of the list", id="twice"
        ),
        pytest.param("serializer=make(), protocol=4", "takes no pickle protocol", id="protocol"),
        pytest.param(
            "serializer='dill', options={'recursive': True}",
            "dill takes no 'recursive'; did you mean 'recurse'? (valid: byref, fmode, recurse)",
            id="option",
        ),
    ],
)
def test_a_bad_serializer_in_a_mark_is_an_error_of_the_item(
    pytester: pytest.Pytester, mark: str, message: str
) -> None:
    source = f"@pytest.mark.portable({mark})\ndef test_x(portable): pass\n"
    pytester.makepyfile(HEAD + source + "def test_other(): pass\n")

    result = pytester.runpytest()

    result.assert_outcomes(errors=1, passed=1)
    assert message in result.stdout.str()


def test_a_bad_serializer_is_refused_when_it_is_made() -> None:
    with pytest.raises(OptionError) as caught:
        Serializer(
            name="two words",
            dumps=None,  # type: ignore[arg-type]
            loaders=("json.loads", "there:loads"),
            dumpers=(),
            requirement="json ==",
        )

    said = "\n".join(caught.value.mistakes)
    for words in (
        "name: 'two words'",
        "dumps: None cannot be called",
        "'json.loads' is not 'module:function'",
        "source `there`, which is empty",
        "dumpers: the list is empty",
        "requirement: 'json =='",
    ):
        assert words in said
