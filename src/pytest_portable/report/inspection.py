"""What a payload needs and holds, as a tree of text; works on plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

__all__ = ["render_inspection"]

MAX_REFERENCES: Final = 12
MAX_PATHS: Final = 3
MAX_SHOWN: Final = 10
MIN_BYTES: Final = 1000  # smaller parts are not shown
# One line of the tree: its text, and the lines below it.
Branch = tuple[str, "Sequence[Branch]"]

_RUNTIME: Final = 9  # the serializers' own packages come last
_PLUMBING: Final = frozenset(("types.CodeType", "types.FunctionType", "types.CellType"))
_HOMES: Final[Mapping[str, str]] = {
    "__main__": "__main__ (every process has its own)",
    "test file": "a test file, which nobody else has",
    "source tree": "a source tree here, and no distribution",
    "nowhere": "nothing that could be found here",
    "standard library": "the standard library",
}
_UNITS: Final = ("bytes", "kB", "MB", "GB")


def render_inspection(
    inspection: Mapping[str, Any],
    *,
    title: str = "payload",
    container: Mapping[str, Any] | None = None,
    origin: str = "",
) -> str:
    """Render an inspection as a tree.

    Args:
        inspection: what `Inspection.to_dict()` returns.
        title: what was inspected.
        container: what `Container.to_dict()` returns, where it was a file.
        origin: who made it, where that is known.
    """
    lines = [f"{title}: {', '.join(_head(inspection, container))}"]
    lines += [f"made by {origin}"] if origin else []
    for branch in _branches(inspection):
        lines += ["", *_drawn(branch)]
    return "\n".join(lines)


def _head(inspection: Mapping[str, Any], container: Mapping[str, Any] | None) -> Iterator[str]:
    if container is not None:
        yield container["kind"] if container["pickles"] < 2 else _count(container)  # noqa: PLR2004
        if container["compression"]:
            yield f"packed with {container['compression']}"
    yield f"protocol {inspection['protocol']}"
    yield size_text(inspection["payload_bytes"])
    if container is not None and container["unpacked_bytes"] != container["file_bytes"]:
        yield f"{size_text(container['unpacked_bytes'])} unpacked"
    if container is not None and container["rest"]:
        yield f"{size_text(container['rest'])} of something else behind it"


def _count(container: Mapping[str, Any]) -> str:
    kind = container["kind"]
    return f"{container['pickles']} {'pickles' if kind == 'pickles' else 'pickles in a ' + kind}"


def _branches(inspection: Mapping[str, Any]) -> Iterator[Branch]:
    if inspection["damaged"] is not None:
        yield f"damaged: readable up to byte {inspection['damaged']:,}", ()
    nothing = "nothing but Python" if inspection["damaged"] is None else "nothing up to there"
    yield "needs", _needs(inspection) or [(nothing, ())]
    if inspection["packages"]:
        yield "carries import packages", [_package(one) for one in inspection["packages"]]
    if inspection["code"]:
        yield "holds by value", [*_shown(inspection["code"], _code)]
    bound = [*_bound(inspection["bound_to"])]
    if bound:
        yield "is bound to", bound
    biggest = [one for one in inspection["filled_by"] if one["bytes"] >= MIN_BYTES]
    if biggest:
        yield (
            "is filled by",
            [(f"{size_text(one['bytes']):>10}  {one['path']}", ()) for one in biggest[:MAX_SHOWN]],
        )
    if inspection["nested"]:
        yield "holds payloads", [*_shown(inspection["nested"], _nested)]


# What it needs


def _needs(inspection: Mapping[str, Any]) -> list[Branch]:
    """Group references by the distribution that provides them, serializers last."""
    groups: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    for reference in inspection["references"]:
        if reference["by"] == "reference" and not _is_plumbing(reference):
            groups.setdefault(_group(reference, inspection), []).append(reference)
    named = {title.partition(" ")[0] for _, title in groups}
    for line in inspection["requirements"]:
        if line not in named:
            groups[0, f"{line} (for imports inside code)"] = []
    return [
        (title, [] if rank == _RUNTIME else [*_references(groups[rank, title])])
        for rank, title in sorted(groups)
    ]


def _is_plumbing(reference: Mapping[str, Any]) -> bool:
    """Return whether a reference is not worth showing: `builtins` and the like are everywhere."""
    name = f"{reference['module']}.{reference['qualname']}"
    return bool(reference["stdlib"]) and (
        reference["module"] == "builtins" or bool(reference["machinery"]) or name in _PLUMBING
    )


def _group(reference: Mapping[str, Any], inspection: Mapping[str, Any]) -> tuple[int, str]:
    distribution = reference["distribution"]
    if distribution is not None and not reference["stdlib"]:
        pinned = f"{distribution}=="
        named = next((r for r in inspection["requirements"] if r.startswith(pinned)), distribution)
        unknown = "version unknown" if named == distribution else ""
        told = ", ".join(
            filter(None, ["what dumped it" if reference["machinery"] else "", unknown])
        )
        return _RUNTIME if reference["machinery"] else 0, f"{named} ({told})" if told else named
    if reference["machinery"]:
        return _RUNTIME, f"{reference['module'].partition('.')[0]} (what dumped it)"
    home = reference["home"]
    order = ["nowhere", "source tree", "test file", "__main__", "standard library"]
    return 1 + order.index(home) if home in order else 1, _HOMES.get(home, home)


def _references(references: Sequence[Mapping[str, Any]]) -> Iterator[Branch]:
    for reference in references[:MAX_REFERENCES]:
        name = f"{reference['module']}.{reference['qualname']}".removesuffix(".")
        yield f"{name}  {_paths(reference)}", ()
    if len(references) > MAX_REFERENCES:
        yield f"and {len(references) - MAX_REFERENCES} more", ()


def _paths(reference: Mapping[str, Any]) -> str:
    shown = reference["paths"][:MAX_PATHS]
    more = max(reference["uses"], len(reference["paths"])) - len(shown)
    return ", ".join(shown) + (f", and {more} more" if more > 0 else "")


# What it holds


def _shown(things: Sequence[Mapping[str, Any]], branch: Any) -> Iterator[Branch]:  # noqa: ANN401 - a callable
    for thing in things[:MAX_SHOWN]:
        yield branch(thing)
    if len(things) > MAX_SHOWN:
        yield f"and {len(things) - MAX_SHOWN} more", ()


def _code(code: Mapping[str, Any]) -> Branch:
    below: list[Branch] = []
    if code["python"]:
        below.append((f"for Python {code['python']} only", ()))
    below += [(f"imports {name} when it runs", ()) for name in code["imports"]]
    below += [
        (f"imports {name} when it runs, and can do without", ())
        for name in code["conditional_imports"]
    ]
    below += [(f"reads {name}, which did not come along", ()) for name in code["missing_globals"]]
    place = f", {code['filename']}:{code['line']}" if code["filename"] and code["line"] else ""
    return f"{code['kind']} {code['name'] or '(without a name)'}  {code['path']}{place}", below


def _package(package: Mapping[str, Any]) -> Branch:
    files: list[Branch] = [(name, ()) for name in package["files"][:MAX_SHOWN]]
    more = len(package["files"]) - MAX_SHOWN
    files += [(f"and {more} more files", ())] if more > 0 else []
    return f"{package['name']}  {package['path']}, {size_text(package['bytes'])}", files


def _bound(bound: Mapping[str, str | None]) -> Iterator[Branch]:
    if bound["python"]:
        yield f"Python {bound['python']} (bytecode)", ()
    if bound["system"]:
        yield f"{bound['system']} (paths of the file system)", ()
    if bound["device"]:
        yield f"the device {bound['device']}", ()


def _nested(nested: Mapping[str, Any]) -> Branch:
    text = f"{nested['path']}: protocol {nested['protocol']}, {size_text(nested['payload_bytes'])}"
    return text, [*_branches(nested)]


# Drawing


def size_text(count: int) -> str:
    """Write a number of bytes as a person would."""
    number, unit = float(count), 0
    while number >= 1000 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - a kilobyte
        number, unit = number / 1000, unit + 1
    return f"{count:,} {_UNITS[0]}" if unit == 0 else f"{number:.3g} {_UNITS[unit]}"


def _drawn(branch: Branch, indent: str = "") -> Iterable[str]:
    text, below = branch
    yield indent + text
    for one in below:
        yield from _drawn(one, indent + "  ")
