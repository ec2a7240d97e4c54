"""What a garden holds: a model that only the submit side has, and its helpers."""

from __future__ import annotations


class Model:
    def __init__(self, weights):
        self.weights = weights

    def predict(self, value):
        found = 0
        for weight in self.weights:
            found += weight * value
        return found


def helper(value):
    return value + 1


def uses_helper(value):
    return helper(value)
