"""The coefficients of SCORE2 and its relatives are those of their authors' public programs, entered a second time."""

from __future__ import annotations

import math

import pytest

from suwen.diagnosis.heart.equations.score2 import EQUATIONS
from suwen.diagnosis.heart.nouns import Value

BY_KEY = {one.key: one for one in EQUATIONS}
REGIONS = ("low", "moderate", "high", "very high")
PER_PERCENT = 0.09148  # % NGSP of one mmol/mol
CENTRE: dict[str, dict[str, float]] = {
    "score2": {"age": 60, "sbp": 120, "total_cholesterol": 6, "hdl": 1.3, "smoker": 0},
    "score2-op": {"age": 73, "sbp": 150, "total_cholesterol": 6, "hdl": 1.4, "smoker": 0, "diabetes": 0},
}
CENTRE["score2-asia-pacific"] = CENTRE["score2"]
CENTRE["score2-diabetes"] = CENTRE["score2"] | {
    "diabetes": 0,
    "diabetes_age": 50,
    "hba1c": 31 * PER_PERCENT + 2.152,
    "egfr": math.exp(4.5),
}
WIDTH = {"age": 5.0, "sbp": 20.0, "total_cholesterol": 1.0, "hdl": 0.5, "smoker": 1.0, "diabetes": 1.0}
WIDTH |= {"hba1c": 9.34 * PER_PERCENT}
# By factor: its weight, and its interaction with age. SCORE2 (2021).
SCORE2 = {
    "male": {
        "age": (0.3742, 0.0),
        "smoker": (0.6012, -0.0755),
        "sbp": (0.2777, -0.0255),
        "total_cholesterol": (0.1458, -0.0281),
        "hdl": (-0.2698, 0.0426),
    },
    "female": {
        "age": (0.4648, 0.0),
        "smoker": (0.7744, -0.1088),
        "sbp": (0.3131, -0.0277),
        "total_cholesterol": (0.1002, -0.0226),
        "hdl": (-0.2606, 0.0613),
    },
}
# What SCORE2-Diabetes (2023) adds to those of SCORE2.
ADJUSTED = {
    "male": {
        "age": (0.1626, 0.0),
        "smoker": (-0.1238, 0.0083),
        "sbp": (-0.1454, -0.0013),
        "total_cholesterol": (-0.0356, 0.0100),
        "hdl": (0.1611, -0.0331),
    },
    "female": {
        "age": (0.1976, 0.0),
        "smoker": (-0.1605, -0.0033),
        "sbp": (-0.1709, 0.0111),
        "total_cholesterol": (0.0126, 0.0026),
        "hdl": (0.1038, -0.0426),
    },
}
OF_DIABETES = {
    "male": {"diabetes": (0.6457, -0.0983), "hba1c": (0.0955, -0.0134)},
    "female": {"diabetes": (0.8096, -0.1272), "hba1c": (0.1173, -0.0196)},
}
# Of (ln eGFR - 4.5) / 0.15: linear, square, with age; and of five years of age at diagnosis.
KIDNEY = {"male": (-0.0591, 0.0058, 0.0115, -0.0998), "female": (-0.0640, 0.0062, 0.0169, -0.1180)}
# SCORE2-OP (2021), unrounded, per year, mmHg and mmol/L.
OLDER = {
    "male": {
        "age": (0.0633767915, 0.0),
        "diabetes": (0.4245248910, -0.0173654217),
        "smoker": (0.3523957899, -0.0247205945),
        "sbp": (0.0094362177, -0.0004794522),
        "total_cholesterol": (0.0849594156, 0.0073336663),
        "hdl": (-0.3563571842, 0.0091317857),
    },
    "female": {
        "age": (0.0789191229, 0.0),
        "diabetes": (0.6009874438, -0.0106909701),
        "smoker": (0.4921147010, -0.0255496313),
        "sbp": (0.0101993091, -0.0004404728),
        "total_cholesterol": (0.0604939598, -0.0009121461),
        "hdl": (-0.3040280248, 0.0153779923),
    },
}
SURVIVAL = {"score2": (0.9605, 0.9776), "score2-op": (1 - 0.24235298, 1 - 0.19178759)}
MEAN = {"score2": (0.0, 0.0), "score2-op": (0.09285225, 0.2287676)}
# The two scales of men, then of women, by region.
EUROPE = (
    (-0.569857, 0.747593, -0.737966, 0.701868),
    (-0.156481, 0.800869, -0.314269, 0.770149),
    (0.320717, 0.936004, 0.570963, 0.936893),
    (0.583578, 0.829368, 0.941177, 0.832923),
)
EUROPE_OLDER = (
    (-0.343484, 1.193038, -0.516054, 1.007238),
    (0.005320, 1.248514, -0.101044, 1.099621),
    (0.084305, 1.151902, 0.375720, 1.089031),
    (0.045959, 0.703625, 0.379293, 0.691530),
)
SEXES = ("male", "female")


def total(key: str, sex: str, **moved: float) -> float:
    """The linear predictor of a person at the centre with some values moved by so much."""
    values: dict[str, Value] = {one: CENTRE[key][one] + moved.get(one, 0.0) for one in CENTRE[key]}
    return math.fsum(BY_KEY[key].terms({**values, "sex": sex}).values())


def slopes(key: str, sex: str, name: str, width: float, years: float) -> tuple[float, float]:
    """Change for one width of a factor, and the change of that for one width of age."""
    here = total(key, sex, **{name: width})
    if name == "age":
        return here, total(key, sex, age=2 * width) - 2 * here
    older = total(key, sex, age=years, **{name: width}) - total(key, sex, age=years)
    return here, older - here


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("key", ["score2", "score2-asia-pacific"])
def test_weights_of_score2(key: str, sex: str) -> None:
    for name, expected in SCORE2[sex].items():
        assert slopes(key, sex, name, WIDTH[name], 5.0) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("sex", SEXES)
def test_weights_of_score2_diabetes(sex: str) -> None:
    """Those of SCORE2 plus the adjustment, to the last printed digit; its own exactly."""
    for name, expected in SCORE2[sex].items():
        both = [one + other for one, other in zip(expected, ADJUSTED[sex][name], strict=True)]
        assert slopes("score2-diabetes", sex, name, WIDTH[name], 5.0) == pytest.approx(both, abs=1.01e-4)
    for name, expected in OF_DIABETES[sex].items():
        assert slopes("score2-diabetes", sex, name, WIDTH[name], 5.0) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("sex", SEXES)
def test_kidneys_and_age_at_diagnosis_in_score2_diabetes(sex: str) -> None:
    linear, square, with_age, at_diagnosis = KIDNEY[sex]
    up, down = (math.exp(4.5) * (math.exp(one) - 1) for one in (0.15, -0.15))
    more, less = total("score2-diabetes", sex, egfr=up), total("score2-diabetes", sex, egfr=down)
    assert (more - less) / 2 == pytest.approx(linear, abs=1e-9)
    assert (more + less) / 2 == pytest.approx(square, abs=1e-9)
    older = total("score2-diabetes", sex, egfr=up, age=5) - total("score2-diabetes", sex, age=5)
    assert older - more == pytest.approx(with_age, abs=1e-9)
    ill = total("score2-diabetes", sex, diabetes=1)
    assert total("score2-diabetes", sex, diabetes=1, diabetes_age=5) - ill == pytest.approx(at_diagnosis, abs=1e-9)
    assert total("score2-diabetes", sex, diabetes_age=5) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("sex", SEXES)
def test_weights_of_score2_op_are_the_rounded_ones(sex: str) -> None:
    for name, expected in OLDER[sex].items():
        assert slopes("score2-op", sex, name, 1.0, 1.0) == pytest.approx(expected, abs=5.1e-5)


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("key", ["score2", "score2-diabetes", "score2-op"])
def test_scales_and_survival(key: str, region: str, sex: str) -> None:
    older = key == "score2-op"
    man = SEXES.index(sex)
    values: dict[str, Value] = {"sex": sex, "score2_region": region}
    at, later = (math.log(-math.log1p(-BY_KEY[key].risk(one, values))) for one in (0.0, 0.5))
    first, second = (EUROPE_OLDER if older else EUROPE)[REGIONS.index(region)][2 * man : 2 * man + 2]
    table = "score2-op" if older else "score2"
    assert (later - at) / 0.5 == pytest.approx(second, abs=5.1e-3 if older else 5.1e-5)
    x = math.log(-math.log(SURVIVAL[table][man])) - MEAN[table][man]
    assert at == pytest.approx(first + second * x, abs=0.012 if older else 3e-4)
