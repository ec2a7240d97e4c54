from __future__ import annotations

import os
import subprocess
import sys

import pytest


def test_tests_of_judges_cannot_start_anything() -> None:
    with pytest.raises(AssertionError, match="started a process"):
        subprocess.run([sys.executable, "-c", ""], check=False)
    with pytest.raises(AssertionError, match="started a process"):
        os.fork()
