"""Gradient boosting for tables: grown by LightGBM on one thread, kept and answered as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from suwen.errors import FormatError, InputError, MissingExtraError, Problem
from suwen.learn.measure.checked import Floats
from suwen.learn.nouns import Array
from suwen.learn.tabular.contract import Tabular, Task, packed, restored
from suwen.learn.tabular.forest import Forest, read_forest

__all__ = ["BoostedClassifier"]


class BoostedClassifier(Tabular):
    """Gradient boosting over trees (Friedman 2001; LightGBM, Ke et al. 2017), by scikit-learn's contract.

    Up to `rounds` rounds, each counted `rate`, of trees with at most `leaves` leaves of at least `least` rows;
    `shrink` is the L2 penalty of leaves, `rows` and `columns` the shares drawn for each tree. `patience` rounds
    without gain of log loss on the validation part end the training, then a temperature is fitted there. `monotone`
    gives directions: one of -1, 0, 1 for each column, or by column number or name; two classes only, and the chance of
    the second (`classes_[1]`) never moves the other way.

    A column that had no unknown value in training has its median put in place of one later (LightGBM would silently
    take it for 0, which for a laboratory value is a finding); other columns have learned what unknown means.

    Learned besides what `Tabular` names: `forest_`, `fill_` (columns,), `rounds_`, `importances_` (columns,), the
    share of each column in all gains.
    """

    def __init__(  # noqa: PLR0913  # scikit-learn's contract: every setting is a parameter by name
        self,
        rounds: int = 300,
        rate: float = 0.05,
        leaves: int = 15,
        *,
        least: int = 10,
        shrink: float = 1.0,
        rows: float = 1.0,
        columns: float = 1.0,
        patience: int = 30,
        monotone: Sequence[int] | Mapping[int | str, int] | None = None,
        validation: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.rounds = rounds
        self.rate = rate
        self.leaves = leaves
        self.least = least
        self.shrink = shrink
        self.rows = rows
        self.columns = columns
        self.patience = patience
        self.monotone = monotone
        self.validation = validation
        self.seed = seed

    def fit(self, X: Any, y: Any, *, groups: Sequence[Any] | None = None) -> Self:  # noqa: N803
        """Learn from a table (n, columns), NaN where unknown, and labels (n,); no group stands in both parts.

        Raises:
            InputError: a setting, the table, labels or groups cannot be used.
            MissingExtraError: LightGBM is not installed.

        """
        self._settled()
        task = self._begin(X, y, groups)
        known = task.table[task.training]
        whole = ~np.isnan(known).any(axis=0)
        self.fill_ = np.full(known.shape[1], np.nan)
        self.fill_[whole] = np.median(known[:, whole], axis=0)
        booster = self._grown(task)
        best = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
        self.rounds_ = int(best)
        self.forest_ = read_forest(booster, rounds=self.rounds_)
        gains = np.asarray(booster.feature_importance("gain", iteration=self.rounds_), np.float64)
        self.importances_ = gains / gains.sum() if gains.sum() > 0 else gains
        self._calibrate(task)
        return self

    def _settled(self) -> None:
        """Refuse settings that LightGBM would bend silently."""
        whole = {"rounds": (self.rounds, 1), "leaves": (self.leaves, 2), "least": (self.least, 1)}
        whole |= {"patience": (self.patience, 1), "seed": (self.seed, 0)}
        problems = [
            Problem(name, f"a whole number of at least {least}, not {value!r:.40}")
            for name, (value, least) in whole.items()
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 2**31
        ]
        shares = {"rate": self.rate, "rows": self.rows, "columns": self.columns}
        problems += [
            Problem(name, f"above 0 and at most 1, not {share!r:.40}")
            for name, share in shares.items()
            if not 0 < share <= 1
        ]
        if not 0 <= self.shrink < np.inf:
            problems.append(Problem("shrink", f"a penalty of at least 0, not {self.shrink!r:.40}"))
        if problems:
            raise InputError("these settings cannot be followed", problems)

    def _grown(self, task: Task) -> Any:
        try:
            lightgbm = import_module("lightgbm")
        except ImportError as missing:
            raise MissingExtraError("lightgbm", "learn") from missing
        settings = self._settings(len(self.classes_), len(task.table))

        def part(rows: Any, like: Any = None) -> Any:
            # Labels and table are copied into LightGBM's own bins; `settings` decide how these are cut.
            table = self._filled(task.table[rows])
            return lightgbm.Dataset(table, task.labels[rows], reference=like, params=settings)

        training = part(task.training)
        if not len(task.validation):
            return lightgbm.train(settings, training, int(self.rounds))
        stop = lightgbm.early_stopping(int(self.patience), verbose=False)
        judged = [part(task.validation, training)]
        return lightgbm.train(settings, training, int(self.rounds), valid_sets=judged, callbacks=[stop])

    def _settings(self, classes: int, n: int) -> dict[str, Any]:
        settings = {
            "learning_rate": float(self.rate),
            "num_leaves": int(self.leaves),
            "min_data_in_leaf": int(self.least),
            "lambda_l2": float(self.shrink),
            "bagging_fraction": float(self.rows),
            "bagging_freq": int(self.rows < 1),
            "feature_fraction": float(self.columns),
            "monotone_constraints": self._directions(classes),
            # All rows are looked at, or a rare unknown value is overlooked and its column taken for complete.
            "bin_construct_sample_cnt": max(200_000, n),
            "seed": int(self.seed),
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        if classes == 2:
            return settings | {"objective": "binary"}
        return settings | {"objective": "multiclass", "num_class": classes}

    def _directions(self, classes: int) -> list[int] | None:
        """One of -1, 0, 1 for each column."""
        if self.monotone is None:
            return None
        if classes > 2:
            raise InputError("a direction has a meaning between two classes only; leave `monotone` out")
        n = int(self.n_features_in_)
        if isinstance(self.monotone, Mapping):
            names = list(getattr(self, "feature_names_in_", ()))
            places = [names.index(one) if one in names else one for one in self.monotone]
            if any(type(one) is not int or not 0 <= one < n for one in places):
                raise InputError(f"`monotone` names a column that is not among the {n} of the table")
            given = dict(zip(places, self.monotone.values(), strict=True))
            directions = [given.get(place, 0) for place in range(n)]
        else:
            directions = list(self.monotone)
        if len(directions) != n or any(one not in (-1, 0, 1) for one in directions):
            raise InputError(f"`monotone` gives -1, 0 or 1 for each of the {n} columns")
        return [int(one) for one in directions]

    def _filled(self, table: Floats) -> Floats:
        return np.where(np.isnan(table), self.fill_, table)

    def _logits(self, table: Floats) -> Floats:
        raw = self.forest_.logits(self._filled(table))
        return np.column_stack([np.zeros(len(raw)), raw[:, 0]]) if raw.shape[1] == 1 else raw

    def trees(self) -> tuple[dict[str, Array], ...]:
        """Each tree as arrays over its nodes; see `Forest`. Those of more than two classes take turns."""
        check_is_fitted(self, "forest_")
        return self.forest_.trees()

    def to_arrays(self) -> dict[str, Array]:
        """All that predicting needs, as numeric arrays for `safetensors.numpy.save`; no code, no LightGBM."""
        about = self._about() | {"parameters": self._plain(), "rounds": self.rounds_}
        return {
            "about": packed(about),
            "fill": self.fill_,
            "importances": self.importances_,
            **{f"forest.{name}": values for name, values in self.forest_.to_arrays().items()},
        }

    def _plain(self) -> dict[str, Any]:
        values = {name: one.item() if isinstance(one, np.generic) else one for name, one in self.get_params().items()}
        given = self.monotone
        if isinstance(given, Mapping):
            values["monotone"] = [[one, int(direction)] for one, direction in given.items()]
        elif given is not None:
            values["monotone"] = [int(one) for one in given]
        return values

    @staticmethod
    def _parameters(values: Mapping[str, Any]) -> dict[str, Any]:
        given = values["monotone"]
        pairs = bool(given) and isinstance(given[0], list)
        return {**values, "monotone": {one: direction for one, direction in given} if pairs else given}  # noqa: C416

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> BoostedClassifier:
        """The opposite of `to_arrays`; the answers are the same to the last bit.

        Raises:
            FormatError: the arrays do not hold such a classifier.

        """
        made, _about = restored(cls, arrays)
        start = "forest."
        made.forest_ = Forest.from_arrays(
            {name.removeprefix(start): values for name, values in arrays.items() if name.startswith(start)}
        )
        made.fill_, made.importances_ = (np.asarray(arrays.get(one), np.float64) for one in ("fill", "importances"))
        columns, classes = made.n_features_in_, len(made.classes_)
        fits = made.fill_.shape == made.importances_.shape == (columns,) and made.forest_.feature.max() < columns
        if not fits or made.forest_.outputs != (1 if classes == 2 else classes):
            raise FormatError("trees, columns and classes of the saved classifier do not fit together")
        made.rounds_ = len(made.forest_.roots) // made.forest_.outputs
        loaded: BoostedClassifier = made
        return loaded
