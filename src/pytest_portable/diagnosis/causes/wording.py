"""Problems and remedies with the same words in several causes."""

from __future__ import annotations

from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.host import Owner
from pytest_portable.diagnosis.target_errors import Lack
from pytest_portable.verdict import Problem, Remedy

__all__ = ["PLAIN", "add", "in_a_package", "lacking", "needs", "pin"]

PLAIN = frozenset({"dill", "joblib", "pickle"})
"""Serializers that a user is free to change for cloudpickle; systems send with their own."""
_MAX_ALSO = 2


def lacking(  # noqa: PLR0913 - one keyword for each field that differs
    code: str,
    lack: Lack,
    message: str,
    *,
    distribution: str | None = None,
    remedies: tuple[Remedy, ...] = (),
    module: str | None = None,
) -> Problem:
    """Return the problem of something that is missing there."""
    return Problem(
        code=code,
        stage=lack.stage,
        path=lack.path,
        module=lack.module if module is None else module,
        distribution=distribution,
        message=message + _also(lack),
        evidence=lack.evidence,
        remedies=remedies,
    )


def _also(lack: Lack) -> str:
    if not lack.also:
        return ""
    more = len(lack.also) - _MAX_ALSO
    rest = f" and {more} more" if more > 0 else ""
    return f"; also at {', '.join(lack.also[:_MAX_ALSO])}{rest}"


def needs(lack: Lack) -> str:
    """Return who needs what."""
    if lack.user:
        return f"{lack.user} imports {lack.what}"
    if lack.importer:
        return f"{lack.importer} imports {lack.what}"
    return f"needs {lack.what}"


def add(evidence: Evidence, distribution: str) -> tuple[Remedy, ...]:
    """Return how to install a distribution there, where that is possible."""
    # A source tree that is linked here can be installed there only as a project.
    if evidence.maker.is_edited(distribution):
        return (Remedy(f'install the project {distribution}: deps=[..., "."]', '"."'),)
    if not evidence.given:
        return (Remedy(f"install {distribution} in {evidence.target.executable}"),)
    return (Remedy(f'deps=[..., "{distribution}"]', f'"{distribution}"'),)


def pin(evidence: Evidence, here: Owner) -> tuple[Remedy, ...]:
    """Return how to install the maker's version there, if it supports the target's Python."""
    requires = evidence.maker.requires_python(here.name)
    if not (evidence.given and here.version) or evidence.maker.is_edited(here.name):
        return ()
    if requires and not _supports(requires, evidence.target.python):
        return (
            Remedy(
                f"dump with the {here.name} of the target: "
                f"{here} needs Python {requires}, the target is {evidence.target.python}"
            ),
        )
    wanted = f"{here.name}=={here.version}"
    return (Remedy(f'deps=[..., "{wanted}"]', f'"{wanted}"'),)


def _supports(requires: str, python: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(requires).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


def in_a_package() -> Remedy:
    """Return the remedy for what is defined outside of installed packages."""
    return Remedy("move the definition to a module of an installed package")
