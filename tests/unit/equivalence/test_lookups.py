from __future__ import annotations

import logging

import numpy as np
import pytest
from numpy.random import bit_generator

from pytest_portable.equivalence.lookups import is_answered, may_be_looked_up


class Pool:
    def __init__(self) -> None:
        self.size = 1


def test_what_is_looked_up_may_be_another_one_elsewhere() -> None:
    assert is_answered(logging.getLogger("t"))
    assert is_answered(Pool())


@pytest.mark.parametrize(
    "named", [np.add, vars(bit_generator)["__pyx_unpickle_SeedSequence"], len, Pool, logging]
)
def test_functions_of_any_compiler_are_sent_by_name(named: object) -> None:
    assert not may_be_looked_up(type(named))
