"""Verify a bundle: load it in a target, and compare what was loaded with its manifest.

Bundles may come from anywhere, so nothing in them is ever loaded in this process; the target
answers with plain text.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_portable.agent.in_target import portrait
from pytest_portable.bundle.judging import judge_portraits
from pytest_portable.bundle.manifest import Bundle, Manifest
from pytest_portable.engine.checker import Checker
from pytest_portable.equivalence.portraits import PortraitDifference
from pytest_portable.errors import BundleError
from pytest_portable.judgement.context import Side
from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.settings.legs import Leg
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Verdict, label_of

__all__ = ["check_references", "leg_for", "portrait_probe", "side_of", "verify_bundle"]


def leg_for(manifest: Manifest, leg: Leg, *, declared: bool) -> Leg:
    """Return the leg on which a bundle is verified.

    Args:
        manifest: of the bundle.
        leg: the caller's.
        declared: whether the environment is the one that the manifest names; otherwise `leg`'s.
    """
    found = replace(
        leg,
        serializer=manifest.serializer,
        protocol=manifest.protocol,
        test=manifest.test or manifest.name,
    )
    if not declared:
        return found
    deps = manifest.environment.get("deps")
    return replace(
        found,
        python=leg.python or manifest.environment.get("python"),
        deps=None if deps is None else tuple(deps),
    )


def check_references(bundle: Bundle) -> None:
    """Compare the manifest's references with the payload's own.

    Raises:
        BundleError: they differ: the manifest was edited, or belongs to another payload.
    """
    inspection = inspect_payload(bundle.payload, root="obj")
    there = {(one.module, one.qualname) for one in inspection.references}
    said = {
        (str(one.get("module")), str(one.get("qualname"))) for one in bundle.manifest.references
    }
    wrong = [
        *(f"{'.'.join(one)} is not in the payload" for one in sorted(said - there)),
        *(f"{'.'.join(one)} is missing from it" for one in sorted(there - said)),
    ]
    if wrong:
        raise BundleError(
            f"{bundle.folder}: the manifest's references are not the payload's: "
            + "; ".join(wrong[:5])
        )


def portrait_probe(probes: Sequence[Mapping[str, Any]]) -> Probe:
    """Return a probe that draws the object and what its own probes give, as plain text."""
    drawing = Path(portrait.__file__).read_text("utf-8")
    caller = (
        f"def portray_bundle(obj, **names):\n    return portray(obj, {list(probes)!r}, names)\n"
    )
    source = f"{drawing}\n\n{caller}"
    return Probe("function", source, "portray_bundle", plain=True)


def verify_bundle(
    bundle: Bundle,
    checker: Checker,
    *,
    is_note: Callable[[PortraitDifference], bool] = lambda _: False,
) -> Verdict:
    """Load a bundle on a leg and compare what was loaded with what was dumped.

    Args:
        bundle: as it was read.
        checker: of the leg; it keeps the verdict.
        is_note: whether a difference is a note and no problem.

    Raises:
        BundleError: the manifest does not fit the payload.
    """
    check_references(bundle)
    manifest = bundle.manifest
    probe = portrait_probe(manifest.probes)
    made = manifest.producer
    maker = Side(
        str(made.get("python", "0.0")),
        str(made.get("implementation")),
        str(made.get("system")),
        dict(made.get("distributions") or {}),
    )
    payloads = (("obj", bundle.payload), *bundle.values.items())
    drawn = checker.draw(payloads, probe, maker=maker)
    verdict = replace(
        drawn.verdict,
        object=manifest.object,
        leg={**drawn.verdict.leg, "producer": side_of(manifest)},
        reproduce=f"pytest-portable verify {shlex.quote(str(bundle.folder))}",
    )
    if drawn.text is not None and bundle.portrait:
        verdict = judge_portraits(
            verdict,
            bundle.portrait,
            json.loads(drawn.text),
            checker.leg,
            probes=manifest.probes,
            maker=_maker(manifest),
            is_note=is_note,
        )
    return checker.keep(replace(drawn.checked, verdict=verdict)).verdict


def side_of(manifest: Manifest) -> str:
    """Return the producing side as tables name it: `py3.12 linux-x86_64`."""
    made = manifest.producer
    label = label_of(str(made.get("implementation")), str(made.get("python")))
    return f"{label} {made.get('system')}-{made.get('machine')}".lower()


def _maker(manifest: Manifest) -> str:
    made = manifest.producer
    return f"{made.get('implementation')} {made.get('python')} on {made.get('system')}"
