"""Distributions that the mark wants absent: whether one is there, and who brought it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable.diagnosis.host import canonical
from pytest_portable.environment.layout import site_folders
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from importlib.metadata import Distribution

    from pytest_portable.environment import Environment

__all__ = ["chain_to", "declared_names", "find_unwanted"]

# A distribution by its canonical name, and the requirement lines of others that bring it.
Needs = dict[str, dict[str, str]]


def find_unwanted(
    absent: Sequence[str], environment: Environment, declared: Sequence[str] = ()
) -> list[Problem]:
    """Return a problem for every distribution that is there and must not be.

    Args:
        absent: requirement lines: names, or names with a specifier (`numpy<2`).
        environment: where to look.
        declared: the requirement lines it was made from.
    """
    from packaging.requirements import Requirement

    found = []
    for line in absent:
        wanted = Requirement(line)
        name = canonical(wanted.name)
        version = environment.distributions.get(name)
        if version is not None and wanted.specifier.contains(version, prereleases=True):
            chain = chain_to(name, _needs(environment), declared_names(declared))
            found.append(_problem(name, version, chain))
    return found


def declared_names(lines: Iterable[str]) -> frozenset[str]:
    """Names of distributions that requirement lines ask for themselves."""
    from packaging.requirements import InvalidRequirement, Requirement

    def read(line: str) -> str:
        try:
            return canonical(Requirement(line).name)
        except InvalidRequirement:  # a path or an option: its name is not in the line
            return ""

    return frozenset(filter(None, map(read, lines)))


def chain_to(name: str, needs: Needs, declared: frozenset[str]) -> list[tuple[str, str]]:
    """Return who brought a distribution, from what was asked for down to it.

    Args:
        name: canonical name.
        needs: who requires what.
        declared: names that were asked for themselves.

    Returns:
        Pairs of a distribution and the requirement by which it brings the next; empty where
        nobody requires it, or where it was asked for itself.
    """
    if name in declared:
        return []
    queue: deque[tuple[str, list[tuple[str, str]]]] = deque([(name, [])])
    seen = {name}
    longest: list[tuple[str, str]] = []
    while queue:
        current, chain = queue.popleft()
        if current in declared:
            return chain
        users = needs.get(current, {})
        longest = longest or (chain if not users else [])
        for user, line in users.items():
            if user not in seen:
                seen.add(user)
                queue.append((user, [(user, line), *chain]))
    return longest


def _problem(name: str, version: str, chain: list[tuple[str, str]]) -> Problem:
    if chain:
        steps = " -> ".join(f"{user} (requires {line})" for user, line in chain)
        brought = f"brought by {steps}"
        remedy = Remedy(f"leave out {chain[0][0]}, or ask for a version or extra without {name}")
    else:
        brought = "asked for by deps itself, or part of the interpreter"
        remedy = Remedy(f"leave {name} out of deps")
    return Problem(
        code="unwanted-distribution",
        stage="inspect",
        path=None,
        distribution=name,
        message=f"{name} {version} is in the environment, and absent= rules it out: {brought}",
        remedies=(remedy,),
    )


def _needs(environment: Environment) -> Needs:
    """Read who requires what off the metadata in an environment; no process is started."""
    from importlib import metadata  # noqa: PLC0415 - only where something is unwanted

    folders = [str(folder) for folder in site_folders(environment.path)]
    needs: Needs = {}
    for distribution in metadata.distributions(path=folders):
        user = canonical(distribution.metadata["Name"])
        for name, line in _required(distribution, environment.interpreter.facts["marker"]):
            needs.setdefault(name, {}).setdefault(user, line)
    return needs


def _required(
    distribution: Distribution, variables: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Return what a distribution requires, by name, and the words of its metadata for it."""
    from packaging.requirements import InvalidRequirement, Requirement

    extras = ["", *(distribution.metadata.get_all("Provides-Extra") or ())]
    for line in distribution.requires or ():
        try:
            required = Requirement(line)
        except InvalidRequirement:  # old metadata may say anything
            continue
        marker = required.marker
        # Nobody records which extras were asked for: what an extra brings counts where it is.
        if marker is None or any(marker.evaluate({**variables, "extra": one}) for one in extras):
            yield canonical(required.name), line.partition(";")[0].strip()
