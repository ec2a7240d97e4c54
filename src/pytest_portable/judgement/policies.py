"""Policies of the mark: what a payload may weigh and refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_portable.verdict import Problem

if TYPE_CHECKING:
    from pytest_portable.judgement.check import Check

__all__ = ["check_policies"]


def check_policies(check: Check, name: str, data: bytes) -> None:
    """Refuse a payload that is too large, or that refers to what the mark forbids."""
    budget = check.leg.max_bytes
    if budget is not None and name == "obj" and len(data) > budget:
        sizes = check.inspection(data, name).sizes[:3]
        biggest = ", ".join(f"{size.path} ({size.bytes:,})" for size in sizes)
        check.problems.append(
            Problem(
                code="too-large",
                stage="inspect",
                path=sizes[0].path if sizes else name,
                message=f"{len(data):,} bytes, budget {budget:,}; biggest: {biggest}",
            )
        )
    for module in check.leg.forbid:
        for reference in check.inspection(data, name).references:
            if reference.module == module or reference.module.startswith(module + "."):
                check.problems.append(
                    Problem(
                        code="forbidden-reference",
                        stage="inspect",
                        path=reference.paths[0] if reference.paths else name,
                        module=reference.module,
                        distribution=reference.distribution,
                        message=f"refers to {reference.module}, which the mark forbids",
                    )
                )
