"""A parser of arguments that answers what it does not know with what comes nearest."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, Final, NoReturn

from pytest_portable.errors import near

__all__ = ["HintingParser"]

_CHOICE: Final = re.compile(r"invalid choice: '(?P<word>[^']*)' \(choose from (?P<valid>[^)]*)\)")
_MISUSE: Final = 2


class HintingParser(argparse.ArgumentParser):
    """Reads arguments, and names the near spelling of a command or option that is not there."""

    def parse_known_args(self, *args: Any, **keywords: Any) -> Any:  # noqa: ANN401 - as the base class
        """Parse; unknown options are refused here, where those of this command are known."""
        given, left = super().parse_known_args(*args, **keywords)
        unknown = next((one.partition("=")[0] for one in left if one.startswith("-")), None)
        if unknown is not None:
            options = re.findall(r"--[\w-]+", self.format_help())
            self.error(f"unknown option {unknown}{near(unknown, options)}")
        return given, left

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, with all commands where none was named; end with status 2."""
        if found := _CHOICE.search(message):
            message += near(found["word"], re.findall(r"[\w-]+", found["valid"]))
        if not message.endswith(("required: COMMAND", "required: ACTION")):
            super().error(message)
        self.print_help(sys.stderr)
        self.exit(_MISUSE, f"{self.prog}: error: {message}\n")
