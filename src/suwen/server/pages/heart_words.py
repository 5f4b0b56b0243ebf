"""The words of the heart page that the report about risk does not have, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["HEART_WORDS"]

HEART_WORDS: Words = MappingProxyType(
    {
        "risk": Saying("Risk of cardiovascular disease", "心血管病风险"),
        "now": Saying("Risk now", "目前风险"),
        "none": Saying("No risk is estimated: {why}", "未估计风险：{why}"),
        "none_more": Saying(
            "Blood pressure and lipids are drawn below where the record holds them.",
            "若记录中有血压和血脂，其走势见下方。",
        ),
        "of_day": Saying(
            "Age and values are those at the latest date of the record; measured values of the last five years count.",
            "年龄及数值以记录最近日期为准；测量值仅计近五年。",
        ),
        "unstated": Saying(
            "What the record does not state is unknown, not absent: the risk is an interval then.",
            "记录未说明者视为未知而非没有，此时风险为区间。",
        ),
        "equations": Saying(
            "Each equation: what every factor adds, the formula, its limits", "各方程：因素贡献、公式与限制"
        ),
        "open": Saying("open", "展开"),
        "unasked": Saying("Not estimated, as too much is unknown", "未知项过多，未予估计"),
        "lacking": Saying("unknown: {names}", "未知：{names}"),
        "old": Saying("measured {years} years before the latest date of the record", "测于记录最近日期前 {years} 年"),
        "left_out": Saying("Left out of the record", "未采用的记录"),
        "what_if": Saying("What if", "如果改变"),
        "what_if_lead": Saying(
            "Move a slider or choose an answer: the risk is computed again at once. Nothing of this is stored.",
            "移动滑块或选择答案，风险即时重算。此处内容不会保存。",
        ),
        "two_people": Saying(
            "The difference is between two people who differ in these values, not the effect of a treatment.",
            "所示为仅在这些数值上不同的两个人之间的差别，并非治疗效果。",
        ),
        "in_record": Saying("record: {value}", "记录：{value}"),
        "not_in_record": Saying("not in the record; counts once moved", "记录中无，移动后计入"),
        "assume": Saying("count it", "计入"),
        "answers": Saying("Yes or no", "是或否"),
        "yes": Saying("yes", "是"),
        "no": Saying("no", "否"),
        "unsaid": Saying("not stated", "未说明"),
        "compute": Saying("Compute", "计算"),
        "reset": Saying("Back to the record", "恢复为记录值"),
        "as_is": Saying(
            "Nothing is changed yet: this is the risk by the record.", "尚未改变任何数值：此为按记录的风险。"
        ),
        "changed": Saying("Changed", "已改变"),
        "stated": Saying("You stated", "您补充"),
        "by_record": Saying("(by the record alone: {risk})", "（仅按记录：{risk}）"),
        "unknown_before": Saying("unknown", "未知"),
        "before_after": Saying("Risk before and after", "改变前后的风险"),
        "spoken": Saying("{name}: {before} before, {after} after", "{name}：改变前 {before}，改变后 {after}"),
        "others": Saying("By the other equations", "其他方程"),
        "gained": Saying("Applies now", "现适用"),
        "lost": Saying("No longer applies", "不再适用"),
        "lower": Saying("lower", "降低"),
        "higher": Saying("higher", "升高"),
        "equal": Saying("unchanged", "不变"),
        "courses": Saying("Course of blood pressure and lipids", "血压与血脂走势"),
        "pressure": Saying("Blood pressure, mmHg", "血压，mmHg"),
        "lipids": Saying("Lipids, mmol/L", "血脂，mmol/L"),
        "as_table": Saying("As a table", "以表格查看"),
        "date": Saying("date", "日期"),
        "no_course": Saying("The record holds no dated value.", "记录中没有注明日期的数值。"),
        "courses_from": Saying(
            "Every dated value of the record with a usable unit; mg/dL is converted (cholesterol 38.67, triglycerides "
            "88.57 mg/dL per mmol/L).",
            "记录中所有注明日期且单位可用的数值；mg/dL 已换算（胆固醇 38.67、甘油三酯 88.57 mg/dL 合 1 mmol/L）。",
        ),
        "applies_not": Saying("Equations that do not apply, and why", "不适用的方程及原因"),
        "limits": Saying("Limits", "限制"),
        "limit_average": Saying(
            "A risk is an average of people like this patient, by an equation made from others; it is no diagnosis. "
            "Equations differ in whom they were made from and in what counts as an event.",
            "风险为同类人群的平均值，由其他人群建立的方程得出，并非诊断。各方程的建模人群与事件定义不同。",
        ),
        "limit_unread": Saying(
            "Region, town or country, deprivation and coronary calcium are not read from the record.",
            "地区、城乡、社会剥夺程度和冠状动脉钙化积分不从记录读取。",
        ),
    }
)
