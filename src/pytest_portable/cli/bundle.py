"""`pytest-portable bundle FILE --to DIR`: make a bundle of a payload that somebody kept."""

from __future__ import annotations

import argparse
import gzip
import io
import zlib
from pathlib import Path

from pytest_portable.cli import parsers
from pytest_portable.errors import OptionError, PayloadError, PortabilityError

__all__ = ["add_parser", "run"]

_GZIP = b"\x1f\x8b"


def add_parser(commands: parsers.Commands) -> None:
    """Add the command `bundle`."""
    parser = commands.add_parser(
        "bundle",
        help="make a bundle of a payload in a file",
        description="The payload is loaded in the environment of --python and --dep, which should "
        "be like the one that made it, to keep what it holds beside it.",
    )
    parser.add_argument("file", type=Path, help="a payload; gzip is unpacked")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder of bundles")
    parser.add_argument(
        "--probe", help="an expression over `obj`; its result is kept and compared when verified"
    )
    parsers.add_leg_options(parser)
    parsers.add_store_options(parser)


def _unpacked(data: bytes) -> bytes:
    from pytest_portable.payload.budget import limit_for, read_within

    with gzip.open(io.BytesIO(data)) as stream:
        return read_within(stream, limit_for(len(data)))


def run(given: argparse.Namespace) -> int:
    """Write a bundle; 1 where the payload cannot be loaded even there."""
    from pytest_portable.bundle.wrap import wrap_payload
    from pytest_portable.settings.probes import parse

    leg = parsers.leg_of(given)
    try:
        data = given.file.read_bytes()
    except OSError as error:
        raise OptionError(f"{given.file}: cannot be read: {error.strerror}") from None
    try:
        payload = _unpacked(data) if data.startswith(_GZIP) else data
    except (OSError, EOFError, zlib.error, PayloadError) as error:
        raise OptionError(f"{given.file}: cannot be unpacked: {error}") from None
    to = given.to / given.file.name.split(".")[0]
    try:
        with parsers.open_session(given) as session:
            folder = wrap_payload(payload, to, session.checker(leg), parse(given.probe, {}))
    except PortabilityError as error:
        print(error)
        return 1
    print(folder)
    return 0
