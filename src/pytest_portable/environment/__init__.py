"""Environments: an interpreter and requirements become a Python to start.

`prepare` makes or finds an `Environment`. This is an ordinary library, without knowledge of pytest
or payloads.
"""

from __future__ import annotations

from pytest_portable.agent.command_target import CommandTarget
from pytest_portable.environment.command import ask_command
from pytest_portable.environment.damage import find_damage
from pytest_portable.environment.from_hooks import check_installers
from pytest_portable.environment.housekeeping import StoredEnvironment, list_environments, prune
from pytest_portable.environment.installers import Bench, Installation, Installer
from pytest_portable.environment.interpreters import (
    default_cache_dir,
    find_interpreter,
    validate_python,
)
from pytest_portable.environment.lines import validate_requirement
from pytest_portable.environment.named_places import find_place
from pytest_portable.environment.preparation import find_environment, prepare, prepare_all
from pytest_portable.environment.probing import Interpreter
from pytest_portable.environment.request import Environment, EnvironmentRequest, StoreSettings
from pytest_portable.environment.survey import Survey, survey_interpreters

__all__ = [
    "Bench",
    "CommandTarget",
    "Environment",
    "EnvironmentRequest",
    "Installation",
    "Installer",
    "Interpreter",
    "StoreSettings",
    "StoredEnvironment",
    "Survey",
    "ask_command",
    "check_installers",
    "default_cache_dir",
    "find_damage",
    "find_environment",
    "find_interpreter",
    "find_place",
    "list_environments",
    "prepare",
    "prepare_all",
    "prune",
    "survey_interpreters",
    "validate_python",
    "validate_requirement",
]
