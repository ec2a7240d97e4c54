"""Real objects that travel: to another process, to fewer packages, to another Python."""

from __future__ import annotations

import numpy as np
import pytest
from markdown_it import MarkdownIt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

POINTS = np.array([[0.0, 1.0], [1.0, 0.5], [4.0, 3.0], [5.0, 2.5]])
LABELS = np.array([0, 0, 1, 1])


@pytest.mark.portable(
    deps=["scikit-learn>=1.7,<1.8"],
    python=["3.10", "3.11"],
    serializer=["pickle", "dill", "cloudpickle"],
)
def test_fitted_pipeline(portable):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(POINTS, LABELS)

    portable(model, probe="obj.predict(points).tolist()", points=POINTS)


@pytest.mark.portable(
    deps=["markdown-it-py>=4"],
    python=["3.10", "3.11"],
    serializer=["pickle", "dill", "cloudpickle"],
)
def test_dataclasses_of_an_installed_package(portable):
    tokens = MarkdownIt().parse("# Have a good trip\n\n- passport\n- *ticket*\n")

    portable(tokens, probe="[token.type for token in obj]")


# Code of one Python minor does not run on another, so a closure stays on the host's.
@pytest.mark.portable(deps=["numpy>=2"], serializer="cloudpickle")
def test_closure(portable):
    weights = np.array([0.25, 0.75])

    def score(point):
        return float(weights @ point)

    assert portable.call(score, np.array([4.0, 8.0])) == 7.0
