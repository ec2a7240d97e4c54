"""Verify a bundle: load it in a target, and compare what was loaded with its manifest.

Bundles may come from anywhere, so nothing in them is ever loaded in this process; the target
answers with plain text.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace

from pytest_portable.bundle.judging import with_findings
from pytest_portable.bundle.manifest import SCHEMA, Bundle, Manifest
from pytest_portable.engine.checker import Checker
from pytest_portable.equivalence.portraits import PortraitDifference
from pytest_portable.errors import BundleError, PayloadError
from pytest_portable.judgement.context import Side
from pytest_portable.judgement.findings import notes
from pytest_portable.judgement.made import Made, judge_made, wanted_of
from pytest_portable.judgement.portraits import Portraits, Telling
from pytest_portable.payload.containers import open_container
from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.settings.legs import Leg
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem, Verdict, label_of

__all__ = ["check_references", "leg_for", "probes_of", "side_of", "verify_bundle"]


def leg_for(manifest: Manifest, leg: Leg, *, declared: bool) -> Leg:
    """Return the leg on which a bundle is verified.

    Args:
        manifest: of the bundle.
        leg: the caller's.
        declared: whether the environment is the one that the manifest names; otherwise `leg`'s.

    Raises:
        BundleError: the manifest names a program as its Python.
    """
    found = replace(
        leg,
        serializer=manifest.serializer,
        protocol=manifest.protocol,
        test=manifest.test or manifest.name,
    )
    if not declared:
        return found
    deps, python = manifest.environment.get("deps"), manifest.environment.get("python")
    if python is not None and leg.python is None and not set("/\\~").isdisjoint(python):
        raise BundleError(
            f"{manifest.name}: environment: python: {python!r} names a program of the machine that "
            "exported it, which is not run here; say which Python to use with --python"
        )
    return replace(
        found,
        python=leg.python or python,
        deps=None if deps is None else tuple(deps),
    )


def check_references(bundle: Bundle) -> None:
    """Compare the manifest's references with the payload's own.

    Raises:
        BundleError: they differ: the manifest was edited, or belongs to another payload; or the
            payload is packed and unpacks to more than a file may.
    """
    try:
        open_container(bundle.payload)
    except PayloadError as error:
        raise BundleError(f"{bundle.folder}: its payload {error}") from None
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


def probes_of(manifest: Manifest) -> tuple[Probe, ...]:
    """Return the probes of a bundle; they are only ever evaluated in a target."""
    return tuple(
        Probe(str(one["mode"]), str(one["source"]), str(one["name"]), str(one["label"]))
        for one in manifest.probes
    )


def verify_bundle(
    bundle: Bundle,
    checker: Checker,
    *,
    is_note: Callable[[PortraitDifference], bool] = lambda _: False,
    today: Portraits | None = None,
    is_ours: bool = False,
) -> Verdict:
    """Load a bundle on a leg and compare what was loaded with what was dumped.

    Args:
        bundle: as it was read.
        checker: of the leg; it keeps the verdict.
        is_note: whether a difference is told without failing.
        today: of the object as today's code makes it: what it has, the kept one has to give too.
        is_ours: whether this process has just dumped it.

    Raises:
        BundleError: the manifest does not fit the payload.
    """
    check_references(bundle)
    manifest = bundle.manifest
    made, probes = manifest.producer, probes_of(manifest)
    maker = Side(
        str(made.get("python", "0.0")),
        str(made.get("implementation")),
        str(made.get("system")),
        dict(made.get("distributions") or {}),
    )
    payloads = (("obj", bundle.payload), *bundle.values.items())
    wanted = wanted_of(bundle.portrait, today or {})
    drawn = checker.draw(payloads, probes, wanted, maker=None if is_ours else maker)
    verdict = replace(
        drawn.verdict,
        object=manifest.object,
        leg={**drawn.verdict.leg, "producer": side_of(manifest)},
        reproduce=f"pytest-portable verify {shlex.quote(str(bundle.folder))}",
    )
    if drawn.drawings is not None:
        telling = Telling(
            _maker(manifest),
            then_versions=made.get("distributions"),
            now_versions=checker.target.distributions,
            is_note=is_note,
            is_old=manifest.schema < SCHEMA,
        )
        bundled = Made(bundle.portrait, telling, probes, manifest.probes)
        found = judge_made(drawn.evidence, bundled, drawn.drawings.portraits, today=today)
        verdict = with_findings(verdict, found + notes(_unseen(bundle)))
    return checker.keep(replace(drawn.checked, verdict=verdict)).verdict


def _unseen(bundle: Bundle) -> Iterator[Problem]:
    """Yield what a bundle does not hold, and so nobody could compare."""
    manifest = bundle.manifest
    if not bundle.portrait:
        message = "not compared: the bundle has no portrait of what was dumped"
    elif manifest.schema < SCHEMA:
        message = (
            f"its manifest has schema {manifest.schema}, which does not say what each object held: "
            "what it does say was compared; export it again"
        )
    else:
        return
    yield Problem("not-compared", "compare", message, path="obj")


def side_of(manifest: Manifest) -> str:
    """Return the producing side as tables name it: `py3.12 linux-x86_64`."""
    made = manifest.producer
    label = label_of(str(made.get("implementation")), str(made.get("python")))
    return f"{label} {made.get('system')}-{made.get('machine')}".lower()


def _maker(manifest: Manifest) -> str:
    made = manifest.producer
    return f"{made.get('implementation')} {made.get('python')} on {made.get('system')}"
