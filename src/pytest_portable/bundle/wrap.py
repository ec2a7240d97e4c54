"""Make a bundle of a kept payload; its portrait is drawn in an environment like its maker's."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_portable.bundle.manifest import Manifest, write_bundle
from pytest_portable.bundle.verify import portrait_probe
from pytest_portable.engine.checker import Checker
from pytest_portable.errors import PortabilityError
from pytest_portable.judgement.context import side_of
from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.report.redaction import redact
from pytest_portable.settings.probes import Probe

__all__ = ["wrap_payload"]


def wrap_payload(
    payload: bytes, folder: Path, maker: Checker, probes: tuple[Probe, ...] = ()
) -> Path:
    """Write a payload as a bundle.

    The payload is loaded in the maker's environment, never here, to draw what it holds.

    Args:
        payload: as it was kept.
        folder: of the bundle.
        maker: an environment like the one that made it; its leg's serializer loads.
        probes: evaluated there, their results are kept.

    Returns:
        The folder.

    Raises:
        PortabilityError: it cannot be loaded there.
    """
    requests = [probe.to_manifest() for probe in probes]
    target = maker.target
    drawn = maker.draw((("obj", payload),), portrait_probe(requests), maker=side_of(target))
    if not drawn.verdict.portable or drawn.text is None:
        raise PortabilityError(drawn.verdict)
    portrait = json.loads(drawn.text)
    system, _, machine = target.platform.partition("-")
    leg = maker.leg
    manifest = Manifest(
        name=folder.name,
        test="",
        object=portrait["object"][0][0].removeprefix("builtins."),
        serializer=leg.serializer,
        protocol=drawn.verdict.protocol,
        producer={
            "python": target.python,
            "implementation": target.implementation,
            "system": system.capitalize(),
            "machine": machine,
            "distributions": dict(target.distributions),
        },
        environment={
            "python": leg.python,
            "deps": None if leg.deps is None else [redact(line) for line in leg.deps],
        },
        references=[
            {"module": one.module, "qualname": one.qualname, "by": one.by}
            for one in inspect_payload(payload, root="obj").references
        ],
        probes=requests,
    )
    return write_bundle(folder, manifest, payload, {}, portrait)
