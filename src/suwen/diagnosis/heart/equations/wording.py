"""Words that several equations share, in both languages."""

from __future__ import annotations

from suwen.subject import Saying

__all__ = ["ASCVD", "CHD", "CVD", "GENERAL_CVD", "HEART_FAILURE", "RANGES_UNVERIFIED", "RATES_UNVERIFIED", "STROKE"]

ASCVD = Saying("atherosclerotic cardiovascular disease", "动脉粥样硬化性心血管病")
CHD = Saying("coronary heart disease", "冠心病")
CVD = Saying("cardiovascular disease (atherosclerotic disease or heart failure)", "心血管病（含心力衰竭）")
GENERAL_CVD = Saying(
    "cardiovascular disease (coronary, cerebrovascular, peripheral artery disease, heart failure)",
    "心血管病（冠心病、脑血管病、外周动脉病、心力衰竭）",
)
HEART_FAILURE = Saying("heart failure", "心力衰竭")
RANGES_UNVERIFIED = Saying(
    "the ranges of measurements are those of public programs; not verified against the paper",
    "各测量值的适用范围取自公开程序，未与原文核对",
)
RATES_UNVERIFIED = Saying(
    "the rates agree with secondary sources; not verified against the paper",
    "发生率与二次文献一致，未与原文核对",
)
STROKE = Saying("stroke", "脑卒中")
