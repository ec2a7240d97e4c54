"""Print the README's set-up commands, one a line, exactly as a newcomer would paste them.

Run: `python tasks/readme.py`.
"""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def main() -> None:
    """Print the console blocks of the section "Try it"."""
    section = README.read_text("utf-8").partition("## Try it\n")[2].partition("\n## ")[0]
    for block in section.split("```console\n")[1:]:
        print(block.partition("```")[0].strip())


if __name__ == "__main__":
    main()
