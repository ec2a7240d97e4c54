"""Refuse a Python that is too old, then run the files beside this one as one program.

`python -s start.py FOLDER` runs them where the target shares our files. Where it does not,
`bootstrap.py` runs the same files, this one first, as they come through standard input.

They run in one namespace, that of `__main__`, so that none of them is a module in the target and
nothing of ours is on its `sys.path`. Each names what it needs of the others in an import below
`if __name__ != "__main__":`, which is for the host and for tests: they import each file by name.
"""

import sys

REFUSED = 86
REFUSAL = "pytest-portable: the target's Python is too old"

if sys.version_info < (3, 8):
    sys.stderr.write("%s: %s, wanted 3.8 or newer\n" % (REFUSAL, sys.version.split()[0]))
    sys.exit(REFUSED)

# Each needs only files that stand before it.
FILES = (
    "limits",
    "folders",
    "asking",
    "processes",
    "messages",
    "parts",
    "describe",
    "loading",
    "probes",
    "survey",
    "steps",
    "watch",
    "facts",
    "check",
    "child",
    "serve",
)


def run_files(folder: str, names: "tuple[str, ...]" = FILES) -> None:
    """Run files in this namespace, compiled by an earlier start where that could be kept.

    Tracebacks name each by its own path.
    """
    from _frozen_importlib_external import SourceFileLoader  # the interpreter has it already

    for name in names:
        path = "%s/%s.py" % (folder, name)
        exec(SourceFileLoader(name, path).get_code(name), globals())  # type: ignore[arg-type]


if __name__ == "__main__" and len(sys.argv) > 1:
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # the folder of this file; its links are resolved, so it cannot be compared
    run_files(sys.argv[1])
    # Nothing below code of the user's but this line and `act`.
    globals()["act"](globals()["main"]())
