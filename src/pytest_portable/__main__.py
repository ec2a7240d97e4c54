"""`python -m pytest_portable`."""

from __future__ import annotations

from pytest_portable.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
