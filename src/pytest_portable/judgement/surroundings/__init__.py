"""What an object finds around it: code, classes and values that it only refers to."""

from __future__ import annotations
