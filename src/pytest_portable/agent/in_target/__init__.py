"""What runs in the target interpreter, where nothing of this package is installed.

`start.py` runs `FILES`, in their order, as one program: see there for how they name each other.
`bootstrap.py` takes them from standard input where the target does not share our files;
`portrait.py` is sent as the source of a probe. The rules of the room, which tests hold:

- Python 3.8 syntax and the standard library; imports of this package are for the host only;
- no two files define one name;
- nothing but `sys` is imported before the version is looked at;
- nothing of ours is on the target's `sys.path` or in its `sys.modules`;
- whatever is asked of a user's object (class, attribute, text) may raise or lie.
"""

from __future__ import annotations

__all__: list[str] = []
