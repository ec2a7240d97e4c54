"""Draw which room imports which, for the page on the architecture: `docs/explanation/rooms.svg`.

Run `python tasks/architecture_picture.py` after an import between two rooms came or went. The
order of the rooms is that of the import-linter contract in `pyproject.toml`; the lines are the
imports in the source, those for type checkers included.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it there

ROOT = Path(__file__).parents[1]
NAME = "pytest_portable"
PACKAGE = ROOT / "src" / NAME
PICTURE = ROOT / "docs" / "explanation" / "rooms.svg"
# They only pass on names of the rooms.
LEFT_OUT = {"__init__", "__main__"}

# Pixels. Each box begins one step to the right of the box above it.
BOX_WIDTH, BOX_HEIGHT, STEP, ROW, GAP = 116, 24, 40, 32, 6
# Where the lines come down into a box, from its right end.
INSET = 12
# Halfway between black and white, without a background: readable in light and in dark.
STYLE = """
.layer { fill: #808080; fill-opacity: 0.14 }
.room { fill: #2f6db0 }
.name { fill: #ffffff; font: 600 13px system-ui, sans-serif; text-anchor: middle }
.line { stroke: #878d96; stroke-width: 1.2 }
.dot { fill: #3f86d0 }
"""


def layers() -> list[list[str]]:
    """Return the rooms as the contract orders them, from the top to the ground."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    contracts = tools["importlinter"]["contracts"]
    contract = next(one for one in contracts if one["type"] == "layers")
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def imports() -> set[tuple[str, str]]:
    """Return the pairs of rooms of which the first imports the second."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                package, *rest = name.split(".")
                if package == NAME and rest and rest[0] != room:
                    found.add((room, rest[0]))
    return {pair for pair in found if not LEFT_OUT & set(pair)}


def picture() -> str:
    """Return the text of the picture.

    The boxes go down from the top left. An import leaves its room to the right and comes down into
    the room that it imports: one against the order would be a line that goes up.
    """
    drawn: list[str] = []
    places: dict[str, tuple[int, int]] = {}
    width = (sum(map(len, layers())) - 1) * STEP + BOX_WIDTH + 2 * GAP
    y = 0
    for layer in layers():
        height = len(layer) * ROW
        drawn.append(f'<rect class="layer" y="{y}" width="{width}" height="{height}" rx="4"/>')
        for room in layer:
            places[room] = (GAP + len(places) * STEP, y + (ROW - BOX_HEIGHT) // 2)
            y += ROW
        y += GAP
    drawn += _lines(places)
    for room, (left, top) in places.items():
        size = f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}"'
        drawn += [
            f'<rect class="room" x="{left}" y="{top}" {size} rx="4"/>',
            f'<text class="name" x="{left + BOX_WIDTH // 2}" y="{top + 16}">{room}</text>',
        ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y - GAP}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *drawn, "</svg>", ""])


def _lines(places: dict[str, tuple[int, int]]) -> list[str]:
    """Return the lines: one to the right of each room, one down into each, dots where they meet."""
    drawn, pairs = [], imports()
    for room, (left, top) in places.items():
        inlet, middle = left + BOX_WIDTH - INSET, top + BOX_HEIGHT // 2
        if used := [places[to][0] for to in places if (room, to) in pairs]:
            end = max(used) + BOX_WIDTH - INSET
            drawn.append(f'<path class="line" d="M{left + BOX_WIDTH} {middle}H{end}"/>')
        if users := [places[by][1] for by in places if (by, room) in pairs]:
            drawn += [
                f'<path class="line" d="M{inlet} {min(users) + BOX_HEIGHT // 2}V{top - 4}"/>',
                f'<path class="dot" d="M{inlet - 4} {top - 7}h8l-4 7z"/>',
            ]
            drawn += [
                f'<circle class="dot" cx="{inlet}" cy="{user + BOX_HEIGHT // 2}" r="3.4"/>'
                for user in users
            ]
    return drawn


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
    print(f"wrote {PICTURE.relative_to(ROOT)}")
