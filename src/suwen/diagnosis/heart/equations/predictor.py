"""Linear predictors as sums of products of factors, and what each factor adds to them against a reference person.

A published equation is a sum of coefficients times products (age, age x smoking, age x treated x log pressure). The
contribution of a factor is its Shapley value in each product (Shapley 1953): with one factor the plain difference to
the reference, with two the interaction halved, with three shared over all orders. The contributions therefore add up to
the difference between this person and the reference person exactly, whatever the equation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from suwen.diagnosis.heart.nouns import Value
from suwen.errors import InputError

__all__ = [
    "MGDL",
    "Cox",
    "Product",
    "Transform",
    "is_not",
    "log",
    "log_mgdl",
    "logistic",
    "mgdl",
    "mmol_range",
    "number",
    "sex_of",
    "shares",
    "total",
]

MGDL = 38.67  # mg/dL of cholesterol in 1 mmol/L, as the factors have it

Transform = Callable[[Value | None], float]


@dataclass(frozen=True, slots=True)
class Product:
    """`coefficient` times the product of a transformed value for each of `factors` (key, transform), keys distinct."""

    coefficient: float
    factors: tuple[tuple[str, Transform], ...]


@dataclass(frozen=True, slots=True)
class Cox:
    """A proportional-hazards equation: risk = 1 - survival ** exp(predictor - mean).

    `reference` is the person contributions are counted from; it changes how the sum is divided, never the risk.
    """

    products: tuple[Product, ...]
    reference: Mapping[str, Value]
    mean: float
    survival: float
    base: float = field(init=False, repr=False)  # the sum of the products of the reference person

    def __post_init__(self) -> None:
        """Sum up the reference person once: a search over unknown inputs asks for it thousands of times."""
        object.__setattr__(self, "base", total(self.products, self.reference))

    def terms(self, values: Mapping[str, Value]) -> dict[str, float]:
        """Contributions to the log hazard against the reference person."""
        return shares(self.products, values, self.reference)

    def added(self, values: Mapping[str, Value]) -> float:
        """The sum of the contributions, not divided among the factors: many times quicker than `terms`."""
        return total(self.products, values) - self.base

    def constant(self) -> float:
        """Log hazard of the reference person against the mean of the cohort."""
        return self.base - self.mean

    def risk(self, added: float) -> float:
        """Risk in 0..1 of the person whose contributions add up to `added`."""
        return -math.expm1(math.log(self.survival) * math.exp(min(self.constant() + added, 700.0)))


def shares(
    products: Iterable[Product], values: Mapping[str, Value], reference: Mapping[str, Value]
) -> dict[str, float]:
    """What each factor adds to the sum of `products`, from `reference` to `values`; every factor named is in it."""
    found: dict[str, float] = {}
    for product in products:
        before = [change(reference.get(key)) for key, change in product.factors]
        after = [change(values.get(key)) for key, change in product.factors]
        for place, (key, _) in enumerate(product.factors):
            found[key] = found.get(key, 0.0) + product.coefficient * _shapley(place, before, after)
    return found


def _shapley(place: int, before: list[float], after: list[float]) -> float:
    step = after[place] - before[place]
    if step == 0 or len(before) == 1:
        return step
    others = [one for one in range(len(before)) if one != place]
    whole = 0.0
    for size in range(len(others) + 1):
        weight = math.factorial(size) * math.factorial(len(others) - size) / math.factorial(len(before))
        for moved in combinations(others, size):
            whole += weight * math.prod(after[one] if one in moved else before[one] for one in others)
    return step * whole


def total(products: Iterable[Product], values: Mapping[str, Value]) -> float:
    """The sum of the products for one person."""
    return sum(
        product.coefficient * math.prod(change(values.get(key)) for key, change in product.factors)
        for product in products
    )


def logistic(predictor: float) -> float:
    """1 / (1 + exp(-predictor)), without overflow."""
    if predictor >= 0:
        return 1 / (1 + math.exp(-predictor))
    grown = math.exp(predictor)
    return grown / (1 + grown)


def number(value: Value | None) -> float:
    """The value as a number. Raises InputError when it is missing or a word."""
    if value is None or isinstance(value, str):
        raise InputError(
            "the equation lacks a number: give every factor it uses, in the unit of the factor",
            zh="方程缺少数值：请按各因素的单位给出其所用的全部因素",
        )
    return float(value)


def is_not(value: Value | None) -> float:
    """1 for no, 0 for yes."""
    return 1.0 - number(value)


def log(value: Value | None) -> float:
    """The natural logarithm."""
    return math.log(number(value))


def mgdl(value: Value | None) -> float:
    """Cholesterol of mmol/L in mg/dL."""
    return number(value) * MGDL


def log_mgdl(value: Value | None) -> float:
    """The natural logarithm of a cholesterol in mg/dL, given in mmol/L."""
    return math.log(mgdl(value))


def sex_of(values: Mapping[str, Value]) -> str:
    """The sex, "female" or "male". Raises InputError otherwise."""
    sex = values.get("sex")
    if sex not in ("female", "male"):
        raise InputError("the equation needs the sex, female or male", zh="方程需要性别：女或男")
    return str(sex)


def mmol_range(low: float, high: float) -> tuple[float, float]:
    """A range of cholesterol in mg/dL as mmol/L, rounded outwards to hundredths so that its own ends are inside."""
    return math.floor(low / MGDL * 100) / 100, math.ceil(high / MGDL * 100) / 100
