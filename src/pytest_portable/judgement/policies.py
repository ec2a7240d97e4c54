"""Policies of the mark: what travels may weigh so much, and must not refer to that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pytest_portable.host_modules import distribution_of
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.findings import NOTHING, Findings, notes, problems
from pytest_portable.payload.inspection import Inspection
from pytest_portable.serializers.out_of_band import size_of
from pytest_portable.verdict import Problem, Remedy

__all__ = ["check_policies"]

_BIGGEST: Final = 3
_MAX_USES: Final = 3
_LEAST_SHARE: Final = 100  # what is below one part of so many is not worth a word
# What counts as the payload: values that only a probe sees are the test's own.
_WEIGHED: Final = ("obj", "arguments")


def check_policies(context: Context, sent: Sent) -> Findings:
    """Return where what travels breaks a policy of the mark.

    Args:
        context: of the check.
        sent: what travels.
    """
    found = _check_size(context, sent)
    for name, _ in sent.payloads if context.leg.forbid else ():
        inspection = sent.inspection(name)
        for module in context.leg.forbid:
            needed = _forbidden(inspection, module, sure=True)
            optional = _forbidden(inspection, module, sure=False)
            found += problems(needed) + notes(optional)
    return found


def _check_size(context: Context, sent: Sent) -> Findings:
    budget = context.leg.max_bytes
    sources = context.shipping.sources
    weighed = [one for one in sent.payloads if one[0] in _WEIGHED]
    shipped = {} if sources is None else {name: sources.bytes_of(name) for name in sources.names}
    total = sum(size_of(data) for _, data in weighed) + sum(shipped.values())
    if budget is None or total <= budget:
        return NOTHING
    fillers = [
        (size.bytes, size.path) for name, _ in weighed for size in sent.inspection(name).filled_by
    ]
    fillers += [(count, f"ship={[name]}") for name, count in shipped.items()]
    fillers = [one for one in fillers if one[0] * _LEAST_SHARE >= total]
    biggest = sorted(fillers, key=lambda one: -one[0])[:_BIGGEST]
    problem = Problem(
        code="too-large",
        stage="inspect",
        path=biggest[0][1] if biggest else weighed[0][0],
        message=f"{total:,} bytes travel, and max_size is {budget:,}; biggest: "
        + ", ".join(f"{_shown(path)} ({count:,})" for count, path in biggest),
        remedies=(
            Remedy("leave out what the other side can make or load by itself"),
            Remedy(f"max_size={total:_}", f"max_size={total:_}"),
        ),
    )
    return problems([with_argument_path(problem)])


def _shown(path: str) -> str:
    return with_argument_path(Problem("", "", "", path=path)).path or path


def _forbidden(inspection: Inspection, forbidden: str, *, sure: bool) -> Iterator[Problem]:
    """Yield one problem for everything that leads to a forbidden module; see `_uses`."""
    uses = list(dict.fromkeys(_uses(inspection, forbidden, sure=sure)))
    if not uses:
        return
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
    yield with_argument_path(problem)


def _uses(
    inspection: Inspection, forbidden: str, *, sure: bool
) -> Iterator[tuple[str, str, str | None, str]]:
    """Path, module, distribution and words for everything that leads to a module.

    Args:
        inspection: of a payload.
        forbidden: the module.
        sure: what needs the module; else imports that the code can do without.
    """
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
