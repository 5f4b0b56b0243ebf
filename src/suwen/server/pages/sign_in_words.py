"""The words of signing in, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["SIGN_IN"]

SIGN_IN: Words = MappingProxyType(
    {
        "title": Saying("Sign in", "登录"),
        "login": Saying("Login name", "用户名"),
        "password": Saying("Password", "密码"),
        "enter": Saying("Sign in", "登录"),
        "go_on": Saying("Continue", "继续"),
        "or": Saying("or", "或"),
        "passkey": Saying("Sign in with a passkey", "使用通行密钥登录"),
        "passkey_failed": Saying(
            "The passkey was not accepted. Try again, or sign in with your password.",
            "通行密钥未通过验证。请重试，或使用密码登录。",
        ),
        "passkey_absent": Saying("This browser cannot use passkeys.", "此浏览器不支持通行密钥。"),
        "openid": Saying("Sign in with {name}", "通过“{name}”登录"),
        "openid_failed": Saying(
            "{name} cannot be reached at present. Sign in another way, or try again later.",
            "暂时无法连接“{name}”。请改用其他方式登录，或稍后重试。",
        ),
        "onward": Saying("One moment …", "请稍候……"),
        "onward_link": Saying("Go on if nothing happens", "若页面未自动跳转，请点击此处"),
        "refused": Saying(
            "This sign-in was not accepted. Check what you entered; after several wrong attempts, wait a while.",
            "登录未成功。请核对所填内容；多次失败后请稍后再试。",
        ),
        "wants_passkey": Saying(
            "This account signs in with its passkey. Use that.", "该账户须使用通行密钥登录，请改用通行密钥。"
        ),
        "wants_second": Saying(
            "Your role needs a second factor, and your account has none. Ask those responsible for accounts.",
            "您的角色须启用双重验证，而该账户尚未设置。请联系账户管理员。",
        ),
        "code_title": Saying("Code of your authenticator app", "身份验证器验证码"),
        "code": Saying("Code of six digits", "六位验证码"),
        "code_hint": Saying(
            "Open the app on your phone and type the code it shows for Suwen.",
            "请打开手机上的身份验证器，输入“Suwen”对应的验证码。",
        ),
        "change_title": Saying("Choose a password of your own", "请设置新密码"),
        "change_hint": Saying(
            "The password so far was chosen by somebody else, so it opens nothing yet.",
            "当前密码由他人设置，须先更换为您自己的密码。",
        ),
        "new": Saying("New password", "新密码"),
        "again": Saying("New password once more", "再次输入新密码"),
        "rule": Saying(
            "At least 12 characters, any signs; four unrelated words are good. Common words, keyboard rows, "
            "repetitions and your own name do not count.",
            "至少12个字符，不限字符种类，例如四个互不相关的词。常用词、键盘连续字符、重复字符及本人姓名不计入有效长度。",
        ),
        "weak": Saying(
            "That password is too easy to guess, or the one you had. Choose another.",
            "该密码过于简单，或与原密码相同，请重新设置。",
        ),
        "differ": Saying("The two new passwords differ.", "两次输入的新密码不一致。"),
        "start_anew": Saying("Start again", "重新开始"),
        "demo_title": Saying("Accounts of this demonstration", "演示账户"),
        "demo_enter": Saying("Sign in as {login}", "以“{login}”登录"),
        "out": Saying("You have been signed out.", "您已退出登录。"),
        "over": Saying(
            "You were signed out because nothing was done for a while.", "由于长时间未操作，系统已自动退出登录。"
        ),
        "script": Saying(
            "Passkeys need JavaScript; the password works without.", "通行密钥需要启用JavaScript；密码登录不受影响。"
        ),
    }
)
