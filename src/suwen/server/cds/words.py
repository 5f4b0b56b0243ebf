"""Words of the cards and services of CDS Hooks, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from suwen.subject import Saying

__all__ = ["WORDS"]

WORDS: Mapping[str, Saying] = MappingProxyType(
    {
        # of findings
        "chance": Saying("Probability", "概率"),
        "interval": Saying("interval {low} to {high}", "区间 {low} 至 {high}"),
        "unknown": Saying("unknown", "未知"),
        "calibrated": Saying("Calibrated on: {on}", "校准数据：{on}"),
        "evidence": Saying("Evidence", "依据"),
        "supports": Saying("for", "支持"),
        "against": Saying("against", "不支持"),
        "neutral": Saying("neutral", "中性"),
        "more_evidence": Saying("{count} more pieces of evidence in Suwen", "素问中还有 {count} 条依据"),
        "made": Saying("Made by: {maker}", "来源：{maker}"),
        "confirmed": Saying("A clinician confirmed it.", "已由临床医师确认。"),
        "amended": Saying("A clinician put it right in part.", "已由临床医师修正。"),
        "unreviewed": Saying("Nobody has reviewed it yet.", "尚未经人工复核。"),
        "purpose": Saying("Decision support for clinicians; not a diagnosis.", "供临床医师参考，不构成诊断。"),
        "not_kept": Saying(
            "Computed from what was sent along; the patient has no record here, and nothing was kept.",
            "根据随请求发送的数据计算；该患者在此无病历，未保存任何内容。",
        ),
        "more": Saying("{count} further findings are in Suwen.", "素问中还有 {count} 项发现。"),
        "open": Saying("Open the findings in Suwen", "在素问中查看发现"),
        # of orders
        "duplicate": Saying("{order}: already ordered and active", "{order}：已有生效中的相同医嘱"),
        "duplicate_text": Saying(
            "The record holds the same order as active{since} ({how}).", "病历中已有生效中的相同医嘱{since}（{how}）。"
        ),
        "twice": Saying("{order}: twice among these orders", "{order}：本次医嘱中重复"),
        "twice_text": Saying(
            "Two of the orders not yet signed are the same ({how}).", "待签署的医嘱中有两条相同（{how}）。"
        ),
        "class": Saying(
            "{order}: another drug of the same ATC group is active", "{order}：已有同一 ATC 类别的药物在用"
        ),
        "class_text": Saying(
            "{other} is active{since} and belongs to the same chemical subgroup ({group}) of the ATC classification.",
            "{other}正在使用{since}，与其同属 ATC 化学亚组 {group}。",
        ),
        "allergy": Saying("{order}: the record holds an allergy to {allergy}", "{order}：病历中有“{allergy}”过敏记录"),
        "allergy_text": Saying(
            "The allergy or intolerance is recorded as {status}{since} and matches the order {how}. "
            "Other products with related substances are not recognised.",
            "过敏或不耐受记录状态为{status}{since}，与该医嘱匹配方式：{how}。不识别含相关物质的其他产品。",
        ),
        "forbidden": Saying("{order}: the record says that it must not be given", "{order}：病历注明不得使用"),
        "forbidden_text": Saying(
            "An active entry of the record prohibits it (doNotPerform){since} ({how}).",
            "病历中有生效中的禁止执行标记（doNotPerform）{since}（{how}）。",
        ),
        "stopped": Saying("{order}: was stopped before", "{order}：曾被停用"),
        "stopped_text": Saying(
            "It was stopped{since}; the reason given: {reason}.", "曾被停用{since}，原因：{reason}。"
        ),
        "other_patient": Saying(
            "{order}: the order is for another patient than the one whose record is open",
            "{order}：医嘱对象与当前打开的患者不一致",
        ),
        "other_patient_text": Saying(
            "The subject of the order is not the patient in the context of this request.",
            "医嘱的对象（subject）不是本次请求中的患者。",
        ),
        "risk": Saying("Cardiovascular risk in the record: {finding}", "病历中的心血管风险：{finding}"),
        "risk_text": Saying(
            "The order is for a drug that is given on the strength of this risk. What Suwen computed from the record:",
            "该药物的使用与心血管风险相关。以下为素问根据病历计算的结果：",
        ),
        "by_code": Saying("by code", "按编码"),
        "by_name": Saying("by name", "按名称"),
        "by_atc": Saying("by ATC group", "按 ATC 类别"),
        "since": Saying(" since {date}", "（自 {date} 起）"),
        "no_reason": Saying("none", "未注明"),
        "status_unknown": Saying("not stated", "未注明"),
        "remove": Saying("Remove the draft order", "移除该草拟医嘱"),
        "not_checked": Saying(
            "Checked: the same order, allergies, prohibitions, earlier stops. Not checked: interactions, doses, organ "
            "function, pregnancy.",
            "已核对：重复医嘱、过敏、禁止标记、既往停用。未核对：相互作用、剂量、脏器功能、妊娠。",
        ),
        "record": Saying("The patient's record in Suwen", "素问中的患者病历"),
        "sent": Saying("Data sent along with the order", "随医嘱发送的数据"),
        # of services
        "findings_title": Saying("Findings of Suwen", "素问的发现"),
    }
)
