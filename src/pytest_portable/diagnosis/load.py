"""A load or call that raised there: missing, not from a distribution, or the object's own hook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_portable.payload.inspection import Inspection

__all__ = ["Evidence", "explain_exception"]

RUNTIMES: Final = frozenset({"cloudpickle", "dill", "joblib"})


@dataclass(frozen=True)
class Evidence:
    """What is known beside the target's exception.

    Attributes:
        inspection: what the payload holds.
        providers: top-level import name -> distributions on the host.
        there: distribution (canonical name) -> version in the target.
        here: the same on the host, for distributions that are asked about.
        test_modules: names of modules that are test files of this session.
        modules: import name -> file, of modules the host imported.
        stdlib: top-level names of the host's standard library.
        runtimes: import names of what the serializer itself needs there.
    """

    inspection: Inspection | None
    providers: Mapping[str, list[str]] = field(default_factory=dict)
    there: Mapping[str, str] = field(default_factory=dict)
    here: Mapping[str, str] = field(default_factory=dict)
    test_modules: frozenset[str] = frozenset()
    modules: Mapping[str, str] = field(default_factory=dict)
    stdlib: frozenset[str] = frozenset()
    target_python: str = ""
    runtimes: frozenset[str] = frozenset()
    root: str = "obj"


def explain_exception(error: Mapping[str, Any], stage: str, evidence: Evidence) -> Problem:
    """Return the problem behind an exception that the target raised.

    Args:
        error: what the agent's `describe_exception` returned.
        stage: `load` or `call`.
        evidence: what else is known.
    """
    if "ImportError" in error["bases"] and error["name"]:
        return _import_failed(error, stage, evidence)
    if error["type"] == "AttributeError" and "on <module" in error["message"]:
        return _attribute_missing(error, stage, evidence)
    return Problem(
        code="load-hook",
        stage=stage,
        path=evidence.root,
        message=_where(error),
        evidence=_said(error),
    )


def _said(error: Mapping[str, Any]) -> str:
    return f"{error['type']}: {error['message']}"


def _where(error: Mapping[str, Any]) -> str:
    frames = error["frames"]
    if not frames:
        return f"raised {error['type']}"
    file, line, function, module = frames[-1]
    return f"{module}.{function} raised {error['type']} ({file}, line {line})"


def _import_failed(error: Mapping[str, Any], stage: str, evidence: Evidence) -> Problem:
    module = str(error["name"])
    top = module.partition(".")[0]
    path = _path_of(module, evidence)
    common: dict[str, Any] = {
        "stage": stage,
        "path": path,
        "module": module,
        "evidence": _said(error),
    }
    if top in evidence.test_modules:
        return _test_module(module, common)
    if top in RUNTIMES or top in evidence.runtimes:
        return Problem(
            code="serializer-missing",
            distribution=top,
            message=f"the payload needs {top} to load, and the environment has none",
            remedies=(_add(top), Remedy("install_serializer=True", "install_serializer=True")),
            **common,
        )
    if top in evidence.stdlib:
        return Problem(
            code="stdlib-version",
            message=f"{module} is no module of Python {evidence.target_python}'s standard library",
            **common,
        )
    distributions = evidence.providers.get(top, [])
    if not distributions:
        return _no_distribution(module, common, evidence)
    return _of_distribution(module, distributions[0], common, evidence)


def _of_distribution(
    module: str, distribution: str, common: dict[str, Any], evidence: Evidence
) -> Problem:
    found = evidence.there.get(distribution.lower().replace("_", "-"))
    if found is None:
        return Problem(
            code="missing-distribution",
            distribution=distribution,
            message=f"needs {module}, which no declared requirement brings",
            remedies=(_add(distribution),),
            **common,
        )
    here = evidence.here.get(distribution, "another version")
    return Problem(
        code="version-skew",
        distribution=distribution,
        message=f"{distribution} is installed there ({found}) but has no module {module}; "
        f"here it is {here}",
        remedies=(Remedy(f'deps=[..., "{distribution}=={here}"]', f"{distribution}=={here}"),),
        **common,
    )


def _no_distribution(module: str, common: dict[str, Any], evidence: Evidence) -> Problem:
    file = evidence.modules.get(module) or evidence.modules.get(module.partition(".")[0])
    lives = f"it lives in {file}" if file else "nothing here provides it either"
    return Problem(
        code="missing-module",
        message=f"needs {module}, which comes from no distribution: {lives}",
        remedies=(
            Remedy('install the project that holds it: deps=[..., "."]', '"."'),
            Remedy(
                "send it by value: cloudpickle.register_pickle_by_value"
                f"({module.partition('.')[0]}) with serializer='cloudpickle'"
            ),
        ),
        **common,
    )


def _test_module(module: str, common: dict[str, Any]) -> Problem:
    return Problem(
        code="test-module-reference",
        message=f"{module} is the test file itself, which the target will never have",
        remedies=(Remedy("move the definition to a module of an installed package"),),
        **common,
    )


def _attribute_missing(error: Mapping[str, Any], stage: str, evidence: Evidence) -> Problem:
    """Explain `Can't get attribute 'X' on <module 'm' ...>`."""
    message = str(error["message"])
    module = message.partition("on <module '")[2].partition("'")[0]
    attribute = message.partition("attribute '")[2].partition("'")[0]
    path = _path_of(module, evidence, attribute)
    common: dict[str, Any] = {
        "stage": stage,
        "path": path,
        "module": module,
        "evidence": _said(error),
    }
    if module == "__main__":
        return Problem(
            code="main-reference",
            message=f"__main__.{attribute} is sent by reference; the target's __main__ is empty",
            remedies=(Remedy("move the definition to a module of an installed package"),),
            **common,
        )
    distributions = evidence.providers.get(module.partition(".")[0], [])
    stdlib = module.partition(".")[0] in evidence.stdlib
    return Problem(
        code="stdlib-version" if stdlib else "version-skew",
        distribution=distributions[0] if distributions else None,
        message=f"{module} is there, but has no {attribute}",
        **common,
    )


def _add(distribution: str) -> Remedy:
    return Remedy(f'deps=[..., "{distribution}"]', f'"{distribution}"')


def _path_of(module: str, evidence: Evidence, qualname: str | None = None) -> str:
    """Return the first path that leads to a module (or to one of its attributes)."""
    if evidence.inspection is None:
        return evidence.root
    best = evidence.root
    for reference in evidence.inspection.references:
        if not reference.paths or reference.by != "reference":
            continue
        if reference.module == module and qualname in (None, reference.qualname):
            return reference.paths[0]
        if best == evidence.root and (
            reference.module.partition(".")[0] == module.partition(".")[0]
            and not reference.machinery
        ):
            best = reference.paths[0]
    return best
