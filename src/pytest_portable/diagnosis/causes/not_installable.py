"""Modules that no distribution has: `__main__`, the test file, a source tree, a single file."""

from __future__ import annotations

import sys
from typing import Final

from pytest_portable.agent.in_target.asking import held_in
from pytest_portable.diagnosis.causes.wording import PLAIN, in_a_package, lacking, needs
from pytest_portable.diagnosis.definitions import live
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.target_errors import Lack
from pytest_portable.serializers.shipping.as_main import SPAWNED
from pytest_portable.verdict import Problem, Remedy

__all__ = ["MainReference", "MissingModule", "PytestLeak", "TestModuleReference"]

_BY_VALUE: Final = frozenset({"cloudpickle", "dill"})


class MainReference:
    """A name of `__main__`, which is empty there."""

    code = "main-reference"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if lack.module != "__main__":
            return None
        if lack.error is not None and SPAWNED in lack.error.message:
            message = f"__main__.{lack.name} is sent by reference, and a spawned process that runs "
            message += "the script does not get it"
            return lacking(self.code, lack, message, remedies=(in_a_package(),))
        remedies = [in_a_package()]
        if evidence.serializer in PLAIN and evidence.standing.is_definition(lack.name):
            remedies.append(
                Remedy('serializer="cloudpickle" sends it by value', 'serializer="cloudpickle"')
            )
        what = lack.name or "the module itself"
        return lacking(
            self.code,
            lack,
            f"__main__.{what} is sent by reference, and __main__ there is empty"
            if lack.name
            else "__main__ is sent by reference, and it is empty there",
            remedies=tuple(remedies),
        )


class TestModuleReference:
    """A name of the test file, or of a conftest."""

    code = "test-module-reference"
    __test__ = False

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if not evidence.maker.is_test(lack.module) or evidence.there(lack.module):
            return None
        subject = lack.what if lack.name or lack.wanted else f"something of {lack.module}"
        return lacking(
            self.code,
            lack,
            f"{subject} is defined in the test file itself, which the target never has",
            remedies=(in_a_package(),),
        )


class PytestLeak:
    """An object that pytest put into a test's namespace, captured by code sent by value."""

    code = "pytest-leak"

    def explain(self, lack: Lack, _evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if lack.top != "_pytest":
            return None
        if lack.module.startswith("_pytest.assertion"):
            message = (
                f"assertion rewriting put {lack.module} into the globals of code that is sent "
                "by value and contains an assert"
            )
            fix = "move the code to a module that pytest does not rewrite, or raise without assert"
        else:
            message = f"needs {lack.what}, which belongs to pytest and is captured by the object"
            fix = "let the code look the stream up when it runs: print(), sys.stdout"
        return lacking(self.code, lack, message, distribution="pytest", remedies=(Remedy(fix),))


class MissingModule:
    """A module that comes from no distribution here."""

    code = "missing-module"

    def explain(self, lack: Lack, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if evidence.owner(lack.module) is not None or evidence.there(lack.module):
            return None
        message, remedies = self._words(lack, evidence)
        return lacking(self.code, lack, message, remedies=remedies)

    def _words(self, lack: Lack, evidence: Evidence) -> tuple[str, tuple[Remedy, ...]]:
        here, top = evidence.maker, lack.top
        file = here.file(lack.module)
        if file is None or not file.exists():
            return self._without_file(lack, evidence)
        if not here.is_findable(top):
            keeper = here.keeper(lack.module)
            return (
                (
                    f"{needs(lack)}, which was loaded here from the file {file}"
                    f"{f' of {keeper}' if keeper else ''} and is on no import path"
                ),
                self._by_value(evidence, lack.module),
            )
        return (
            f"{needs(lack)}, which belongs to no distribution: it lives in {file}",
            (
                *self._project(lack, evidence),
                Remedy(f'send its source along: ship=["{top}"]', f'ship=["{top}"]'),
                *self._by_value(evidence, top),
            ),
        )

    def _without_file(self, lack: Lack, evidence: Evidence) -> tuple[str, tuple[Remedy, ...]]:
        home = _home(lack)
        if home and home != lack.module:
            owner = evidence.there(home)
            found = f" (there in {owner})" if owner else ""
            return (
                (
                    f"{lack.what} says __module__ = {lack.module!r}, which nothing can import; "
                    f"it is defined in {home}{found}"
                ),
                (Remedy(f"set __module__ to {home!r}, where it can be imported"),),
            )
        if lack.module in sys.modules or lack.top in sys.modules:
            return (f"{needs(lack)}, a module that was made in memory here and has no file", ())
        return (f"{needs(lack)}, which nothing here provides either", ())

    def _project(self, lack: Lack, evidence: Evidence) -> tuple[Remedy, ...]:
        project = evidence.maker.project(lack.module)
        if project is None:
            return ()
        try:
            inner = project.relative_to(evidence.maker.root).as_posix()
        except ValueError:
            inner = str(project)
        line = inner if inner in {".", ""} or inner.startswith("/") else f"./{inner}"
        return (Remedy(f'install the project: deps=[..., "{line}"]', f'"{line}"'),)

    def _by_value(self, evidence: Evidence, module: str) -> tuple[Remedy, ...]:
        if evidence.serializer not in _BY_VALUE:
            return ()
        return (Remedy(f'send it by value: by_value=["{module}"]', f'by_value=["{module}"]'),)


def _home(lack: Lack) -> str:
    """Return the module that really has a definition, by the names of its functions."""
    wanted = lack.name or lack.wanted
    found = live(lack.module, wanted) if wanted else None
    if found is None:
        return ""
    candidates = [found, *(vars(found).values() if isinstance(found, type) else ())]
    for each in candidates:
        scope = getattr(each, "__globals__", None)
        if isinstance(scope, dict) and isinstance(scope.get("__name__"), str):
            return str(scope["__name__"])
    name = wanted.partition(".")[0]
    top = live(lack.module, name)
    for module_name, module in list(sys.modules.items()):
        held = held_in(module)
        if held.get(name) is top and module_name != lack.module and held.get("__file__"):
            return module_name
    return ""
