"""What signs of the electrocardiogram and the figures they rest on are called, in both languages, with their codes.

Codes are those of SNOMED CT as the PhysioNet/CinC challenges of 2020 and 2021 use them, else of our own ("SUWEN:").
`urgency` is that of a finding in a record: 3 at once, 2 today, 1 soon, 0 for consideration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from suwen.subject import Saying

__all__ = ["FIGURES", "GROUPS", "SIGNS", "Figure", "SignKind", "urgency_of"]


@dataclass(frozen=True, slots=True)
class SignKind:
    """A kind of sign: its name, its code ("SNOMEDCT:..." or "SUWEN:ecg..."), its group and how urgent it is."""

    name: Saying
    code: str
    group: str
    urgency: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a sign: its name, its unit in UCUM, and how many decimals are shown."""

    name: Saying
    unit: str = ""
    decimals: int = 0


GROUPS: Mapping[str, Saying] = MappingProxyType(
    {
        "rhythm": Saying("Rhythm", "心律"),
        "ectopy": Saying("Premature beats and runs", "早搏与连发"),
        "conduction": Saying("Conduction", "传导"),
        "ischaemia": Saying("ST segment and Q waves", "ST 段与 Q 波"),
        "chambers": Saying("Chambers and axis", "心腔与电轴"),
        "repolarisation": Saying("Repolarisation", "复极"),
        "technical": Saying("Recording", "记录技术"),
    }
)


def _kind(en: str, zh: str, code: str, group: str, urgency: int = 0) -> SignKind:
    return SignKind(Saying(en, zh), f"SNOMEDCT:{code}" if code.isdigit() else f"SUWEN:ecg.{code}", group, urgency)


SIGNS: Mapping[str, SignKind] = MappingProxyType(
    {
        "no_beats": _kind("no heartbeat could be found", "未能检出心搏", "no_beats", "technical", 2),
        "unclear": _kind("the rhythm cannot be named", "心律无法判定", "unclear", "rhythm"),
        "sinus": _kind("sinus rhythm", "窦性心律", "426783006", "rhythm"),
        "sinus_bradycardia": _kind("sinus bradycardia", "窦性心动过缓", "426177001", "rhythm"),
        "sinus_tachycardia": _kind("sinus tachycardia", "窦性心动过速", "427084000", "rhythm"),
        "sinus_arrhythmia": _kind("sinus arrhythmia", "窦性心律不齐", "427393009", "rhythm"),
        "bradycardia": _kind("slow ventricular rate", "心室率缓慢", "426627000", "rhythm", 1),
        "tachycardia": _kind("fast ventricular rate", "心室率快", "6285003", "rhythm", 1),
        "af": _kind("atrial fibrillation likely", "提示心房颤动", "164889003", "rhythm", 2),
        "flutter": _kind("atrial flutter likely", "提示心房扑动", "164890007", "rhythm", 2),
        "svt": _kind("narrow-complex tachycardia", "窄 QRS 波心动过速", "426761007", "rhythm", 2),
        "pacing": _kind("paced rhythm: pacing spikes before QRS", "起搏心律：QRS 波前见起搏脉冲", "10370003", "rhythm"),
        "pause": _kind("pause", "长间歇", "pause", "rhythm", 2),
        "short_pause": _kind("pause of 2 to 3 seconds", "2 至 3 秒的间歇", "short_pause", "rhythm", 1),
        "junctional": _kind("junctional rhythm possible", "可疑交界性心律", "29320008", "rhythm", 1),
        "idioventricular": _kind("idioventricular rhythm possible", "可疑室性自主心律", "49260003", "rhythm", 2),
        "pvc": _kind("premature ventricular beats", "室性早搏", "427172004", "ectopy"),
        "pac": _kind("premature atrial beats", "房性早搏", "284470004", "ectopy"),
        "bigeminy": _kind("ventricular bigeminy", "室性早搏二联律", "11157007", "ectopy", 1),
        "couplet": _kind("ventricular couplets", "成对室性早搏", "251182009", "ectopy", 1),
        "vt": _kind("run of ventricular tachycardia possible", "可疑室性心动过速", "164895002", "ectopy", 3),
        "trigeminy": _kind("ventricular trigeminy", "室性早搏三联律", "251180001", "ectopy", 1),
        "atrial_run": _kind("run of premature atrial beats", "房性早搏连发", "atrial_run", "ectopy", 1),
        "blocked_pac": _kind("premature atrial beats that are not conducted", "未下传房性早搏", "251170000", "ectopy"),
        "first_degree": _kind("first-degree AV block", "一度房室传导阻滞", "270492004", "conduction"),
        "short_pr": _kind("short PR interval", "PR 间期缩短", "49578007", "conduction"),
        "wenckebach": _kind(
            "second-degree AV block, Mobitz I (Wenckebach)", "二度 I 型房室传导阻滞（文氏型）", "54016002",
            "conduction", 1,
        ),
        "mobitz_ii": _kind("second-degree AV block, Mobitz II", "二度 II 型房室传导阻滞", "426183003", "conduction", 3),
        "two_to_one": _kind("2:1 AV block", "2:1 房室传导阻滞", "two_to_one", "conduction", 2),
        "complete_block": _kind(
            "third-degree AV block possible: P waves and QRS go apart", "可疑三度房室传导阻滞：P 波与 QRS 波无关",
            "27885002", "conduction", 3,
        ),
        "rbbb": _kind("complete right bundle-branch block", "完全性右束支传导阻滞", "713427006", "conduction"),
        "incomplete_rbbb": _kind(
            "incomplete right bundle-branch block", "不完全性右束支传导阻滞", "713426002", "conduction"
        ),
        "lbbb": _kind("complete left bundle-branch block", "完全性左束支传导阻滞", "733534002", "conduction", 1),
        "left_anterior": _kind("left anterior fascicular block", "左前分支传导阻滞", "445118002", "conduction"),
        "left_posterior": _kind("left posterior fascicular block", "左后分支传导阻滞", "445211001", "conduction"),
        "wide_qrs": _kind("wide QRS", "QRS 波群增宽", "698252002", "conduction"),
        "preexcitation": _kind(
            "ventricular pre-excitation (WPW pattern)", "心室预激（WPW 图形）", "74390002", "conduction", 2
        ),
        "high_grade": _kind("high-grade AV block", "高度房室传导阻滞", "high_grade", "conduction", 3),
        "st_elevation": _kind("ST elevation", "ST 段抬高", "164931005", "ischaemia", 3),
        "st_depression": _kind("ST depression", "ST 段压低", "429622005", "ischaemia", 2),
        "q_waves": _kind("pathological Q waves", "病理性 Q 波", "164917005", "ischaemia", 1),
        "poor_r": _kind("poor R-wave progression", "R 波递增不良", "365413008", "ischaemia"),
        "posterior_wall": _kind(
            "posterior infarction possible: record V7 to V9", "可疑后壁心肌梗死：建议加做 V7–V9 导联", "posterior_wall",
            "ischaemia", 3,
        ),
        "right_ventricle": _kind(
            "right ventricular infarction possible: record V3R and V4R", "可疑右心室梗死：建议加做 V3R、V4R 导联",
            "right_ventricle", "ischaemia", 3,
        ),
        "diffuse_depression": _kind(
            "ST depression in many leads with elevation in aVR or V1", "多导联 ST 段压低伴 aVR 或 V1 导联抬高",
            "diffuse_depression", "ischaemia", 3,
        ),
        "posterior_r": _kind(
            "tall broad R in V1 and V2: old posterior infarction possible",
            "V1、V2 导联 R 波高宽：可疑陈旧性后壁心肌梗死", "posterior_r", "ischaemia", 1,
        ),
        "lvh": _kind("criteria of left ventricular hypertrophy", "符合左心室肥厚电压标准", "164873001", "chambers"),
        "rvh": _kind("criteria of right ventricular hypertrophy", "符合右心室肥厚标准", "89792004", "chambers"),
        "left_atrial": _kind("left atrial abnormality", "左心房异常", "253352002", "chambers"),
        "right_atrial": _kind("right atrial abnormality", "右心房异常", "253339007", "chambers"),
        "left_axis": _kind("left axis deviation", "电轴左偏", "39732003", "chambers"),
        "right_axis": _kind("right axis deviation", "电轴右偏", "47665007", "chambers"),
        "low_voltage": _kind("low QRS voltage", "QRS 低电压", "251146004", "chambers"),
        "long_qt": _kind("prolonged QT interval", "QT 间期延长", "111975006", "repolarisation", 1),
        "short_qt": _kind("short QT interval", "QT 间期缩短", "77867006", "repolarisation", 1),
        "t_inversion": _kind("T-wave inversion", "T 波倒置", "59931005", "repolarisation", 1),
        "t_flat": _kind("flat T waves", "T 波低平", "164934002", "repolarisation"),
        "t_tall": _kind("tall T waves", "T 波高尖", "251259000", "repolarisation", 1),
        "early_repolarisation": _kind("early repolarisation", "早期复极", "428417006", "repolarisation"),
        "reversed_leads": _kind("limb leads probably reversed", "肢体导联可能接反", "251139008", "technical", 1),
        "einthoven": _kind(
            "limb leads contradict each other", "肢体导联关系不符", "einthoven", "technical", 1
        ),
        "doubtful": _kind(
            "beats cannot be told from noise: look at the trace and record again "
            "(ventricular fibrillation is not excluded)",
            "无法区分心搏与干扰：请直接查看波形并重新记录（不能排除心室颤动）", "doubtful", "technical", 2,
        ),
        "chest_order": _kind("chest leads probably exchanged", "胸导联位置可能接错", "chest_order", "technical", 1),
    }
)  # fmt: skip

FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        "rate": Figure(Saying("ventricular rate", "心室率"), "/min"),
        "atrial_rate": Figure(Saying("atrial rate", "心房率"), "/min"),
        "irregularity": Figure(Saying("unevenness of RR", "RR 不齐程度"), "", 2),
        "p_consistency": Figure(Saying("likeness of P waves", "P 波一致性"), "", 2),
        "confidence": Figure(Saying("certainty of the detector", "检测器置信度"), "", 2),
        "percent": Figure(Saying("share of beats", "占心搏比例"), "%", 1),
        "burden": Figure(Saying("share of the time", "占记录时间比例"), "%", 1),
        "count": Figure(Saying("count", "次数")),
        "longest": Figure(Saying("longest", "最长"), "s", 2),
        "beats": Figure(Saying("beats in the longest run", "最长连发心搏数")),
        "ratio": Figure(Saying("P waves to each QRS", "每个 QRS 的 P 波数"), "", 1),
        "variation": Figure(Saying("difference of longest and shortest RR", "最长与最短 RR 之差"), "ms"),
        "pr": Figure(Saying("PR interval", "PR 间期"), "ms"),
        "qrs": Figure(Saying("QRS duration", "QRS 时限"), "ms"),
        "qt": Figure(Saying("QT interval", "QT 间期"), "ms"),
        "qtc": Figure(Saying("corrected QT (Fridericia)", "校正 QT（Fridericia）"), "ms"),
        "qtc_bazett": Figure(Saying("corrected QT (Bazett)", "校正 QT（Bazett）"), "ms"),
        "qtc_adjusted": Figure(Saying("corrected QT with a usual QRS", "按正常 QRS 校准的 QTc"), "ms"),
        "axis": Figure(Saying("frontal axis", "额面电轴"), "deg"),
        "elevation": Figure(Saying("highest ST at J", "J 点最大抬高"), "mV", 2),
        "depression": Figure(Saying("deepest ST at J", "J 点最大压低"), "mV", 2),
        "leads": Figure(Saying("leads", "导联数")),
        "amplitude": Figure(Saying("amplitude", "振幅"), "mV", 2),
        "duration": Figure(Saying("duration", "时限"), "ms"),
        "delta": Figure(Saying("duration of the delta wave", "δ 波时限"), "ms"),
        "sokolow": Figure(Saying("Sokolow-Lyon voltage", "Sokolow-Lyon 电压"), "mV", 2),
        "cornell": Figure(Saying("Cornell voltage", "Cornell 电压"), "mV", 2),
        "cornell_product": Figure(Saying("Cornell product", "Cornell 乘积"), "mV.ms"),
        "peguero": Figure(Saying("Peguero-Lo Presti voltage", "Peguero-Lo Presti 电压"), "mV", 2),
        "romhilt_estes": Figure(Saying("Romhilt-Estes points", "Romhilt-Estes 积分")),
        "correlation": Figure(Saying("correlation", "相关系数"), "", 2),
        "difference": Figure(Saying("difference", "差值"), "mV", 2),
    }
)

_SLOW = frozenset({"bradycardia", "sinus_bradycardia", "junctional", "idioventricular", "complete_block", "two_to_one"})
_FAST = frozenset({"tachycardia", "sinus_tachycardia", "svt", "flutter"})


def urgency_of(key: str, figures: Mapping[str, float]) -> int:
    """How urgent a sign is, 0 to 3: as its kind is, moved by how far its figures go.

    Under 40 beats a minute at least 2, under 30 it is 3; from 150 at least 2; a corrected QT from 500 ms is 2 (AHA/ACC
    2010 on torsade de pointes); a run of ventricular beats of fewer than five is 2. These limits are this project's.
    """
    usual, rate = SIGNS[key].urgency, figures.get("rate")
    if rate is not None and key in _SLOW and rate < 40:
        return max(usual, 3 if rate < 30 else 2)
    if rate is not None and key in _FAST and rate >= 150:
        return max(usual, 2)
    if key == "long_qt" and max(figures.get("qtc", 0.0), figures.get("qtc_adjusted", 0.0)) >= 500:
        return max(usual, 2)
    if key == "vt" and figures.get("beats", 5.0) < 5:
        return 2
    return usual
