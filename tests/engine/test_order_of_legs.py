from __future__ import annotations

import collections
import json
import subprocess
import sys

import pytest

Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - what dill treats apart
PAYLOADS = """\
import collections, json, sys
sys.path.insert(0, {folder!r})
from {module} import Point
from pytest_portable.serializers import Registry

values = [Point(1, 2), range(3), int, {{"a": {{1, 2}}}}]
names = {names!r}
found = {{}}
registry = Registry()
for name in names:
    serializer = registry.get(name)
    found[name] = [serializer.dumps(value, protocol=4).hex() for value in values]
print(json.dumps(found))
"""


def payloads(*names: str) -> dict[str, list[str]]:
    """Return what serializers dump, asked in this order in a fresh process."""
    folder = __file__.rpartition("/")[0]
    code = PAYLOADS.format(folder=folder, module=__name__, names=names)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("other", ["dill", "cloudpickle", "pickle"])
def test_what_joblib_dumps_does_not_depend_on_the_legs_before_it(other: str) -> None:
    pytest.importorskip("joblib")
    alone = payloads("joblib")

    after = payloads(other, "joblib")

    assert after["joblib"] == alone["joblib"]


def test_what_dill_dumps_does_not_depend_on_joblib() -> None:
    pytest.importorskip("joblib")

    assert payloads("joblib", "dill")["dill"] == payloads("dill")["dill"]
