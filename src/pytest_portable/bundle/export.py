"""Export a finished check as a bundle."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pytest_portable.agent.in_target.facts import makers_of
from pytest_portable.agent.in_target.portrait import draw, draw_raised
from pytest_portable.bundle.manifest import Manifest, write_bundle
from pytest_portable.diagnosis.definitions import live
from pytest_portable.engine.observe import Checked
from pytest_portable.equivalence import shorten
from pytest_portable.host_modules import distribution_of
from pytest_portable.interrupts import pass_on
from pytest_portable.report.redaction import redact

__all__ = ["Exporter", "export_check", "make_manifest"]

MAX_NAME: Final = 80


@dataclass
class Exporter:
    """An observer of the engine's session: writes one bundle for every check with a payload.

    Attributes:
        folder: where the bundles go.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Start with no checks of any test."""
        self._counts: dict[str, int] = {}

    def __call__(self, done: Checked) -> Mapping[str, object]:
        """Export one check and return the name of its bundle."""
        names = dict(done.sent.payloads)
        if done.is_foreign or "obj" not in names or "arguments" in names:
            return {}
        test = done.verdict.test
        self._counts[test] = number = self._counts.get(test, 0) + 1
        name = bundle_name(test, number)
        return {"bundle": str(export_check(done, self.folder / name))}


def export_check(done: Checked, folder: Path) -> Path:
    """Write a finished check, which must have a payload, as one bundle."""
    values = dict(done.sent.payloads)
    payload = values.pop("obj")
    manifest = replace(make_manifest(done, folder.name), description=shorten(done.context.obj))
    return write_bundle(folder, manifest, payload, values, _portraits(done))


def bundle_name(test: str, number: int) -> str:
    """Return a folder's name from test and producer, because many jobs share a folder."""
    words = re.sub(r"[^A-Za-z0-9._=-]+", "-", test.rpartition("::")[2]).strip("-.") or "check"
    digest = hashlib.sha256(test.encode(errors="surrogateescape")).hexdigest()[:8]
    which = "" if number == 1 else f"-{number}"
    tag = f"{sys.implementation.name}{sys.version_info[0]}.{sys.version_info[1]}"
    system = f"{platform.system()}-{platform.machine()}".lower()
    return f"{words[:MAX_NAME]}{which}-{digest}-{tag}-{system}"


def make_manifest(done: Checked, name: str) -> Manifest:
    """Return the manifest of a finished check's bundle."""
    verdict = done.verdict
    inspection = done.sent.inspection("obj")
    references = [
        {"module": one.module, "qualname": one.qualname, "by": one.by}
        for one in inspection.references
    ]
    needed = {one.distribution for one in inspection.references if one.distribution}
    # What wrote the methods of a class, as attrs does, reads what they dumped, too.
    found = (live(one.module, one.qualname) for one in inspection.references)
    makers = {maker for kind in found if isinstance(kind, type) for maker in makers_of(kind)}
    needed.update(filter(None, map(distribution_of, makers)))
    if requirement := done.context.serializer.requirement:
        needed.add(re.split(r"[^A-Za-z0-9._-]", requirement)[0])
    leg = done.context.leg
    return Manifest(
        name=name,
        test=verdict.test,
        object=verdict.object,
        serializer=verdict.serializer,
        protocol=verdict.protocol,
        producer=producer(needed),
        environment={
            "python": leg.python,
            "deps": None if leg.deps is None else [redact(line) for line in leg.deps],
        },
        references=references,
        probes=[probe.to_manifest() for probe in done.asked],
    )


def producer(distributions: set[str]) -> dict[str, Any]:
    """Return the facts of this interpreter and the versions of some distributions."""
    installed = {
        found.metadata["Name"]: found.version for found in importlib.metadata.distributions()
    }
    versions = {name: installed[name] for name in sorted(distributions) if name in installed}
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "machine": platform.machine(),
        "distributions": versions,
    }


def _portraits(done: Checked) -> dict[str, Any]:
    """Return the portraits that were drawn of the original, before anything could change it.

    Probes that the check did not come to are evaluated now: on the original, never on a copy.
    """
    found = dict(done.context.portraits or {})
    for probe in done.asked if found else ():
        if probe.label not in found:
            try:
                found[probe.label] = draw(probe.evaluate(done.context.obj, done.names))
            except BaseException as error:  # noqa: BLE001 - the probe is the user's code
                pass_on(error)
                found[probe.label] = draw_raised(error)
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain
