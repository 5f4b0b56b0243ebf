"""The words of emergency access, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["EMERGENCY"]

EMERGENCY: Words = MappingProxyType(
    {
        "title": Saying("Emergency access", "紧急访问"),
        "what": Saying(
            "For an emergency in which you must see a patient who is not yours. It opens the record for the time you "
            "choose and ends by itself.",
            "仅用于急救时查阅非本人负责的患者。授权在所选时间后自动失效。",
        ),
        "reviewed": Saying(
            "Your name, the patient, the time and your reason are recorded at once and cannot be changed. "
            "The security officer is alarmed and reviews every use.",
            "您的姓名、患者、时间及理由将立即记录且不可更改；系统会通知安全管理员，每次使用均须复核。",
        ),
        "limits": Saying(
            "You may read, write and order as far as your role may; nothing can be exported.",
            "您可在本角色权限内查阅、记录和开立医嘱，但不得导出任何内容。",
        ),
        "identifier": Saying("Identifier of the patient", "患者标识号"),
        "identifier_hint": Saying(
            "As on the wristband, for example MRN-1. It is not kept in the address of the page.",
            "以腕带为准，例如MRN-1。标识号不会出现在网址中。",
        ),
        "this_patient": Saying("Patient", "患者"),
        "hidden": Saying(
            "chosen on the page before; the name is shown once access is open", "已在上一页选定，授权后显示姓名"
        ),
        "reason": Saying("Reason", "理由"),
        "reason_hint": Saying(
            "At least 10 characters: what happened, and why it cannot wait for a care relationship.",
            "至少10个字符：说明病情，以及为何来不及建立诊疗关系。",
        ),
        "minutes": Saying("For how long", "授权时长"),
        "m15": Saying("15 minutes", "15分钟"),
        "m60": Saying("1 hour", "1小时"),
        "m240": Saying("4 hours", "4小时"),
        "m480": Saying("8 hours (a shift)", "8小时（一个班次）"),
        "open": Saying("Open the record", "打开病历"),
        "cancel": Saying("Cancel", "取消"),
        "short": Saying(
            "Say why in at least 10 characters: it will be reviewed.", "请至少用10个字符说明理由，以供复核。"
        ),
        "wrong_minutes": Saying("Choose one of the lengths of time.", "请选择授权时长。"),
        "unknown": Saying(
            "No patient has this identifier. Check it on the wristband.", "未找到该标识号对应的患者，请核对腕带。"
        ),
        "refused_title": Saying("Your role has no emergency access", "您的角色没有紧急访问权限"),
        "refused": Saying(
            "It is for physicians, imaging specialists and nurses. Call somebody whose role has it.",
            "紧急访问仅限医师、影像医师和护士。请联系有权限的人员。",
        ),
        "home": Saying("To the first page", "返回首页"),
    }
)
