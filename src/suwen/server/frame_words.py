"""What stands around every page, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from suwen.subject import Saying

__all__ = ["FRAME"]

FRAME: Mapping[str, Saying] = MappingProxyType(
    {
        "name": Saying("Suwen", "素问"),
        "skip": Saying("Skip to the content", "跳到正文"),
        "navigation": Saying("Main navigation", "主导航"),
        "language": Saying("中文", "English"),
        "language_label": Saying("切换到中文", "Switch to English"),
        "theme": Saying("Dark or light", "深色或浅色"),
        "sign_out": Saying("Sign out", "退出登录"),
        "sign_in": Saying("Sign in", "登录"),
        "account": Saying("Your account", "我的账户"),
        "demonstration": Saying(
            "Demonstration with made-up patients. Put nothing real in here.",
            "演示环境，患者均为虚构。请勿录入真实资料。",
        ),
        "purpose": Saying("Decision support for clinicians; not a diagnosis.", "供临床医师参考，不构成诊断。"),
        "loading": Saying("One moment …", "请稍候……"),
        "failed": Saying("That did not work. Try again.", "操作未成功，请重试。"),
        "offline": Saying("The server cannot be reached. Nothing was changed.", "无法连接服务器，未作任何更改。"),
        "ends_soon": Saying(
            "You will be signed out in two minutes unless you go on working.", "若无操作，两分钟后将自动退出登录。"
        ),
        "go_on": Saying("Go on working", "继续工作"),
        "emergency": Saying("Emergency access", "紧急访问"),
    }
)
