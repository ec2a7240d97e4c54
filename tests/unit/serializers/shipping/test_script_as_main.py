from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dill
import pytest

from pytest_portable.errors import OptionError
from pytest_portable.serializers.shipping.script_as_main import as_script, find_test_module
from support.laboratory import importable

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = """
class Point:
    pass

def helper():
    pass
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("script")
    with importable(folder, {"test_script.py": SCRIPT}) as found:
        # What assertion rewriting leaves behind, which nothing but pytest could load.
        vars(found)["@pytest_ar"] = pytest
        vars(found)["@py_builtins"] = sys
        yield found


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_everything_is_put_back(script: Any, error: type[BaseException] | None) -> None:
    main, of_dill = sys.modules["__main__"], dill._dill._main_module
    before = dict(vars(script)), script.Point.__module__

    def enter() -> None:
        with as_script(script):
            assert sys.modules["__main__"] is dill._dill._main_module is script
            assert script.Point.__module__ == script.helper.__module__ == "__main__"
            assert script.__name__ == "__main__"
            assert "@pytest_ar" not in vars(script)
            if error is not None:
                raise error

    if error is None:
        enter()
    else:
        with pytest.raises(error):
            enter()

    assert (dict(vars(script)), script.Point.__module__) == before
    assert (sys.modules["__main__"], dill._dill._main_module) == (main, of_dill)


@pytest.mark.parametrize(
    ("test", "words"),
    [("", "nothing here is run by pytest"), ("no/such/test_file.py::test_x", "no/such/test_file")],
)
def test_without_a_test_module_it_is_misuse(test: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        find_test_module(test, Path("/"))


def test_only_the_very_file_is_meant(script: Any) -> None:
    root = Path(script.__file__).parent

    assert find_test_module("test_script.py::test_x", root) is script
    assert find_test_module("../test_script.py::test_x", root / "sub") is script
    with pytest.raises(OptionError):
        find_test_module("test_script.py::test_x", root.parent)
