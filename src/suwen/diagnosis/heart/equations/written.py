"""Risks written out as their papers print them: rows of coefficient times size, then the steps to the risk."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from suwen.diagnosis.heart.equations.predictor import (
    Cox,
    Product,
    Transform,
    is_not,
    log,
    log_mgdl,
    logistic,
    mgdl,
    number,
)
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Formula, FormulaRow, Value
from suwen.subject import Saying

__all__ = [
    "Shape",
    "cox_formula",
    "less",
    "logistic_formula",
    "product_rows",
    "row",
    "shown",
    "summed",
    "table_formula",
]

_WRITTEN: dict[Transform, Saying] = {
    number: Saying("{}", "{}"),
    is_not: Saying("(1 − {})", "（1 − {}）"),
    log: Saying("ln({})", "ln({})"),
    mgdl: Saying("{} in mg/dL", "{}（mg/dL）"),
    log_mgdl: Saying("ln({} in mg/dL)", "ln({}，mg/dL)"),
}
_SUM = Saying("sum of the lines", "各行之和")
_RISK = Saying("risk", "风险")


@dataclass(frozen=True, slots=True)
class Shape:
    """A transform that knows how it is written: `said` has {} where the name of the factor stands."""

    change: Callable[[Value | None], float]
    said: Saying

    def __call__(self, value: Value | None) -> float:
        """The size of a value."""
        return self.change(value)


def shown(number: float) -> str:
    """A number of a formula, to six digits."""
    return f"{number:.6g}".replace("-", "−")


def summed(number: float) -> str:
    """A sum of a formula, to four decimals."""
    return f"{number:.4f}".replace("-", "−")


def less(number: float) -> str:
    """What stands behind a sum from which `number` is taken; nothing for 0."""
    return f" {'+' if number < 0 else '−'} {summed(abs(number))}" if number else ""


def row(keys: tuple[str, ...], said: Saying, coefficient: float, size: float) -> FormulaRow:
    """A row; `said` has a {} for the name of each of `keys`."""
    names = [FACTORS[key].name for key in keys]
    text = Saying(said.en.format(*(one.en for one in names)), said.zh.format(*(one.zh for one in names)))
    return FormulaRow(keys, text, coefficient, size)


def product_rows(products: Iterable[Product], values: Mapping[str, Value]) -> tuple[FormulaRow, ...]:
    """A row for each product of a linear predictor."""
    return tuple(_product_row(one, values) for one in products)


def _product_row(product: Product, values: Mapping[str, Value]) -> FormulaRow:
    patterns = [_pattern(change) for _, change in product.factors]
    said = Saying(" × ".join(one.en for one in patterns), " × ".join(one.zh for one in patterns))
    size = math.prod(change(values.get(key)) for key, change in product.factors)
    return row(tuple(key for key, _ in product.factors), said, product.coefficient, size)


def _pattern(change: Transform) -> Saying:
    return change.said if isinstance(change, Shape) else _WRITTEN[change]


def cox_formula(cox: Cox, values: Mapping[str, Value]) -> Formula:
    """The risk of a proportional-hazards equation: 1 - survival ** exp(sum - mean)."""
    rows = product_rows(cox.products, values)
    total = math.fsum(one.product for one in rows)
    value = -math.expm1(math.log(cox.survival) * math.exp(min(total - cox.mean, 700.0)))
    if math.isclose(cox.survival, math.exp(-1)):
        how = f"1 − exp(−exp({summed(total)}{less(cox.mean)}))"
    else:
        how = f"1 − {shown(cox.survival)} ^ exp({summed(total)}{less(cox.mean)})"
    return Formula(rows, (_step(_SUM, summed(total)), _step(_RISK, how, value)), value)


def logistic_formula(rows: tuple[FormulaRow, ...], constant: float) -> Formula:
    """The risk of a logistic equation: 1 / (1 + exp(-(constant + sum)))."""
    total = math.fsum(one.product for one in rows)
    value = logistic(constant + total)
    how = f"1 / (1 + exp(−({shown(constant)}{less(-total)})))"
    return Formula(rows, (_step(_SUM, summed(total)), _step(_RISK, how, value)), value)


def table_formula(cell: Saying, value: float) -> Formula:
    """The risk that a table prints in `cell`."""
    shown_value = f"{value:.4%}".rstrip("0%").rstrip(".") + " %"
    return Formula((), (Saying(f"{cell.en}: {shown_value}", f"{cell.zh}：{shown_value}"),), value)


def _step(name: Saying, how: str, value: float | None = None) -> Saying:
    end = "" if value is None else f" = {100 * value:.4g} %"
    return Saying(f"{name.en} = {how}{end}", f"{name.zh} = {how}{end}")
