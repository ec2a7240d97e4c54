"""Policies of the mark: what travels may weigh so much, and must not refer to that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.payload.out_of_band import size_of
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_portable.judgement.check import Check
    from pytest_portable.payload.inspection import Inspection

__all__ = ["check_policies"]

_BIGGEST: Final = 3
_MAX_USES: Final = 3
_LEAST_SHARE: Final = 100  # what is below one part of so many is not worth a word
# What counts as the payload: values that only a probe sees are the test's own.
_WEIGHED: Final = ("obj", "arguments")


def check_policies(check: Check, payloads: list[tuple[str, bytes]]) -> None:
    """Refuse what travels where it breaks a policy of the mark.

    Args:
        check: gets the problems and notes.
        payloads: what travels, by name.
    """
    _check_size(check, [one for one in payloads if one[0] in _WEIGHED])
    if not check.leg.forbid:
        return
    for name, data in payloads:
        inspection = check.inspection(data, name)
        for module in check.leg.forbid:
            _check_forbidden(check, inspection, module)


def _check_size(check: Check, payloads: list[tuple[str, bytes]]) -> None:
    budget = check.leg.max_bytes
    sources = check.shipping.sources
    shipped = {} if sources is None else {name: sources.bytes_of(name) for name in sources.names}
    total = sum(size_of(data) for _, data in payloads) + sum(shipped.values())
    if budget is None or total <= budget:
        return
    fillers = [
        (size.bytes, size.path)
        for name, data in payloads
        for size in check.inspection(data, name).filled_by
    ]
    fillers += [(count, f"ship={[name]}") for name, count in shipped.items()]
    fillers = [one for one in fillers if one[0] * _LEAST_SHARE >= total]
    biggest = sorted(fillers, key=lambda one: -one[0])[:_BIGGEST]
    problem = Problem(
        code="too-large",
        stage="inspect",
        path=biggest[0][1] if biggest else payloads[0][0],
        message=f"{total:,} bytes travel, and max_size is {budget:,}; biggest: "
        + ", ".join(f"{_shown(path)} ({count:,})" for count, path in biggest),
        remedies=(
            Remedy("leave out what the other side can make or load by itself"),
            Remedy(f"max_size={total:_}", f"max_size={total:_}"),
        ),
    )
    check.problems.append(with_argument_path(problem))


def _shown(path: str) -> str:
    return with_argument_path(Problem("", "", "", path=path)).path or path


def _check_forbidden(check: Check, inspection: Inspection, forbidden: str) -> None:
    """Report one problem for everything that leads to a forbidden module, and notes."""
    for sure, target in ((True, check.problems), (False, check.notes)):
        uses = list(dict.fromkeys(_uses(inspection, forbidden, sure=sure)))
        if not uses:
            continue
        path, module, distribution, what = uses[0]
        more = [f"{one[3]} at {_shown(one[0])}" for one in uses[1:_MAX_USES]]
        more += [f"and {len(uses) - _MAX_USES} more"] if len(uses) > _MAX_USES else []
        problem = Problem(
            code="forbidden-reference",
            stage="inspect",
            path=path,
            module=module,
            distribution=distribution,
            message="; ".join((f"{what}, which forbid={[forbidden]} rules out", *more)),
        )
        target.append(with_argument_path(problem))


def _uses(
    inspection: Inspection, forbidden: str, *, sure: bool
) -> Iterator[tuple[str, str, str | None, str]]:
    """Path, module, distribution and words for everything that leads to a module.

    Args:
        inspection: of a payload.
        forbidden: the module.
        sure: what needs the module; else imports that the code can do without.
    """
    from pytest_portable.host_modules import distribution_of  # noqa: PLC0415 - on demand

    for reference in inspection.references if sure else ():
        if reference.by == "reference" and _is_in(reference.module, forbidden):
            name = f"{reference.module}.{reference.qualname}".removesuffix(".")
            path = reference.paths[0] if reference.paths else "obj"
            yield path, reference.module, reference.distribution, f"refers to {name}"
    for code in inspection.code:
        for module in code.imports if sure else code.conditional_imports:
            if _is_in(module, forbidden):
                verb = "imports" if sure else "imports, but can do without,"
                words = f"{code.name or 'code'} {verb} {module} when it runs"
                yield code.path, module, distribution_of(module), words
    for _, inner in inspection.nested:
        yield from _uses(inner, forbidden, sure=sure)


def _is_in(module: str, forbidden: str) -> bool:
    return module == forbidden or module.startswith(f"{forbidden}.")
