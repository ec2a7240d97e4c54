"""Sphinx, with MyST: the pages are Markdown."""

from __future__ import annotations

project = "pytest-portable"
copyright = "the pytest-portable contributors"  # noqa: A001 - Sphinx' name
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "pytest-portable"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
# Links of the pages are checked: a page or heading that is not there fails the build.
nitpicky = True
