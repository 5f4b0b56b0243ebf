"""What both classifiers of tables share: scikit-learn's contract, the validation part, calibration, arrays on disk."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suwen.errors import FormatError, InputError, MissingExtraError
from suwen.learn.measure import Temperature, softmax
from suwen.learn.measure.checked import Floats, Ints
from suwen.learn.nouns import Array
from suwen.learn.splits import split

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as missing:
    raise MissingExtraError("scikit-learn", "learn") from missing

__all__ = ["Tabular", "Task", "packed", "restored"]

_WIDEST = float(np.log(100))  # of the logarithm of a temperature
_KINDS = "biufUO"  # of class labels: truth values, numbers, text


@dataclass(frozen=True)
class Task:
    """A checked table (n, columns), labels (n,) as class numbers, and the rows of both parts."""

    table: Floats
    labels: Ints
    training: Ints
    validation: Ints  # empty where too few groups or classes are left to judge by


class Tabular(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn publishes no types
    """A classifier of tables. Unknown values are NaN; infinite ones are refused.

    Learned: `classes_`, `n_features_in_`, `feature_names_in_` (of a data frame), `validation_rows_` (the rows that
    decided when to stop and how to calibrate; empty where the data were too few, then neither was done) and
    `calibration_`.
    """

    validation: float
    seed: int

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def predict(self, X: Any) -> Array:  # noqa: N803  # scikit-learn's name
        """The likeliest class (n,) of each row of (n, columns)."""
        places = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[places])

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Calibrated probabilities (n, classes), in the order of `classes_`.

        Raises:
            NotFittedError: `fit` was not called (scikit-learn's error, as its contract asks).
            InputError: the table is not one of numbers with the columns it was fitted on.

        """
        check_is_fitted(self, "calibration_")
        calibrated: Floats = self.calibration_(self._logits(_checked(self, X)))
        return calibrated

    @abstractmethod
    def _logits(self, table: Floats) -> Floats:
        """Raw answers (n, classes) for a checked table."""

    def _begin(self, X: Any, y: Any, groups: Sequence[Any] | None) -> Task:  # noqa: N803
        """Everything checked that a training needs, and the rows divided."""
        self.__dict__.pop("calibration_", None)  # a fit that fails must not leave an old model with new classes
        share = self.validation
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            raise InputError(f"validation is a share of the rows between 0 and 1, not {share!r:.40}")
        if y is None:
            raise InputError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        table, given = _checked_both(self, X, y)
        self.classes_, labels = np.unique(given, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError("there are examples of one class only: nothing can be told apart")
        if groups is not None and len(groups) != len(table):
            raise InputError(f"{len(table)} rows have {len(groups)} groups: give one for each")
        training, validation = _parts(labels, groups, share, f"tabular {self.seed}")
        self.validation_rows_ = validation
        return Task(table, labels, training, validation)

    def _calibrate(self, task: Task) -> None:
        """Fit the temperature on the validation part; without one, logits stay as they are."""
        rows = task.validation
        given = self._logits(task.table[rows]) if len(rows) else None
        self.calibration_ = Temperature() if given is None else _temperature(task.labels[rows], given)

    def _about(self) -> dict[str, Any]:
        """What every saved classifier says of itself, as plain values."""
        check_is_fitted(self, "calibration_")
        kind = self.classes_.dtype.kind
        if kind not in _KINDS or (kind == "O" and not all(isinstance(one, str) for one in self.classes_)):
            raise InputError("only classes that are numbers or text can be saved")
        return {
            "kind": type(self).__name__,
            "format": 1,
            "classes": self.classes_.tolist(),
            "dtype": "O" if kind == "O" else self.classes_.dtype.str,
            "columns": int(self.n_features_in_),
            "names": [str(one) for one in getattr(self, "feature_names_in_", ())],
            "temperature": self.calibration_.temperature,
        }

    def _remember(self, about: Mapping[str, Any]) -> None:
        """The opposite of `_about`; raises KeyError, TypeError or ValueError where something does not fit."""
        kind = np.dtype(about["dtype"])
        if kind.kind not in _KINDS or about["format"] != 1 or about["kind"] != type(self).__name__:
            raise ValueError("another format")
        self.classes_ = np.array(about["classes"], dtype=kind)
        columns, temperature = about["columns"], float(about["temperature"])
        if self.classes_.ndim != 1 or len(self.classes_) < 2 or type(columns) is not int or columns < 1:
            raise ValueError("no classes or columns")
        if not (temperature > 0 and np.isfinite(temperature)) or len(about["names"]) not in (0, columns):
            raise ValueError("no temperature or names")
        self.n_features_in_, self.calibration_ = columns, Temperature(temperature)
        self.validation_rows_ = np.zeros(0, np.int64)
        if about["names"]:
            self.feature_names_in_ = np.array(about["names"], dtype=object)


def packed(about: Mapping[str, Any]) -> Array:
    """Plain values as an array of bytes (UTF-8 JSON), so that they stand beside numbers in safetensors."""
    return np.frombuffer(json.dumps(about).encode(), np.uint8).copy()


def restored(kind: type[Any], arrays: Mapping[str, Array]) -> tuple[Any, dict[str, Any]]:
    """A classifier of `kind` with what `packed` said of it, and those plain values.

    Raises:
        FormatError: the arrays were not saved by such a classifier.

    """
    try:
        about = json.loads(np.asarray(arrays["about"], np.uint8).tobytes())
        made = kind(**kind._parameters(about["parameters"]))
        made._remember(about)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"these arrays hold no {kind.__name__} of this format") from error
    return made, about


def _checked(classifier: Tabular, table: Any) -> Floats:
    try:
        found = validate_data(classifier, table, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
    except (ValueError, TypeError) as error:
        raise InputError(_said(error)) from None  # the original would print the values of a patient
    return np.asarray(found)


def _checked_both(classifier: Tabular, table: Any, labels: Any) -> tuple[Floats, Array]:
    try:
        found, given = validate_data(
            classifier, table, labels, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        check_classification_targets(given)
        np.unique(given)  # labels of several kinds cannot be ordered
    except (ValueError, TypeError) as error:
        raise InputError(_said(error)) from None  # as above
    return np.asarray(found), np.asarray(given)


def _said(error: Exception) -> str:
    """scikit-learn's sentence, unless it quotes what stood in the table."""
    text = str(error)
    if "array=" in text:
        return "a table (rows, columns) is expected, not a single row or column. Reshape your data"
    if "could not convert" in text or "invalid literal" in text:
        return "the table holds text; give numbers, categories as 0, 1, 2 ..., unknown values as NaN"
    return text


def _temperature(labels: Ints, given: Floats) -> Temperature:
    """Temperature of least log loss against softened targets, by bisection of 1 / temperature from 0.01 to 100.

    Of n rows of a class all called right, (n + 1) / (n + 2) is the chance to expect (Platt 1999). With hard targets, a
    small validation part without a mistake would make every answer certain, and the first mistake cost everything.
    """
    count, classes = np.bincount(labels, minlength=given.shape[1]), given.shape[1]
    doubt = 1 / (count[labels] + 2)
    targets = np.repeat(doubt[:, None] / (classes - 1), classes, axis=1)
    targets[np.arange(len(labels)), labels] = 1 - doubt
    wanted = float((targets * given).sum())
    low, high = -_WIDEST, _WIDEST
    for _ in range(60):
        middle = (low + high) / 2
        steep = float((softmax(given * np.exp(middle)) * given).sum()) - wanted
        low, high = (middle, high) if steep < 0 else (low, middle)
    return Temperature(float(np.exp(-(low + high) / 2)))


def _parts(labels: Ints, groups: Sequence[Any] | None, share: float, salt: str) -> tuple[Ints, Ints]:
    """Rows of training and validation, no group on both sides, every class among the training."""
    n = len(labels)
    units = [f"row {row}" for row in range(n)] if groups is None else list(groups)
    found = split(units, labels, parts={"training": 1 - share, "validation": share}, salt=salt)
    held = np.zeros(n, dtype=bool)
    held[found["validation"]] = True
    lost = ~np.isin(labels, labels[~held])
    names = np.array([str(unit) for unit in units])
    held &= ~np.isin(names, names[lost])
    if len(np.unique(labels[held])) < 2:
        held[:] = False
    return np.flatnonzero(~held), np.flatnonzero(held)
