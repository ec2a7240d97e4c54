"""Everything that a cause may need, computed when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from pytest_portable.agent import Transcript
from pytest_portable.agent.records import Asked, Failed, Noted, TargetError
from pytest_portable.diagnosis.ask_target import Blame, Census, Questions, same_failure
from pytest_portable.diagnosis.host import Elsewhere, Here, Owner, canonical
from pytest_portable.diagnosis.standing import Standing
from pytest_portable.payload.bytecode import CodeSent
from pytest_portable.payload.inspection import Inspection
from pytest_portable.verdict import Target

__all__ = ["Evidence", "ModuleFile"]

# Parts that no user wrote: a path through them is shown last.
_ODD: Final = (".__reduce", "type(type(", "__pydantic", ".__getstate__", "copyreg")
# dill's spelling of the namespace of `__main__`.
_NO_REFERENCE: Final = frozenset({("builtins", "__main__"), ("__builtin__", "__main__")})


class ModuleFile(NamedTuple):
    """The file of a module in an environment.

    Attributes:
        file: its name; empty where neither the record nor the disk has one.
        is_listed: whether the record of its distribution lists it.
        is_there: whether it is on the disk.
    """

    file: str
    is_listed: bool
    is_there: bool


@dataclass
class Evidence:
    """What is known of one failed check, for one of its payloads.

    Attributes:
        target: facts of the environment.
        maker: facts of the side that dumped: the host's in a direct check.
        inspect: reads the payload without loading it; `None` where there is none.
        blame_path: turns an offset of the payload into a path.
        stream: returns the one pickle in the payload, where the serializer's own loader is not
            pickle's; nothing where there are none or several.
        questions: asks the target; `None` where there is none to ask.
        control: asks the maker's own environment; starts it.
        root: name of the payload in paths.
        given: whether the environment was made from declared requirements.
        serializer: name of the leg's serializer.
        runtimes: import names of what the serializer itself needs there.
        options: of its dump.
        failed: the run that failed.
        standing: the host's own code among what travels.
        look: see `on_disk`.
    """

    target: Target
    maker: Here
    inspect: Callable[[], Inspection | None] = lambda: None
    blame_path: Callable[[int], str] | None = None
    stream: Callable[[], bytes | None] = lambda: None
    questions: Questions | None = None
    control: Callable[[], Questions | None] = lambda: None
    root: str = "obj"
    given: bool = True
    serializer: str = "pickle"
    runtimes: frozenset[str] = frozenset()
    options: Mapping[str, object] = field(default_factory=dict)
    failed: Transcript | None = None
    standing: Standing = field(default_factory=Standing)
    look: Callable[[str, str], ModuleFile | None] = lambda _name, _module: None

    # --- the payload --------------------------------------------------------------------------

    @cached_property
    def inspection(self) -> Inspection | None:
        """What the payload holds."""
        return self.inspect()

    @property
    def code(self) -> tuple[CodeSent, ...]:
        """Functions and classes that are sent inside the payload."""
        return self.inspection.code if self.inspection else ()

    def references(self) -> Iterable[tuple[str, str, tuple[str, ...]]]:
        """Yield the module, qualified name and paths of everything that is sent by reference."""
        for reference in self.inspection.references if self.inspection else ():
            name = (reference.module, reference.qualname)
            if reference.by == "reference" and reference.module and name not in _NO_REFERENCE:
                yield reference.module, reference.qualname, reference.paths or (self.root,)

    def paths_of(self, module: str, name: str = "") -> list[str]:
        """Return the paths that lead to a module or to a name in it, the plainest first."""
        exact: list[str] = []
        near: list[str] = []
        for known, qualname, paths in self.references():
            if known == module and name in {"", qualname}:
                exact.extend(paths)
            elif known.startswith(f"{module}."):
                near.extend(paths)
        return plainest(exact or near)

    # --- the maker ----------------------------------------------------------------------------

    def owner(self, module: str) -> Owner | None:
        """Return the distribution that provided a module to who dumped the payload."""
        found = self.maker.owner(module)
        if found is not None or not isinstance(self.maker, Elsewhere):
            return found
        # Not every distribution is called as its module is; the target may know.
        there = self.census.owners.get(module.partition(".")[0])
        version = None if there is None else self.maker.version(there.name)
        return None if there is None or version is None else Owner(there.name, version)

    # --- the target ---------------------------------------------------------------------------

    @property
    def there_minor(self) -> str:
        """The target's Python, such as `3.11`."""
        return "{}.{}".format(*self.target.minor)

    @cached_property
    def census(self) -> Census:
        """What the target has of everything that the payload refers to or imports later."""
        if self.questions is None or self.inspection is None:
            return Census()
        return self.questions.census(
            [(module, name) for module, name, _ in self.references()],
            sorted({module for code in self.code for module in code.imports}),
        )

    def there(self, module: str, name: str | None = None) -> Owner | None:
        """Return the distribution that provides a module there.

        Args:
            module: the module.
            name: distribution that the maker has it of; asked for where it is not given.
        """
        owner = self.census.owners.get(module.partition(".")[0])
        if name is None:
            made = self.owner(module)
            name = made.name if made else None
        if name is not None:
            version = self.installed(name)
            if version is not None:
                return Owner(name, version)
        return owner

    def installed(self, distribution: str) -> str | None:
        """Return the version of a distribution that is installed there."""
        wanted = canonical(distribution)
        return next(
            (v for name, v in self.target.distributions.items() if canonical(name) == wanted), None
        )

    def on_disk(self, distribution: str, module: str) -> ModuleFile | None:
        """Return what a record there and the disk say of a module; `None` where nobody can look."""
        return self.look(canonical(distribution), module)

    def is_stdlib(self, module: str) -> bool:
        """Return whether a module belongs to the standard library on either side."""
        top = module.partition(".")[0]
        return top in self.maker.stdlib or top in self.census.stdlib

    # --- the second run -----------------------------------------------------------------------

    @cached_property
    def blame(self) -> Blame:
        """Where the load failed; empty where a second run did not fail in the same way."""
        if self.questions is None or self.blame_path is None or self.failed is None:
            return Blame()
        again = self.questions.blame(self.root)
        seen = again.first(Asked)
        around = () if seen is None else seen.asked
        step = self._step(again)
        if step is None and (stream := self.stream()) is not None:
            # Loaders written in C, and dill's, cannot be watched: the pickle itself is loaded then.
            step = self._step(self.questions.blame(self.root, stream))
        if step is None:
            return Blame(surroundings=around)
        offset, told = step
        words = [*told, "", "", "", "", ""]
        return Blame(
            offset=offset,
            opcode=words[0],
            callee=(words[1], words[2]),
            about=(words[3], words[4]),
            hook=words[5],
            path=self.blame_path(offset) if offset >= 0 else self.root,
            surroundings=around,
        )

    def _step(self, again: Transcript) -> tuple[int, list[str]] | None:
        """Return the last step of a run that failed in the same way."""
        noted = again.first(Noted)
        step = _last_step(noted.blob if noted else b"")
        return step if self._broke_alike(again) else None

    def _broke_alike(self, again: Transcript) -> bool:
        assert self.failed is not None
        first, second = self.failed.first(Failed), again.first(Failed)
        if first is not None and second is not None:
            return same_failure(first.error, second.error)
        if first is not None or second is not None or again.finished:
            return False
        if self.failed.timed_out or again.timed_out:
            return self.failed.timed_out == again.timed_out
        return self.failed.status == again.status

    @cached_property
    def control_error(self) -> TargetError | None:
        """What the load raised in the maker's own environment; `None` where it loads there."""
        transcript = self.control_run
        failed = transcript.first(Failed) if transcript else None
        return failed.error if failed else None

    @cached_property
    def control_run(self) -> Transcript | None:
        """The same payloads loaded in the maker's own environment."""
        questions = self.control()
        return None if questions is None else questions.load()

    @property
    def loads_here(self) -> bool | None:
        """Return whether it loads in the maker's own environment; `None` where nobody knows."""
        run = self.control_run
        if run is None or run.timed_out:
            return None
        return run.finished and self.control_error is None

    @cached_property
    def _control_census(self) -> Census:
        """What a fresh process of the maker's own environment has of what is not there."""
        questions = self.control()
        if questions is None:
            return Census()
        return questions.census([(module, name) for module, name, _ in self.references()])

    def maker_lacks(self, module: str, name: str = "") -> bool:
        """Return whether a fresh process of the maker's own environment has it not either.

        Args:
            module: the module.
            name: in it; empty for the module itself.
        """
        known = self._control_census
        if name:
            return (module, name) in known.names and known.names[module, name] is None
        error = known.modules.get(module)
        return error is not None and "ModuleNotFoundError" in error.bases


def _last_step(memory: bytes) -> tuple[int, list[str]] | None:
    """Return the offset and the text of the step before which a child died, from shared memory."""
    size = int.from_bytes(memory[:4], "big")
    if not size:
        return None
    words = memory[12 : 12 + size].decode("utf-8", "replace").split("\0")
    return int.from_bytes(memory[4:12], "big", signed=True), words


def plainest(paths: Iterable[str]) -> list[str]:
    """Sort paths so that those a person would write come first."""
    return sorted(dict.fromkeys(paths), key=lambda path: sum(odd in path for odd in _ODD))
