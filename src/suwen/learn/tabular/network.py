"""Networks for tables by scikit-learn's contract: a perceptron, or a transformer over columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from suwen.errors import FormatError, InputError
from suwen.learn.fit import train
from suwen.learn.measure.checked import Floats, Ints
from suwen.learn.nets.catalogue import build, completed
from suwen.learn.nouns import Array, Examples
from suwen.learn.nouns import Task as Kind
from suwen.learn.plan import Plan
from suwen.learn.predict import answers
from suwen.learn.prepare import Prepare
from suwen.learn.source import Source, source_of
from suwen.learn.tabular.contract import Tabular, Task, packed, restored

__all__ = ["DEFAULT_PLAN", "NetworkClassifier"]

DEFAULT_PLAN = Plan(epochs=60, rate=5e-3, patience=10, watch="loss")
_KINDS = ("perceptron", "columns")
_OURS = ("features", "outputs")  # settings that the table decides


class NetworkClassifier(Tabular):
    """A network of the catalogue for tables: `kind` is `perceptron` or `columns` (a transformer over columns).

    `settings` are those of the catalogue without `features` and `outputs`, which the table decides; for `columns`,
    `kinds` says of each column how many categories 0, 1, 2 ... it has, 0 for a number. Numbers are scaled by mean and
    spread of the training rows; a category never seen counts as unknown. `plan` says how it is trained (None:
    `DEFAULT_PLAN`); its seed is `seed`. The epoch kept and the temperature are decided on the validation part.

    Learned besides what `Tabular` names: `network_` (in evaluation mode), `settings_` (complete), `prepare_`,
    `history_` and `best_`, the epoch kept.
    """

    def __init__(
        self,
        kind: str = "perceptron",
        settings: Mapping[str, Any] | None = None,
        plan: Plan | None = None,
        validation: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.kind = kind
        self.settings = settings
        self.plan = plan
        self.validation = validation
        self.seed = seed

    def fit(self, X: Any, y: Any, *, groups: Sequence[Any] | None = None) -> Self:  # noqa: N803
        """Learn from a table (n, columns), NaN where unknown, and labels (n,); no group stands in both parts.

        Raises:
            InputError: a setting, the table, labels or groups cannot be used.

        """
        if type(self.seed) is not int or not 0 <= self.seed < 2**63:
            raise InputError(f"the seed is a whole number of at least 0, not {self.seed!r:.40}")
        task = self._begin(X, y, groups)
        self.settings_ = self._completed(task.table.shape[1])
        self._check_categories(task.table)
        self.prepare_ = Prepare(scale="none", columns=self._columns(task.table[task.training]))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = build(self.kind, self.settings_)
        self._train(network, task)
        self._calibrate(task)
        return self

    def _train(self, network: nn.Module, task: Task) -> None:
        plan = replace(self.plan or DEFAULT_PLAN, seed=self.seed)
        validation = task.validation
        if not len(validation):  # nothing to judge by: the last epoch it is
            plan, validation = replace(plan, watch="last", patience=None), task.training
        trained = train(network, self._source(task, task.training), self._source(task, validation), plan)
        self.network_, self.history_, self.best_ = trained.model, trained.history, trained.best

    def _source(self, task: Task, rows: Ints) -> Source:
        classes = tuple(str(one) for one in self.classes_)
        table = self._with_unknowns(task.table[rows])
        return source_of(Examples(table, task.labels[rows], Kind.CLASSES, classes), self.prepare_)

    def _completed(self, columns: int) -> dict[str, Any]:
        if self.kind not in _KINDS:
            raise InputError(f"networks for tables are perceptron and columns, not {self.kind!r:.40}")
        given = dict(self.settings or {})
        decided = [name for name in _OURS if name in given]
        if decided:
            raise InputError(f"{', '.join(decided)} follow from the table: leave them out of the settings")
        if self.kind == "perceptron":
            return completed(self.kind, {**given, "features": columns, "outputs": len(self.classes_)})
        made = completed(self.kind, {"kinds": [0] * columns, **given, "outputs": len(self.classes_)})
        if len(made["kinds"]) != columns:
            raise InputError(f"`kinds` tells of {len(made['kinds'])} columns, and the table has {columns}")
        return made

    def _kinds(self) -> Ints:
        """How many categories each column has, 0 for a number."""
        return np.asarray(self.settings_.get("kinds", [0] * int(self.n_features_in_)), np.int64)

    def _check_categories(self, table: Floats) -> None:
        strange = np.flatnonzero((np.isnan(self._with_unknowns(table)) & ~np.isnan(table)).any(axis=0))
        if len(strange):
            raise InputError(f"columns {strange.tolist()} hold values that are none of their categories 0, 1, 2 ...")

    def _with_unknowns(self, table: Floats) -> Floats:
        """The table, a category that is none unknown."""
        kinds = self._kinds()
        strange = (kinds > 0) & ((table < 0) | (table >= kinds) | (table != np.floor(table)))
        return np.where(strange, np.nan, table)

    def _columns(self, table: Floats) -> tuple[tuple[float, float], ...]:
        """Mean and spread of each column of numbers; (0, 1) where there is nothing to scale."""
        known = ~np.isnan(table)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, table, 0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, table - mean, 0) ** 2).sum(axis=0) / count)
        plain = self._kinds() > 0
        mean[plain], spread[plain | (spread <= 1e-12 * np.abs(mean)) | (spread == 0)] = 0.0, 1.0
        return tuple(zip(mean.tolist(), spread.tolist(), strict=True))

    def _logits(self, table: Floats) -> Floats:
        rows = np.stack([self.prepare_(row) for row in self._with_unknowns(table)])
        return np.asarray(answers(self.network_, torch.from_numpy(rows), batch=256).numpy(), np.float64)

    def to_arrays(self) -> dict[str, Array]:
        """All that predicting needs, as numeric arrays for `safetensors.numpy.save`; no code."""
        parameters = {**self.get_params(), "plan": None if self.plan is None else asdict(self.plan)}
        about = self._about() | {"parameters": parameters, "settings": self.settings_}
        weights = {f"weights.{name}": value.numpy() for name, value in self.network_.state_dict().items()}
        return {"about": packed(about), "columns": np.array(self.prepare_.columns), **weights}

    @staticmethod
    def _parameters(values: Mapping[str, Any]) -> dict[str, Any]:
        return {**values, "plan": None if values["plan"] is None else Plan.of(values["plan"])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> NetworkClassifier:
        """The opposite of `to_arrays`; the epochs of the training are not kept.

        Raises:
            FormatError: the arrays do not hold such a classifier.

        """
        made, about = restored(cls, arrays)
        made.settings_ = _settings(made, about.get("settings"))
        columns = np.asarray(arrays.get("columns"), np.float64)
        if columns.shape != (made.n_features_in_, 2) or not np.isfinite(columns).all() or (columns[:, 1] <= 0).any():
            raise FormatError("the saved network does not say how its columns are scaled")
        made.prepare_ = Prepare(scale="none", columns=tuple((mean, spread) for mean, spread in columns.tolist()))
        made.network_ = _network(made, arrays)
        loaded: NetworkClassifier = made
        return loaded


def _settings(made: NetworkClassifier, said: Any) -> dict[str, Any]:
    """The complete settings that were saved, so that a later release with other defaults builds the same network."""
    columns = made.n_features_in_
    if made.kind not in _KINDS or not isinstance(said, dict):
        raise FormatError("the arrays name no network for tables")
    settings = completed(made.kind, said)
    sides = settings.get("features", len(settings.get("kinds", ()))), settings["outputs"]
    if sides != (columns, len(made.classes_)):
        raise FormatError("settings of the saved network and its table do not fit together")
    return settings


def _network(made: NetworkClassifier, arrays: Mapping[str, Array]) -> nn.Module:
    """The network with its weights, if names, shapes and types are its own."""
    start = "weights."
    weights = {
        name.removeprefix(start): torch.from_numpy(np.array(values))
        for name, values in arrays.items()
        if name.startswith(start)
    }
    with torch.random.fork_rng(devices=[]):
        network = build(made.kind, made.settings_)
    own = {name: (value.shape, value.dtype) for name, value in network.state_dict().items()}
    if own != {name: (value.shape, value.dtype) for name, value in weights.items()}:
        raise FormatError("the saved weights are not those of the network they name")
    if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        raise FormatError("the saved weights hold values that are not finite numbers")
    network.load_state_dict(weights)
    return network.eval()
