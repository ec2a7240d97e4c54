"""What conftest files and plugins add: serializers, comparators, installers, lenses.

Part of every start of pytest, so it imports nothing; the rooms that check the answers of a hook
load when the hook was answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_portable.settings.options import Checks

if TYPE_CHECKING:
    from pytest_portable.environment import Installer
    from pytest_portable.equivalence import Comparator
    from pytest_portable.serializers import Registry, Serializer

__all__ = ["Extensions"]


def _check_python(spec: str) -> str | None:
    from pytest_portable.environment import validate_python

    return validate_python(spec)


def _check_requirement(line: str) -> str | None:
    from pytest_portable.environment import validate_requirement

    return validate_requirement(line)


class Extensions:
    """The answers to our hooks, checked.

    Attributes:
        comparators: what "equal" means for the user's own classes.
        checks: functions that find mistakes in what marks and options name in this run.
    """

    def __init__(self, config: Any) -> None:  # noqa: ANN401 - pytest is not imported here
        """Call the hooks that add what marks and options may name.

        Raises:
            OptionError: an answer is not what its hook wants.
        """
        self._config = config
        self._serializers: list[Serializer] = []
        self._registry: Registry | None = None
        self._remove_lenses: Callable[[], None] | None = None
        self.comparators: tuple[Comparator, ...] = ()
        self.checks = Checks(
            _check_python,
            _check_requirement,
            self._check_serializer,
            self._names_of_installers,
            self._find_place,
        )
        if answers := config.hook.pytest_portable_serializers(config=config):
            from pytest_portable.serializers import check_serializers

            self._serializers = check_serializers(answers)
            self._registry = self.registry
        if answers := config.hook.pytest_portable_comparators(config=config):
            from pytest_portable.equivalence import check_comparators

            self.comparators = check_comparators(answers)
        if answers := config.hook.pytest_portable_lenses(config=config):
            from pytest_portable.payload.lenses import check_lenses, register_lenses

            self._remove_lenses = register_lenses(check_lenses(answers))

    def close(self) -> None:
        """Remove what was registered for this run: another run may follow in this process."""
        if self._remove_lenses is not None:
            self._remove_lenses()

    @property
    def registry(self) -> Registry:
        """The serializers of this run; their room is imported when one is asked for."""
        if self._registry is None:
            from pytest_portable.serializers import Registry

            self._registry = Registry(self._serializers)
        return self._registry

    def _check_serializer(self, serializer: object) -> str | None:
        return self.registry.find_mistake(serializer)

    def _find_place(self, line: str) -> str | None:
        from pytest_portable.environment import find_place

        return find_place(line, self._config.rootpath)

    def _names_of_installers(self) -> tuple[str, ...]:
        return tuple(installer.name for installer in self.installers)

    @property
    def installers(self) -> tuple[Installer, ...]:
        """Installers that a hook adds; it is called only where the wanted one is none of ours.

        Raises:
            OptionError: an answer is no installer.
        """
        from pytest_portable.environment import check_installers

        return check_installers(self._config.hook.pytest_portable_installers(config=self._config))
