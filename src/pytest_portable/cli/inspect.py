"""`pytest-portable inspect FILE|MODULE:NAME|-`: what a payload needs and holds, without loading."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.cli import parsers
from pytest_portable.cli.objects import resolve
from pytest_portable.errors import OptionError, PayloadError

if TYPE_CHECKING:
    from pytest_portable.payload.containers import Container, NamedPickle
    from pytest_portable.payload.inspection import Inspection
    from pytest_portable.serializers import Serializer

__all__ = ["add_parser", "run"]

_ARGUMENT_CHARACTERS: Final = 40
_STDIN: Final = "-"


@dataclass(frozen=True)
class _Given:
    """What is to be inspected: its pickles, and what else is known about it."""

    title: str
    streams: Sequence[NamedPickle]
    payload_bytes: int
    container: Container | None = None
    python: tuple[int, int] | None = None
    origin: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    objects: Sequence[object] = ()

    @property
    def versions(self) -> Mapping[str, str]:
        """Distributions of who dumped it, as far as its bytes or a manifest say."""
        from pytest_portable.payload.told_versions import told_versions

        told = told_versions(stream.data for stream in self.streams)
        return {**told, **self.manifest.get("producer", {}).get("distributions", {})}


def add_parser(commands: parsers.Commands) -> None:
    """Add the command `inspect`."""
    parser = commands.add_parser(
        "inspect",
        help="tell what a payload needs and holds, without loading it",
        description="Tell what a payload needs, by distribution, what travels in it by value and "
        "for which Python, what fills it and what it is bound to. Nothing in it is loaded.",
    )
    parser.add_argument(
        "object",
        help="a file (pickles, joblib, torch.save, compressed or not), a bundle's directory, "
        "- for standard input, or MODULE:NAME, which is imported and dumped",
    )
    parser.add_argument(
        "--serializer",
        metavar="NAME",
        help="dumps MODULE:NAME (default: pickle); for a file: whose envelope it is",
    )
    parser.add_argument("--protocol", type=int, help="pickle protocol for MODULE:NAME")
    parser.add_argument(
        "--python", metavar="VERSION", help="whose standard library counts, such as 3.8"
    )
    parser.add_argument(
        "--max-unpacked",
        metavar="SIZE",
        help="how much a packed file may unpack to, such as 4 GB (default: 1 GiB, and no more than "
        "200 times the file from 64 MiB on)",
    )
    parser.add_argument("--disassemble", action="store_true", help="list opcodes, each with a path")
    parsers.add_json_option(parser)


def run(given: argparse.Namespace) -> int:
    """Inspect one payload; 1 where it is damaged."""
    from pytest_portable.diagnosis import Standing
    from pytest_portable.payload.budget import bounded
    from pytest_portable.payload.envelopes import inspect_streams
    from pytest_portable.payload.stdlib import stdlib_of
    from pytest_portable.settings.mark_checks import parse_size

    version = _version(given.python) if given.python else sys.version_info[:2]
    limit = None if given.max_unpacked is None else parse_size(given.max_unpacked)
    if given.max_unpacked is not None and limit is None:
        raise OptionError(
            f"--max-unpacked: {given.max_unpacked!r} is no size; valid: '4 GB', '500 MB'"
        )
    try:
        with bounded(limit):
            found = _open(given)
    except PayloadError as error:
        raise OptionError(f"{given.object}: {error}") from error
    if given.disassemble:
        return _disassemble(found, as_json=given.json)
    inspection = inspect_streams(
        found.streams, found.payload_bytes, python=found.python, stdlib=stdlib_of(version)
    )
    inspection = Standing(found.objects).in_inspection(inspection)
    if not found.objects:  # this process has not dumped it
        inspection = inspection.with_versions(found.versions)
    _print(_as_json(inspection, found) if given.json else _as_text(inspection, found))
    return 0 if inspection.damaged is None and found.streams else 1


# Reading the input


def _open(given: argparse.Namespace) -> _Given:
    path = Path(given.object)
    # Modules of the working directory are found last, and a file imports none of them.
    sys.path.append(str(Path.cwd()))
    if given.object == _STDIN:
        return _payload("standard input", sys.stdin.buffer.read(), given.serializer)
    if path.is_dir():
        return _bundle(path, given.serializer)
    if path.is_file():
        return _payload(path.name, path.read_bytes(), given.serializer)
    if ":" not in given.object:
        raise OptionError(f"{given.object!r} is no file, no directory and not MODULE:NAME")
    return _object(given)


def _payload(title: str, data: bytes, serializer: str | None) -> _Given:
    from pytest_portable.payload.containers import NamedPickle, open_container, unpack

    if serializer is None:
        container = open_container(data)
        return _Given(title, container.streams, len(data), container)
    # joblib itself unpacks whatever a file says.
    whole = unpack(data)[1] if serializer == "joblib" else data
    streams = [NamedPickle("obj", one) for one in _serializer(serializer).pickles(whole)]
    return _Given(f"{title} ({serializer})", streams, len(data))


def _serializer(name: str) -> Serializer:
    from pytest_portable.serializers import Registry

    return Registry().get(name)


def _bundle(folder: Path, allowed: str | None) -> _Given:
    from pytest_portable.bundle.manifest import read_bundle
    from pytest_portable.serializers import Registry
    from pytest_portable.verdict import minor_of

    bundle = read_bundle(folder)
    made = bundle.manifest.producer
    title = f"bundle {folder.name}"
    name: str | None = bundle.manifest.serializer
    if allowed is not None:
        name = allowed
    elif Registry().find_mistake_in_data(bundle.manifest.serializer):
        name = None  # look at the bytes alone, and import nothing that a manifest names
    try:
        opened = _payload(title, bundle.payload, name)
    except OptionError:  # the serializer is not installed here: look at the bytes alone
        opened = _payload(title, bundle.payload, None)
    origin = f"{made['implementation']} {made['python']} on {made['system']}"
    return _Given(
        opened.title,
        opened.streams,
        opened.payload_bytes,
        python=minor_of(str(made["python"])),
        origin=f"{origin}: {bundle.manifest.object}",
        manifest={"name": bundle.manifest.name, "producer": dict(made)},
    )


def _object(given: argparse.Namespace) -> _Given:
    from pytest_portable.payload.containers import NamedPickle

    name = given.serializer or "pickle"
    serializer = _serializer(name)
    obj = resolve(given.object)
    if mistakes := serializer.find_mistakes({}, given.protocol):
        raise OptionError(mistakes)
    keywords = {} if given.protocol is None else {"protocol": given.protocol}
    try:
        data = serializer.dumps(obj, **keywords)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        hint = "; --serializer cloudpickle or dill may" if name == "pickle" else ""
        raise OptionError(f"{given.object}: {name} cannot dump it: {said}{hint}") from error
    streams = [NamedPickle("obj", one) for one in serializer.pickles(data)]
    title = f"{given.object} ({name})"
    return _Given(title, streams, len(data), python=sys.version_info[:2], objects=[obj])


def _version(text: str) -> tuple[int, int]:
    parts = text.split(".")
    if len(parts) < 2 or not all(part.isdigit() for part in parts[:2]):  # noqa: PLR2004
        raise OptionError(f"--python: {text!r} is no version such as 3.8")
    return int(parts[0]), int(parts[1])


# Printing


def _print(text: str) -> None:
    """Print what a payload may have named."""
    from pytest_portable.report.visible import visible

    print(visible(text), flush=True)


def _as_text(inspection: Inspection, found: _Given) -> str:
    from pytest_portable.report.inspection import render_inspection

    if not found.streams:
        return f"{found.title}: {_without_pickles(found.container)}"
    container = found.container.to_dict() if found.container else None
    return render_inspection(
        inspection.to_dict(), title=found.title, container=container, origin=found.origin
    )


def _without_pickles(container: Container | None) -> str:
    if container is None:
        return "holds no pickle"
    packed = f", packed with {container.compression}" if container.compression else ""
    return f"{container.kind}{packed}: holds no pickle"


def _as_json(inspection: Inspection, found: _Given) -> str:
    answer = inspection.to_dict()
    answer["container"] = found.container.to_dict() if found.container else None
    if found.manifest:
        answer["bundle"] = dict(found.manifest)
    return json.dumps(answer, indent=2)


def _disassemble(found: _Given, *, as_json: bool) -> int:
    """List the opcodes of every pickle, a line each."""
    damage = None
    for stream in found.streams:
        if not as_json and len(found.streams) > 1:
            _print(f"{stream.root}:")
        try:
            for line in _lines(stream, as_json=as_json):
                _print(line)
        except PayloadError as error:
            damage = error
            print(f"damaged at byte {error.offset}: {error}", file=sys.stderr)
    return 0 if damage is None and found.streams else 1


def _lines(stream: NamedPickle, *, as_json: bool) -> Iterator[str]:
    from pytest_portable.payload.inspection import disassemble

    for step in disassemble(stream.data, root=stream.root):
        argument = "" if step.argument is None else _short(step.argument)
        if as_json:
            yield json.dumps(
                {"offset": stream.start + step.offset, "opcode": step.opcode, "argument": argument}
                | {"path": step.path}
            )
        else:
            argument = argument.ljust(_ARGUMENT_CHARACTERS)
            yield f"{stream.start + step.offset:>8}  {step.opcode:<17} {argument}  {step.path}"


def _short(argument: object) -> str:
    """Write an opcode's argument in one column; data may be as long as the file."""
    if isinstance(argument, (str, bytes, bytearray)) and len(argument) > _ARGUMENT_CHARACTERS:
        argument = argument[:_ARGUMENT_CHARACTERS]
    text = repr(argument)
    if len(text) <= _ARGUMENT_CHARACTERS:
        return text
    return text[: _ARGUMENT_CHARACTERS - 3] + "..."
