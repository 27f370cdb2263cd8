"""A new last layer for features that stay as they are: logistic regression."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

MAX_ITERATIONS = 200


def fit_and_answer(features: Any, labels: np.ndarray, others: Any) -> tuple[np.ndarray, bool]:
    """Fit on `features` (n, d) with their `labels`, and return the answers to `others` and whether the fit converged.

    L2 penalty with C = 1, lbfgs; dense features are standardised by the rows fitted on, sparse ones are taken as they
    are.
    """
    regression = LogisticRegression(max_iter=MAX_ITERATIONS)
    dense = isinstance(features, np.ndarray)
    model = make_pipeline(StandardScaler(), regression) if dense else make_pipeline(regression)
    # Small matrices: threads of the linear algebra that wait for each other took ten times as long.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is returned
        model.fit(features, labels)
    return model.predict(others), int(regression.n_iter_.max()) < MAX_ITERATIONS
