"""The demo's model: one-hot codes, scaled age, logistic regression."""

from __future__ import annotations

from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from miops_collector.demo.survey import FEATURES, TRUTH

__all__ = ["train"]


def train(rows: pd.DataFrame, file: Path) -> Pipeline:
    """Fit on these rows and save the model where the model server will load it."""
    codes = [name for name in FEATURES if name != "AGEP"]
    columns = ColumnTransformer(
        [("codes", OneHotEncoder(handle_unknown="ignore"), codes), ("age", StandardScaler(), ["AGEP"])]
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=500))
    model.fit(rows[list(FEATURES)], rows[TRUTH])
    joblib.dump(model, file)
    return model
