"""A script that uses a module beside it, which does not travel."""

from __future__ import annotations

import labpkg


def double(value):
    return labpkg.double(value)
