"""All serializers: the built-in ones, and those that a conftest or plugin adds."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pytest_portable.errors import OptionError, near
from pytest_portable.serializers.serializer import Serializer

_ENTRY_POINTS: Final = "pytest_portable.serializers"

__all__ = ["Builtin", "Registry", "check_serializers", "runtime_of"]


@dataclass(frozen=True)
class Builtin:
    """A built-in serializer; its module is imported when it is needed.

    Attributes:
        maker: `module:function` that makes it, the module below this room.
        needs: what must be installed here, as `distribution>=version`; empty for nothing more
            than this plugin depends on.
        extra: the extra of this plugin that installs it.
    """

    maker: str
    needs: str = ""
    extra: str = ""


_BUILTINS: Final[Mapping[str, Builtin]] = {
    "cloudpickle": Builtin("standard:make_cloudpickle"),
    "covalent": Builtin("frameworks.covalent:make", needs="covalent>=0.238", extra="covalent"),
    "covalent-lattice": Builtin(
        "frameworks.covalent:make_lattice", needs="covalent>=0.238", extra="covalent"
    ),
    "covalent-server": Builtin(
        "frameworks.covalent:make_server", needs="covalent>=0.238", extra="covalent"
    ),
    "dask": Builtin("frameworks.dask:make", needs="distributed>=2025.4", extra="dask"),
    "dill": Builtin("standard:make_dill"),
    "dill-session": Builtin("standard:make_session"),
    "globus-compute": Builtin(
        "frameworks.globus_compute:make", needs="globus-compute-sdk>=4", extra="globus-compute"
    ),
    "groundhog": Builtin(
        "frameworks.groundhog:make", needs="groundhog-hpc>=0.9", extra="groundhog"
    ),
    "joblib": Builtin("standard:make_joblib", needs="joblib>=1.0", extra="joblib"),
    "modal": Builtin("frameworks.modal:make", needs="modal>=1.0", extra="modal"),
    "multiprocessing": Builtin("standard:make_multiprocessing"),
    "orquestra": Builtin(
        "frameworks.orquestra:make", needs="orquestra-sdk>=1.0", extra="orquestra"
    ),
    "parsl": Builtin("frameworks.parsl:make", needs="parsl>=2025.1", extra="parsl"),
    "pickle": Builtin("standard:make_pickle"),
    "ray": Builtin("frameworks.ray:make", needs="ray>=2.9", extra="ray"),
    "spark": Builtin("frameworks.spark:make", needs="pyspark>=3.4", extra="spark"),
    "torch": Builtin("frameworks.torch:make", needs="torch>=2", extra="torch"),
}


def check_serializers(answers: Iterable[Serializer | Iterable[Serializer]]) -> list[Serializer]:
    """Check what conftest files and plugins add.

    Raises:
        OptionError: an answer is neither a Serializer nor a list of these.
    """
    added: list[Serializer] = []
    for answer in answers:
        for serializer in [answer] if isinstance(answer, Serializer) else answer:
            if not isinstance(serializer, Serializer):
                raise OptionError(
                    f"pytest_portable_serializers: {serializer!r} is not a "
                    "pytest_portable.Serializer"
                )
            added.append(serializer)
    return added


class Registry:
    """Serializers by name.

    Args:
        added: those that the hook `pytest_portable_serializers` returned.

    Raises:
        OptionError: two of them share a name, or one takes the name of a built-in one.

    A name that is neither built in nor added may be that of an entry point in the group
    `pytest_portable.serializers`; these are read only then.
    """

    def __init__(self, added: Iterable[Serializer] = ()) -> None:
        """Keep what was added; nothing is imported yet."""
        self._made: dict[str, Serializer] = {}
        self._broken: dict[str, str] = {}
        self._allowed: set[str] = set()
        mistakes = []
        for serializer in added:
            known = self._made.setdefault(serializer.name, serializer)
            if serializer.name in _BUILTINS:
                mistakes.append(
                    f"pytest_portable_serializers: {serializer.name!r} ({serializer.origin()}) "
                    "has the name of a built-in serializer; give it another one"
                )
            elif known is not serializer:
                mistakes.append(
                    f"pytest_portable_serializers: two serializers are named {serializer.name!r}: "
                    f"{known.origin()} and {serializer.origin()}; rename one"
                )
        if mistakes:
            raise OptionError(mistakes)

    def names(self) -> tuple[str, ...]:
        """Return the names for a mark, an option or the command line, sorted."""
        return tuple(sorted({*_BUILTINS, *self._made}))

    def find_mistake(self, serializer: object) -> str | None:
        """Return what is wrong with a name (or with a `Serializer` itself), or `None`.

        No framework is imported for this: installed metadata is read.
        """
        if isinstance(serializer, Serializer):
            return self._clash(serializer)
        if not isinstance(serializer, str):
            return f"{serializer!r} is neither a name nor a Serializer"
        if ":" in serializer or serializer in self._made:
            return None
        if serializer not in _BUILTINS and _entry_point(serializer) is None:
            known = self.names()
            return (
                f"unknown serializer {serializer!r}{near(serializer, known)} "
                f"(known: {', '.join(known)})"
            )
        builtin = _BUILTINS.get(serializer)
        return None if builtin is None else _missing(serializer, builtin)

    def allow(self, name: str) -> None:
        """Let data name a serializer that the user named, as `module:attribute` or by its name.

        Raises:
            OptionError: there is none of this name.
        """
        serializer = self.get(name)
        self._allowed.add(name)
        self._made.setdefault(serializer.name, serializer)

    def find_mistake_in_data(self, name: str) -> str | None:
        """Return what is wrong with a name that data gave, such as a manifest, or `None`.

        What data names is never imported: only built-in and registered names are known, and those
        that the user has allowed.
        """
        if ":" in name and name not in self._allowed:
            return (
                f"{name!r} names code to import, which nothing but the command line, a hook or an "
                f"entry point may do: if you trust it, verify with --serializer {name}, or let "
                "the hook pytest_portable_serializers return it"
            )
        return self.find_mistake(name)

    def _clash(self, given: Serializer) -> str | None:
        if given.name not in self.names() or self._made.get(given.name) is given:
            return None
        return f"{given.name!r} ({given.origin()}) has the name of another serializer"

    def get(self, name: str) -> Serializer:
        """Return a serializer; its package is imported now.

        Args:
            name: one of `names()`, or `module:attribute` of a `Serializer`.

        Raises:
            OptionError: there is none of this name, or what it needs is not installed here.
        """
        if mistake := self.find_mistake(name):
            raise OptionError(f"serializer: {mistake}")
        if name in self._broken:
            raise OptionError(self._broken[name])
        if name not in self._made:
            try:
                self._made[name] = _find(name)
            except OptionError as error:
                # A package whose import fails is not imported again for every test.
                self._broken[name] = str(error)
                raise
        return self._made[name]


def _find(name: str) -> Serializer:
    if ":" in name:
        return _named(name)
    if name in _BUILTINS:
        return _make(name, _BUILTINS[name])
    point = _entry_point(name)
    assert point is not None, name
    try:
        found: object = point.load()
    except Exception as error:
        raise OptionError(
            f"serializer: the entry point {name} = {point.value} cannot be had: "
            f"{type(error).__name__}: {error}"
        ) from error
    return _checked(f"{name} = {point.value}", found)


def _entry_point(name: str) -> importlib.metadata.EntryPoint | None:
    """Return what an installed distribution registers under a name; nothing is imported."""
    return next(iter(importlib.metadata.entry_points(group=_ENTRY_POINTS, name=name)), None)


def _make(name: str, builtin: Builtin) -> Serializer:
    module, _, function = builtin.maker.partition(":")
    make: Callable[[], Serializer] = getattr(
        importlib.import_module(f"pytest_portable.serializers.{module}"), function
    )
    try:
        return make()
    except Exception as error:
        # It is installed, but broken, or so new that it lacks what is used here.
        raise OptionError(
            f"serializer: {name!r} cannot be had, though {_found(builtin)} is installed here: the "
            f"import of what it uses raised {type(error).__name__}: {error}; repair that, or "
            f"install another version ({builtin.needs})"
        ) from error


def _found(builtin: Builtin) -> str:
    from packaging.requirements import Requirement

    distribution = Requirement(builtin.needs).name if builtin.needs else "what it needs"
    try:
        return f"{distribution} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:
        return distribution


def _named(name: str) -> Serializer:
    """Import a `Serializer` from the `module:attribute` that the user wrote."""
    module, _, attribute = name.partition(":")
    try:
        found: object = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise OptionError(f"serializer: {name!r} cannot be had: {error}") from error
    return _checked(name, found)


def _checked(name: str, found: object) -> Serializer:
    if not isinstance(found, Serializer):
        raise OptionError(
            f"serializer: {name!r} is no pytest_portable.Serializer but a "
            f"{type(found).__qualname__}"
        )
    return found


def _missing(name: str, builtin: Builtin) -> str | None:
    if not builtin.needs:
        return None
    from packaging.requirements import Requirement

    wanted = Requirement(builtin.needs)
    how = f"pip install '{builtin.needs}'"
    if builtin.extra:
        how += f", or the extra: pip install 'pytest-portable[{builtin.extra}]'"
    try:
        found = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name!r} needs {builtin.needs} here, and it is not installed; {how}"
    if not wanted.specifier.contains(found, prereleases=True):
        return f"{name!r} needs {builtin.needs} here, and {found} is installed; {how}"
    return None


def runtime_of(serializer: Serializer) -> tuple[str, ...]:
    """Return the requirement of the serializer's runtime, pinned at the host's version.

    A requirement that has a version stays as it is.
    """
    if serializer.requirement is None:
        return ()
    from packaging.requirements import Requirement

    wanted = Requirement(serializer.requirement)
    if wanted.specifier or wanted.url:
        return (serializer.requirement,)
    try:
        version = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return (serializer.requirement,)
    extras = f"[{','.join(sorted(wanted.extras))}]" if wanted.extras else ""
    return (f"{wanted.name}{extras}=={version}",)
