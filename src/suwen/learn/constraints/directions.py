"""In which direction risk factors move cardiovascular risk, with the sources and where the statement ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suwen.errors import InputError

__all__ = ["CARDIOVASCULAR", "SOURCES", "Direction", "directions_of"]

SOURCES: Mapping[str, str] = {
    "ESC 2021": "Visseren et al., 2021 ESC Guidelines on cardiovascular disease prevention, Eur Heart J 2021;42:3227",
    "SCORE2": "SCORE2 working group, Eur Heart J 2021;42:2439",
    "SCORE2-Diabetes": "SCORE2-Diabetes working group, Eur Heart J 2023;44:2544",
    "PREVENT": "Khan et al., PREVENT equations, Circulation 2024;149:430",
    "PCE": "Goff et al., 2013 ACC/AHA guideline on cardiovascular risk, Circulation 2014;129(suppl 2):S49",
    "EAS LDL": "Ference et al., Low-density lipoproteins cause atherosclerotic disease, Eur Heart J 2017;38:2459",
    "EAS Lp(a)": "Kronenberg et al., Lipoprotein(a) consensus statement, Eur Heart J 2022;43:3925",
    "PSC": "Prospective Studies Collaboration, Lancet 2002;360:1903",
    "CKD-PC": "Chronic Kidney Disease Prognosis Consortium, Lancet 2010;375:2073",
    "Madsen 2017": "Madsen, Varbo and Nordestgaard, Extreme high HDL cholesterol, Eur Heart J 2017;38:2478",
}


@dataclass(frozen=True, slots=True)
class Direction:
    """A factor, its sign for the risk of atherosclerotic events (other factors equal), sources, and its limits.

    The statement is about people without known cardiovascular disease; `limits` say where it must not be forced.
    """

    factor: str
    sign: int
    name_en: str
    name_zh: str
    sources: tuple[str, ...]  # keys of SOURCES
    limits_en: str = ""
    limits_zh: str = ""


CARDIOVASCULAR: Mapping[str, Direction] = {
    one.factor: one
    for one in (
        Direction("age", 1, "age", "年龄", ("SCORE2", "PREVENT", "PCE")),
        Direction("smoking", 1, "current smoking", "当前吸烟", ("ESC 2021", "SCORE2", "PREVENT", "PCE")),
        Direction(
            "systolic_pressure",
            1,
            "systolic blood pressure",
            "收缩压",
            ("PSC", "ESC 2021", "SCORE2", "PREVENT"),
            "seen down to 115 mmHg; below, low pressure can come from disease",
            "证据下至 115 mmHg；更低的血压可能由疾病引起",
        ),
        Direction("ldl_cholesterol", 1, "LDL cholesterol", "低密度脂蛋白胆固醇", ("EAS LDL", "ESC 2021")),
        Direction("non_hdl_cholesterol", 1, "non-HDL cholesterol", "非高密度脂蛋白胆固醇", ("ESC 2021", "PREVENT")),
        Direction(
            "total_cholesterol",
            1,
            "total cholesterol at the same HDL cholesterol",
            "总胆固醇（高密度脂蛋白胆固醇不变时）",
            ("SCORE2", "PCE"),
            "only where HDL cholesterol stands beside it in the model",
            "仅当模型中同时包含高密度脂蛋白胆固醇时",
        ),
        Direction(
            "hdl_cholesterol",
            -1,
            "HDL cholesterol",
            "高密度脂蛋白胆固醇",
            ("SCORE2", "PREVENT", "PCE", "Madsen 2017"),
            "an association, not a cause; mortality rises again at extreme values (cut the range there)",
            "为关联而非因果；极高水平时死亡率再次升高（应截断范围，不应强制单调）",
        ),
        Direction("diabetes", 1, "diabetes", "糖尿病", ("ESC 2021", "PREVENT", "PCE")),
        Direction(
            "hba1c",
            1,
            "HbA1c",
            "糖化血红蛋白",
            ("SCORE2-Diabetes", "PREVENT"),
            "not forced at low values under glucose-lowering treatment",
            "降糖治疗下的低值不应强制",
        ),
        Direction("lipoprotein_a", 1, "lipoprotein(a)", "脂蛋白(a)", ("EAS Lp(a)", "ESC 2021")),
        Direction(
            "egfr",
            -1,
            "estimated glomerular filtration rate",
            "估算肾小球滤过率",
            ("CKD-PC", "PREVENT", "SCORE2-Diabetes"),
            "below about 75 ml/min/1.73 m2; flat above, and high values can come from wasted muscle",
            "约 75 ml/min/1.73 m2 以下；以上趋平，高值可能由肌肉减少引起",
        ),
        Direction("albuminuria", 1, "urinary albumin-to-creatinine ratio", "尿白蛋白/肌酐比值", ("CKD-PC", "PREVENT")),
    )
}


def directions_of(columns: Sequence[str | None]) -> tuple[int, ...]:
    """Signs for the columns of a table, each named by its factor here or None for no direction.

    Raises InputError, with all of them, for names that are not in the table: a typing error must not free a column.
    """
    unknown = [column for column in columns if column is not None and column not in CARDIOVASCULAR]
    if unknown:
        raise InputError(f"no direction is known for {', '.join(unknown)}: known are {', '.join(CARDIOVASCULAR)}")
    return tuple(0 if column is None else CARDIOVASCULAR[column].sign for column in columns)
