"""What kinds of entries of the log, outcomes, acts and purposes are called on the pages of those responsible."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from suwen.subject import Saying

__all__ = ["ACTS", "KINDS", "OUTCOMES", "PURPOSES", "called"]

KINDS: Mapping[str, Saying] = MappingProxyType(
    {
        "decision": Saying("decision on access", "访问决定"),
        "open": Saying("record opened", "打开记录"),
        "query": Saying("search", "查询"),
        "seal": Saying("record written", "写入记录"),
        "export": Saying("export", "导出"),
        "erase": Saying("erasure", "销毁"),
        "key": Saying("key", "密钥"),
        "login": Saying("sign-in", "登录"),
        "logout": Saying("sign-out", "退出"),
        "account": Saying("account", "账户"),
        "role": Saying("role", "角色"),
        "care": Saying("care relationship", "诊疗关系"),
        "device": Saying("device", "设备"),
        "break glass": Saying("emergency access", "紧急访问"),
        "review": Saying("review of an emergency", "紧急访问复核"),
        "backup": Saying("backup", "备份"),
        "restore": Saying("restore", "恢复"),
        "verify": Saying("log verified", "核验日志"),
        "check": Saying("store checked", "检查存储"),
        "audit": Saying("log read", "查阅日志"),
        "start": Saying("start", "启动"),
        "stop": Saying("stop", "停止"),
    }
)
OUTCOMES: Mapping[str, Saying] = MappingProxyType(
    {
        "permit": Saying("permitted", "准许"),
        "deny": Saying("denied", "拒绝"),
        "success": Saying("done", "成功"),
        "failure": Saying("failed", "失败"),
    }
)
ACTS: Mapping[str, Saying] = MappingProxyType(
    {
        "view": Saying("view", "查看"),
        "diagnose": Saying("diagnose", "诊断"),
        "order": Saying("order", "开立医嘱"),
        "annotate": Saying("annotate", "标注"),
        "export": Saying("export", "导出"),
        "train": Saying("train a model", "训练模型"),
        "register": Saying("register a patient", "登记患者"),
        "manage keys": Saying("manage keys", "管理密钥"),
        "erase": Saying("erase", "销毁"),
        "review": Saying("review an emergency", "复核紧急访问"),
        "lock": Saying("lock", "锁定"),
        "manage": Saying("manage the house", "管理系统"),
        "back up": Saying("back up", "备份"),
        "verify": Saying("verify", "核验"),
        "read audit": Saying("read the log", "查阅日志"),
        "log in": Saying("sign in", "登录"),
        "log out": Saying("sign out", "退出"),
    }
)
PURPOSES: Mapping[str, Saying] = MappingProxyType(  # HL7 version 3 ActReason
    {
        "TREAT": Saying("treatment", "诊疗"),
        "ETREAT": Saying("emergency", "急救"),
        "HRESCH": Saying("research", "科研"),
        "HOPERAT": Saying("operations", "运营管理"),
        "HCOMPL": Saying("audit", "合规审计"),
    }
)


def called(names: Mapping[str, Saying], key: str, lang: str) -> str:
    """What `key` is called in a language; what has no name here keeps its own."""
    return names[key].said(lang) if key in names else key
