"""Tensors, modules and optimizers of torch; `tests/frameworks` runs this file where it is."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from typing import Any

import pytest

from pytest_portable.equivalence import compare

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # of torch, about itself
nn = torch.nn
NAN = float("nan")


def by_torch(obj: Any) -> Any:
    file = io.BytesIO()
    torch.save(obj, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def by_pickle(obj: Any) -> Any:
    return pickle.loads(pickle.dumps(obj))


travels = pytest.mark.parametrize("travel", [by_torch, by_pickle, copy.deepcopy])


def paths(original: object, returned: object, **options: Any) -> list[str]:
    return [item.path for item in compare(original, returned, **options).items]


def model() -> Any:
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3))


def trained() -> tuple[Any, Any]:
    made = model()
    optimizer = torch.optim.Adam(made.parameters())
    made(torch.ones(4, 2)).sum().backward()
    optimizer.step()
    return made, optimizer


class Tied(torch.nn.Module):  # type: ignore[misc,name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(2, 2), nn.Linear(2, 2)
        self.other.weight = self.one.weight


def noted() -> Any:
    tensor = torch.ones(2)
    tensor.note = [1]
    return tensor


def quantized(scale: float) -> Any:
    with warnings.catch_warnings():  # it goes away in some later release
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.ones(3), scale, 0, torch.qint8)


SAME = {
    "numbers": torch.tensor([[1.0, NAN], [3, 4]]),
    "no dimension": torch.tensor(3),
    "empty": torch.empty(0, 3),
    "transposed": torch.arange(6.0).view(2, 3).t(),
    "expanded": torch.ones(1, 3).expand(4, 3),
    "views": [base := torch.arange(6.0), base[:3], base.view(2, 3)],
    "bfloat16": torch.ones(3).bfloat16(),
    "half": torch.ones(3).half(),
    "complex": torch.tensor([1 + 2j, complex(NAN, 1)]),
    "conjugated": torch.tensor([1 + 2j]).conj(),
    "bool": torch.tensor([True, False]),
    "sparse": torch.eye(3).to_sparse(),
    "quantized": quantized(0.1),
    "no values": torch.empty(3, device="meta"),
    "parameter": nn.Parameter(torch.ones(2)),
    "frozen parameter": nn.Parameter(torch.ones(2), requires_grad=False),
    "attribute": noted(),
    "module": model(),
    "state": model().state_dict(),
    "tied": Tied(),
    "trained": trained(),
    "optimizer": trained()[1],
    "recurrent": nn.LSTM(2, 3),
    "distribution": torch.distributions.Normal(torch.zeros(2), 1.0),
    "facts": [torch.float32, torch.device("cpu"), torch.Size([1, 2]), torch.strided],
    "generator": torch.Generator().manual_seed(1),
}


@travels
@pytest.mark.parametrize("name", SAME)
def test_what_travelled_is_equal(name: str, travel: Any) -> None:
    if name == "facts" and travel is by_torch:
        pytest.skip("torch.save cannot write a dtype beside a layout")

    original = SAME[name]
    returned = travel(original)

    assert compare([original, 1], [returned, 1]).items == ()


def test_nested_tensors() -> None:
    original = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])

    assert not compare(original, by_torch(original))
    assert compare(original, torch.nested.nested_tensor([torch.ones(2), torch.zeros(3)]))


def test_storages() -> None:
    original = torch.ones(3).storage()

    assert not compare(original, copy.deepcopy(original))


ONES = torch.ones(2)


@pytest.mark.parametrize(
    ("original", "returned", "expected"),
    [
        pytest.param(torch.tensor([1, NAN]), torch.tensor([2, NAN]), ["obj[0]"], id="value"),
        pytest.param(ONES, ONES.double(), ["obj.dtype"], id="dtype"),
        pytest.param(ONES, ONES[:1], ["obj.shape"], id="shape"),
        pytest.param(ONES, ONES.to_sparse(), ["obj.layout"], id="layout"),
        pytest.param(ONES, ONES.clone().requires_grad_(), ["obj.requires_grad"], id="gradient"),
        pytest.param(ONES, nn.Parameter(ONES), ["obj"], id="kind"),
        pytest.param(ONES, ONES.numpy(), ["obj"], id="array"),
        pytest.param(torch.tensor(1), 1, ["obj"], id="number"),
        pytest.param(noted(), ONES, ["obj.__dict__['note']"], id="attribute"),
        pytest.param(quantized(0.1), quantized(0.05), ["obj.q_scale()"], id="scale"),
        pytest.param(torch.float32, torch.float64, ["obj"], id="kind of number"),
        pytest.param(
            ONES.sparse_mask(ONES.to_sparse()), (ONES * 2).to_sparse(), ["obj[0]"], id="sparse"
        ),
    ],
)
def test_what_differs(original: Any, returned: Any, expected: list[str]) -> None:
    assert paths(original, returned) == expected


def test_one_weight() -> None:
    original = model()
    returned = by_torch(original)
    with torch.no_grad():
        returned[0].weight[1, 1] += 1

    assert paths(original, returned) == ["obj._modules['0']._parameters['weight'][1, 1]"]


def test_a_weight_that_two_layers_no_longer_share() -> None:
    original = Tied()
    returned = by_torch(original)
    returned.other.weight = nn.Parameter(returned.one.weight.detach().clone())

    (found,) = compare(original, returned).items

    assert (found.path, found.reason) == (
        "obj._modules['other']._parameters['weight']",
        "shared reference lost",
    )
    assert not compare(original, returned, sharing=False)


def test_a_gradient_may_stay_at_home_and_may_not_change() -> None:
    original = torch.ones(2, requires_grad=True)
    (original**2).sum().backward()

    assert not compare(original, by_torch(original))

    returned = copy.deepcopy(original)
    returned.grad[1] = 7

    assert paths(original, returned) == ["obj.grad[1]"]


def test_the_sign_of_zero() -> None:
    zero = torch.zeros(2, dtype=torch.complex64)

    assert not compare(zero, -zero)
    assert paths(zero, -zero, signed_zero=True) == ["obj[0]"]
    assert paths(zero.real, -zero.real, signed_zero=True) == ["obj[0]"]
