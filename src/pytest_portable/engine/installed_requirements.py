"""What installed distributions bring along: their own requirements, read from the host."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pytest_portable.diagnosis.host import canonical
from pytest_portable.host_modules import origin_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["Installed"]


@dataclass
class Installed:
    """The host's distributions, as another interpreter would install them.

    Attributes:
        marker: values of the target's environment markers (`python_version`, ...).
        root: where relative paths start.
    """

    marker: Mapping[str, str]
    root: Path
    _seen: dict[tuple[str, frozenset[str]], frozenset[str]] = field(default_factory=dict)

    def version(self, name: str) -> str | None:
        """Give the public version that is installed here, if it is."""
        try:
            # A local label (`2.1+cpu`) is on no index.
            return metadata.version(name).partition("+")[0]
        except metadata.PackageNotFoundError:
            return None

    def origin(self, name: str) -> str | None:
        """Give the folder or address that a distribution was installed from, if not an index.

        Source:
            PyPA specifications, "Recording the Direct URL Origin of installed distributions".
        """
        try:
            origin = origin_of(metadata.distribution(name))
        except metadata.PackageNotFoundError:
            return None
        url = str(origin.get("url", ""))
        if "dir_info" in origin and url.startswith("file://"):
            return self._relative(Path(unquote(urlsplit(url).path)))
        vcs = origin.get("vcs_info")
        if vcs:
            return f"{name} @ {vcs['vcs']}+{url}@{vcs['commit_id']}"
        return f"{name} @ {url}" if url else None

    def _relative(self, folder: Path) -> str:
        if folder == self.root:
            return "."
        within = folder.is_relative_to(self.root)
        return f"./{folder.relative_to(self.root).as_posix()}" if within else str(folder)

    def brings(self, name: str, extras: Collection[str] = ()) -> frozenset[str]:
        """Give the canonical names of all that a distribution requires, directly or not."""
        return self._brings(canonical(name), frozenset(map(canonical, extras)), frozenset())

    def _brings(self, name: str, extras: frozenset[str], above: frozenset[str]) -> frozenset[str]:
        key = name, extras
        if key in self._seen:
            return self._seen[key]
        found: set[str] = set()
        for requirement in self._required(name, extras):
            other = canonical(requirement.name)
            found.add(other)
            if other not in above and other != name:
                inner = frozenset(map(canonical, requirement.extras))
                found |= self._brings(other, inner, above | {name})
        # What a cycle cut short is true only below it.
        if not above & found:
            self._seen[key] = frozenset(found)
        return frozenset(found)

    def _required(self, name: str, extras: frozenset[str]) -> Iterator[Requirement]:
        for requirement in _requirements(name):
            if requirement.marker is None or any(
                requirement.marker.evaluate({**self.marker, "extra": extra})
                for extra in (extras or ("",))
            ):
                yield requirement

    def extra_for(self, name: str, wanted: str) -> str | None:
        """Give the extra of a distribution that brings another one: the smallest that is here.

        Args:
            name: the distribution whose extras are asked for.
            wanted: canonical name of what shall be brought.
        """
        try:
            extras = metadata.metadata(name).get_all("Provides-Extra") or []
        except metadata.PackageNotFoundError:
            return None
        plain = {canonical(each.name) for each in self._required(name, frozenset())}
        found: list[tuple[int, str]] = []
        for extra in extras:
            asked = frozenset({canonical(extra)})
            more = {canonical(each.name) for each in self._required(name, asked)} - plain
            if wanted in more and all(self.version(each) for each in more):
                found.append((len(more), extra))
        return min(found)[1] if found else None


@functools.cache
def _requirements(name: str) -> tuple[Requirement, ...]:
    from packaging.requirements import (
        InvalidRequirement,
        Requirement,
    )

    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return ()
    found = []
    for line in lines:
        try:
            found.append(Requirement(line))
        except InvalidRequirement:  # noqa: PERF203 - other people's metadata
            continue
    return tuple(found)
