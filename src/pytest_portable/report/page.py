"""One self-contained HTML page: the matrix, every verdict, the object's tree; no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from pytest_portable.report.run import Run, column_of, natural, row_of
from pytest_portable.report.text import render

__all__ = ["page"]

SET_UP: Final = "set-up failure"


def page(run: Run) -> str:
    """Return the page.

    The page holds the data once, as JSON. Its script builds the matrix from it, and each verdict
    only when it is opened, so that a page of thousands of checks opens quickly.
    """
    room = files("pytest_portable.report")
    jinja = Environment(autoescape=True, undefined=StrictUndefined)
    template = jinja.from_string((room / "page.html").read_text("utf-8"))
    text: str = template.render(
        run=run.to_dict(),
        style=(room / "page.css").read_text("utf-8"),
        script=(room / "page.js").read_text("utf-8"),
        data=_embed(_data(run)),
    )
    return text


def _data(run: Run) -> dict[str, Any]:
    """Return what the script needs; equal sets of distributions are written once."""
    environments: dict[str, int] = {}
    checks = []
    for check in run.in_order():
        target = check["target"] or {}
        key = json.dumps(target, sort_keys=True)
        number = environments.setdefault(key, len(environments))
        slim = {name: value for name, value in check.items() if name not in _LEFT_OUT}
        slim |= {"row": row_of(check), "column": column_of(check), "environment": number}
        if not check["portable"]:
            slim["text"] = render(check)
        checks.append(slim)
    refused = [_refused(failure) for failure in run.setup_failures]
    columns = {*run.columns(), *(one["column"] for one in refused)}
    # What broke comes first, and tests stay together.
    broken = {one["row"] for one in [*checks, *refused] if not one["portable"]}
    checks = sorted([*checks, *refused], key=lambda one: one["row"] not in broken)
    return {
        "checks": checks,
        "columns": sorted(columns, key=natural),
        "environments": [json.loads(key) for key in environments],
    }


def _refused(failure: Mapping[str, Any]) -> dict[str, Any]:
    """Return a set-up failure as a cell of the matrix: a check that never began."""
    leg, serializer = str(failure["leg"]), failure.get("serializer")
    message, _, more = str(failure["message"]).partition("\n")
    words = {"test": failure["test"], "object": "", "leg": {"id": failure.get("id")}}
    python = f"py{leg}" if leg[:1].isdigit() else leg
    return {
        **words,
        "row": row_of(words),
        "column": f"{python}, {serializer}" if serializer and not failure.get("id") else python,
        "portable": False,
        "stage": SET_UP,
        "problems": [{"code": SET_UP, "message": message, "evidence": more, "remedies": []}],
        "notes": [],
    }


_LEFT_OUT = frozenset({"target", "schema"})


def _embed(data: object) -> str:
    """Return JSON that cannot end the script element that holds it.

    Source:
        WHATWG HTML, "Restrictions for contents of script elements".
    """
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
