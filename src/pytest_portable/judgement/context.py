"""What a judge knows of one check before anything travels, and what was sent."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pytest_portable.diagnosis import Standing
from pytest_portable.environment import Environment
from pytest_portable.equivalence import Comparator
from pytest_portable.payload.inspection import Inspection
from pytest_portable.serializers import Serializer
from pytest_portable.serializers.out_of_band import whole
from pytest_portable.serializers.shipping import NO_SHIPPING, Shipping
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Target, label_of, minor_of

__all__ = ["UNKNOWN_SIDE", "Context", "Sent", "Side", "host_side", "side_of"]


@dataclass(frozen=True)
class Side:
    """One of the two Pythons that a payload is between: who dumped it, or who loads it.

    Attributes:
        python: version, as `3.12.1`; empty where nothing says which it was.
        implementation: as `sys.implementation.name` has it.
        platform: as `sys.platform` has it.
        distributions: what is installed, by name; `None` for the host, which is read when a check
            has failed.
    """

    python: str
    implementation: str
    platform: str
    distributions: Mapping[str, str] | None = field(default=None, compare=False)

    @property
    def minor(self) -> tuple[int, int]:
        """Its Python, major and minor; zeros where that is not known."""
        return minor_of(self.python) if self.python else (0, 0)

    @property
    def label(self) -> str:
        """Its Python as ids spell it: `py3.12`, `pypy3.10`."""
        return label_of(self.implementation, self.python)


# Who dumped the bytes of a file, where they do not show it.
UNKNOWN_SIDE: Final = Side("", "", "")


def host_side() -> Side:
    """Return this process as a side."""
    return Side(platform.python_version(), sys.implementation.name, sys.platform)


def side_of(target: Target) -> Side:
    """Return an environment as a side."""
    return Side(target.python, target.implementation, target.platform, target.distributions)


@dataclass(frozen=True)
class Context:
    """One object on one leg, and the two sides that it travels between.

    Attributes:
        obj: the object; `None` where its payload was made elsewhere.
        maker: who dumped it: this process in a direct check.
        reader: who loads it.
        target: facts of the reader's environment.
        environment: the reader's; `None` where nothing of it can be read from here.
        comparators: what equal means for classes of the user's.
        root: the rootdir.
        arguments: paths of a call's arguments; empty where nothing is called.
        is_routed: whether it goes through other environments first.
        portraits: of the object before it was dumped, and of what its probes return here, where
            somebody keeps them; filled while the check goes on. `None` where nobody does.
    """

    obj: object
    leg: Leg
    serializer: Serializer
    maker: Side
    reader: Side
    target: Target
    environment: Environment | None = None
    shipping: Shipping = NO_SHIPPING
    comparators: tuple[Comparator, ...] = ()
    root: Path = field(default_factory=Path)
    arguments: tuple[str, ...] = ()
    is_routed: bool = False
    portraits: dict[str, Any] | None = None

    @property
    def protocol(self) -> int | None:
        """The pickle protocol of this leg; `None` where the serializer knows none."""
        default = self.serializer.default_protocol
        if default is None:
            return None
        return default() if self.leg.protocol is None else self.leg.protocol

    @property
    def label(self) -> str:
        """The reader's Python as ids spell it."""
        return self.reader.label


@dataclass(frozen=True)
class Sent:
    """What was dumped to travel, each payload read at most once without loading it.

    Attributes:
        payloads: name and bytes; the object is `obj`.
        context: of the check.
        standing: the host's own code among what travels.
    """

    payloads: tuple[tuple[str, bytes], ...]
    context: Context
    standing: Standing = field(default_factory=Standing)
    _inspections: dict[str, Inspection] = field(default_factory=dict, repr=False, compare=False)

    def data(self, root: str) -> bytes | None:
        """Return one payload; `None` where there is none of that name."""
        return dict(self.payloads).get(root)

    def inspection(self, root: str) -> Inspection:
        """Read a payload without loading it; once, however many ask."""
        from pytest_portable.payload.envelopes import inspect_streams  # noqa: PLC0415 - on demand
        from pytest_portable.payload.stdlib import stdlib_of  # noqa: PLC0415 - the same

        if root not in self._inspections:
            data = whole(dict(self.payloads)[root])
            maker, reader = self.context.maker, self.context.reader
            # Where nobody knows who dumped it, code is the reader's if its bytes allow that.
            code_of = maker if maker.python else reader
            self._inspections[root] = inspect_streams(
                self.context.serializer.pickles(data),
                len(data),
                root=root,
                python=code_of.minor,
                stdlib=stdlib_of(reader.minor),
            )
        return self._inspections[root]

    def in_one_piece(self) -> Sent:
        """Return the same with every payload as one stream, for whoever looks for a cause."""
        return replace(self, payloads=tuple((name, whole(data)) for name, data in self.payloads))
