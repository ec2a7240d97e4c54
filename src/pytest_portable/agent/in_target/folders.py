"""Folders of a target: made, looked through and removed, whatever user code did to them.

It may have removed or replaced them, taken their rights away, or put more or deeper folders into
them than a recursive walk or a path can reach.
"""

from __future__ import annotations

import os
import stat

if __name__ != "__main__":
    from pytest_portable.agent.in_target.limits import MAX_FILES

HOME = "home"
# Of removing what a process that is still there fills again.
MAX_PASSES = 10_000


def make_scratch() -> str:
    """Make a directory for the agent, with a home in it, where the host shares no files."""
    name = "pytest-portable-%d-%s" % (os.getpid(), os.urandom(6).hex())
    scratch = os.path.join(os.environ.get("TMPDIR") or "/tmp", name)
    home = os.path.join(scratch, HOME)
    os.mkdir(scratch, 0o700)
    os.mkdir(home)
    os.chdir(home)
    for name in ("HOME", "TMPDIR"):
        os.environ.setdefault(name, home)
    return scratch


def make_inside(scratch: str, path: str) -> None:
    """Make a directory in the agent's own, which is made again if an earlier child removed it."""
    if not is_folder(scratch):
        remove(scratch)
        home = os.path.join(scratch, HOME)
        os.mkdir(scratch, 0o700)
        os.mkdir(home)
        os.chdir(home)
    try:
        os.mkdir(path, 0o700)
    except PermissionError:
        os.chmod(scratch, 0o700)
        os.mkdir(path, 0o700)


def is_folder(path: str) -> bool:
    """Return whether there is a folder, and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def contents(path: str) -> list[tuple[str, bool]]:
    """Return what is in a folder, in order: name, and whether it is a folder."""
    try:
        with os.scandir(path) as found:
            return sorted([(each.name, each.is_dir(follow_symlinks=False)) for each in found])
    except OSError:  # it is gone, too deep, or locked
        return []


def unlock(path: str) -> None:
    """Take back all rights on a folder if that is possible, but not on what a link leads to."""
    try:
        if is_folder(path):
            os.chmod(path, 0o700)
    except OSError:
        pass


def unlocked(path: str) -> list[tuple[str, bool]]:
    """Return what is in a folder that user code may have locked."""
    unlock(path)
    return contents(path)


def list_files(path: str) -> list[str]:
    """Return files and empty folders below a directory, a limited number of them, in order."""
    try:
        if not os.listdir(path):
            return []
    except OSError:  # it is gone, or locked
        pass
    inside = unlocked(path) if is_folder(path) else []
    found: list[str] = []
    waiting = [("", inside)]
    while waiting and len(found) < MAX_FILES:
        here, inside = waiting.pop()
        for name, is_inner in reversed(inside):
            inner = os.path.join(here, name)
            deeper = unlocked(os.path.join(path, inner)) if is_inner else []
            if deeper:
                waiting.append((inner, deeper))
            else:
                found.append(inner)
    return sorted(found)[:MAX_FILES]


def remove_tree(path: str) -> None:
    """Remove a directory and its contents, or what lies in its place, as far as that is possible.

    Folders in folders are moved up first: no path is too long then, and nothing is too deep.
    """
    try:
        os.rmdir(path)
    except OSError:
        inside = unlocked(path) if is_folder(path) else []
    else:
        return
    for number in range(MAX_PASSES):
        for name, is_inner in inside:
            if is_inner:
                empty(path, name, "%d-%s" % (number, os.urandom(4).hex()))
            remove(os.path.join(path, name))
        before, inside = inside, contents(path) if inside else []
        if inside in ([], before):
            break
    remove(path)


def empty(top: str, name: str, prefix: str) -> None:
    """Remove the files of a folder in a folder, where its own folders move to."""
    path = os.path.join(top, name)
    for number, (inner, is_inner) in enumerate(unlocked(path)):
        inside = os.path.join(path, inner)
        if is_inner:
            unlock(inside)  # it cannot be moved without
            move(inside, os.path.join(top, "%s-%d" % (prefix, number)))
        else:
            remove(inside)


def move(path: str, target: str) -> None:
    """Move a folder if that is possible."""
    try:
        os.rename(path, target)
    except OSError:
        pass


def remove(path: str) -> None:
    """Remove a file, a link or an empty folder if that is possible."""
    try:
        (os.rmdir if is_folder(path) else os.unlink)(path)
    except OSError:
        pass
