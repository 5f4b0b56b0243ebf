"""Words of the pages on which a person grants an app access, and of what its scopes mean."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from suwen.server.showing import Words
from suwen.server.smart.scopes import read_scope
from suwen.subject import Saying

__all__ = ["WORDS", "scope_said"]

WORDS: Words = MappingProxyType(
    {
        "title": Saying("An app asks for access", "应用请求访问"),
        "who": Saying("You are signed in as {name}.", "当前登录账户：{name}。"),
        "asks": Saying("{app} asks to act for you here:", "“{app}”请求代表您执行以下操作："),
        "bounds": Saying(
            "It can never do more than you may, only until you sign out, and for {minutes} minutes at most. "
            "All it does is noted under your name.",
            "应用的权限不会超过您本人，最长 {minutes} 分钟，您退出登录后立即失效。其所有操作均以您的名义记入审计日志。",
        ),
        "scopes": Saying("What it may do", "允许的操作"),
        "patient": Saying("For this patient", "针对患者"),
        "pick": Saying("For which patient?", "选择患者"),
        "none": Saying("You have no patients yet.", "暂无患者。"),
        "returns": Saying("Afterwards you are sent to {address}.", "完成后将转到 {address}。"),
        "allow": Saying("Allow", "允许"),
        "deny": Saying("Do not allow", "拒绝"),
        "continue_title": Saying("One moment …", "请稍候……"),
        "continue": Saying("Go on", "继续"),
        "refused_title": Saying("The app's request cannot be taken", "无法受理该应用的请求"),
        "refused_client": Saying(
            "No app of this name is registered here, or it wants people sent to an address that is not registered. "
            "You were sent nowhere.",
            "该应用未在此登记，或其回调地址与登记不符。未进行任何跳转。",
        ),
        "refused_gone": Saying(
            "This request is over or was answered already. Open the app again.",
            "该请求已过期或已处理。请重新打开应用。",
        ),
        "apps_title": Saying("Apps", "应用"),
        "apps_text": Saying(
            "An app opens for this patient. It asks you for access first.",
            "应用将针对该患者打开，并先请求您授权。",
        ),
        "apps_none": Saying(
            "No app is registered that opens from here. Whoever runs Suwen adds apps in its settings.",
            "尚未登记可从此处打开的应用。请由系统管理人员在设置中添加。",
        ),
        "open": Saying("Open {app}", "打开“{app}”"),
    }
)
_LETTERS: Mapping[str, Saying] = MappingProxyType(
    {
        "c": Saying("create", "新建"),
        "r": Saying("read", "读取"),
        "u": Saying("change", "修改"),
        "d": Saying("delete", "删除"),
        "s": Saying("search", "检索"),
    }
)
_PLACES: Mapping[str, Saying] = MappingProxyType(
    {
        "patient": Saying("of this one patient", "仅限该患者"),
        "user": Saying("of all patients whom you may see", "您有权查看的所有患者"),
        "system": Saying("of all patients assigned to it", "分配给该系统的所有患者"),
    }
)
_KINDS: Mapping[str, Saying] = MappingProxyType(
    {
        "*": Saying("everything in the record", "病历中的全部内容"),
        "AllergyIntolerance": Saying("allergies", "过敏史"),
        "CarePlan": Saying("care plans", "诊疗计划"),
        "Condition": Saying("conditions", "诊断与问题"),
        "DiagnosticReport": Saying("reports", "检查检验报告"),
        "DocumentReference": Saying("documents", "文书"),
        "Encounter": Saying("encounters", "就诊"),
        "FamilyMemberHistory": Saying("family history", "家族史"),
        "ImagingStudy": Saying("imaging studies", "影像检查"),
        "Immunization": Saying("immunisations", "预防接种"),
        "MedicationRequest": Saying("prescriptions", "用药医嘱"),
        "MedicationStatement": Saying("medication taken", "用药情况"),
        "Observation": Saying("observations and laboratory values", "观察与检验结果"),
        "Patient": Saying("who the patient is", "患者身份信息"),
        "Procedure": Saying("procedures", "操作与手术"),
        "ServiceRequest": Saying("orders", "医嘱申请"),
    }
)


def scope_said(text: str, lang: str) -> str:
    """What a clinical scope lets an app do, in a language; the scope itself where it is none."""
    scope = read_scope(text)
    if scope is None:
        return text
    kind = _KINDS.get(scope.kind)
    what = kind.said(lang) if kind else scope.kind
    place = _PLACES[scope.place].said(lang)
    if lang == "zh":
        return f"{'、'.join(_LETTERS[one].said(lang) for one in scope.letters)}：{what}（{place}）"
    acts = [_LETTERS[one].said(lang) for one in scope.letters]
    listed = " and ".join([", ".join(acts[:-1]), acts[-1]] if len(acts) > 1 else acts)
    return f"{listed}: {what}, {place}"
