"""torch users: checkpoints and models, and who loads them."""

from __future__ import annotations

import sys

import labpkg
import pytest
import torch
import torch.fx

from pytest_portable.equivalence import compare

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"


def codes(verdict):
    return [problem.code for problem in verdict.problems]


@pytest.mark.portable(serializer="torch")
def test_a_state_dict_loads_with_weights_only(portable):
    state = torch.nn.Linear(3, 2).state_dict()
    verdict = portable(state, probe="obj['weight'].tolist()")
    assert verdict.target.distributions["torch"]


@pytest.mark.portable(serializer="torch")
def test_weights_only_refuses_a_whole_model(portable):
    verdict = portable.check(torch.nn.Linear(3, 2))
    assert verdict.stage == "load"
    assert "weights_only" in str(verdict) or "Weights only" in str(verdict)


@pytest.mark.portable(serializer="torch", options={"weights_only": False})
def test_a_whole_model_loads_where_it_is_trusted(portable):
    model = torch.nn.Linear(3, 2)
    verdict = portable(model, probe="[float(x) for x in obj.weight.flatten()]")
    assert verdict.portable


@pytest.mark.portable(serializer="torch", options={"weights_only": False})
def test_a_class_of_a_local_module_is_missing_there(portable):
    verdict = portable.check({"weights": torch.zeros(2), "meta": labpkg.Reading(1)})
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.problems[0].path == "obj['meta']"


@pytest.mark.portable(serializer="torch")
def test_the_archive_is_read_without_loading_it(portable):
    found = portable.inspect({"weights": torch.zeros(200), "meta": labpkg.Reading(1)})
    assert {"labpkg", "torch._utils"} <= {reference.module for reference in found.references}


def traced():
    return torch.fx.symbolic_trace(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()))


@pytest.mark.portable(
    deps=None, python=sys.executable, serializer=["pickle", "dill", "cloudpickle"]
)
def test_a_traced_module_is_equal_though_each_load_makes_its_class(portable):
    model = traced()
    portable(model, probe="obj(__import__('torch').ones(1, 3)).tolist()")


def test_a_traced_module_of_other_weights_is_another():
    assert "weight" in compare(traced(), traced()).items[0].path


@pytest.mark.portable(serializer="torch", python=OTHER)
def test_tensors_go_to_other_python(portable):
    assert portable({"w": torch.arange(4.0)}).portable


@pytest.mark.portable(serializer="torch", options={"weight_only": True})
def test_misspelled(portable):
    pass
