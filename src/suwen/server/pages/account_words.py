"""The words of one's own account, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.govern import Role
from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["ACCOUNT", "ROLES"]

ROLES = MappingProxyType(
    {
        Role.PHYSICIAN.value: Saying("physician", "医师"),
        Role.IMAGING_SPECIALIST.value: Saying("imaging specialist", "影像医师"),
        Role.NURSE.value: Saying("nurse", "护士"),
        Role.RESEARCHER.value: Saying("researcher", "研究人员"),
        Role.DATA_SCIENTIST.value: Saying("data scientist", "数据科学人员"),
        Role.ADMINISTRATOR.value: Saying("administrator", "系统管理员"),
        Role.SECURITY_OFFICER.value: Saying("security officer", "安全管理员"),
        Role.AUDITOR.value: Saying("auditor", "审计员"),
    }
)
ACCOUNT: Words = MappingProxyType(
    {
        "title": Saying("Your account", "我的账户"),
        "name": Saying("Name", "姓名"),
        "login": Saying("Login name", "用户名"),
        "roles": Saying("Roles", "角色"),
        "no_roles": Saying("none yet; ask an administrator", "尚未分配，请联系系统管理员"),
        "confirm_title": Saying("Confirm who you are", "请验证身份"),
        "confirm_hint": Saying(
            "How you sign in can be changed for ten minutes after signing in. Enter your password once more, "
            "or sign out and in again.",
            "登录后十分钟内方可更改登录方式。请再次输入密码，或退出后重新登录。",
        ),
        "confirm": Saying("Confirm", "验证"),
        "password": Saying("Password", "密码"),
        "code_if": Saying("Code of your authenticator app, where you have one", "身份验证器验证码（如已启用）"),
        "password_title": Saying("Password", "密码"),
        "old": Saying("Password so far", "当前密码"),
        "new": Saying("New password", "新密码"),
        "again": Saying("New password once more", "再次输入新密码"),
        "rule": Saying(
            "At least 12 characters, any signs; four unrelated words are good. Every other session of yours ends.",
            "至少12个字符，不限字符种类，例如四个互不相关的词。更改后，您的其他会话将全部结束。",
        ),
        "change": Saying("Change the password", "更改密码"),
        "totp_title": Saying("Authenticator app", "身份验证器"),
        "totp_on": Saying(
            "In force: signing in asks for a code. If the phone is lost, an administrator removes the app.",
            "已启用：登录时须输入验证码。如手机遗失，请联系系统管理员移除。",
        ),
        "totp_off": Saying(
            "Not in force. With it, a password that was read over your shoulder is not enough to sign in.",
            "尚未启用。启用后，仅凭密码无法登录，可防止密码泄露造成的冒用。",
        ),
        "totp_begin": Saying("Set up an authenticator app", "设置身份验证器"),
        "totp_scan": Saying(
            "Scan this with the app, or type the key into it; then enter the code that the app shows.",
            "请用身份验证器扫描二维码，或手动输入密钥，然后填写应用显示的验证码。",
        ),
        "totp_qr": Saying("QR code for the authenticator app", "身份验证器二维码"),
        "totp_key": Saying("Key", "密钥"),
        "totp_link": Saying("Open in an app on this device", "在本设备的应用中打开"),
        "code": Saying("Code of six digits", "六位验证码"),
        "totp_confirm": Saying("Put it in force", "启用"),
        "passkeys_title": Saying("Passkeys", "通行密钥"),
        "passkeys_hint": Saying(
            "A passkey on your phone, computer or security key signs you in without a password. It counts as two "
            "factors, and the password alone no longer opens the account.",
            "手机、电脑或安全密钥中的通行密钥可免密码登录，等同于双重验证；添加后，仅凭密码将无法登录。",
        ),
        "passkeys_none": Saying("You have none yet.", "暂无通行密钥。"),
        "passkey_name": Saying("Name of the new passkey", "新通行密钥名称"),
        "passkey_default": Saying("passkey", "通行密钥"),
        "passkey_add": Saying("Add a passkey", "添加通行密钥"),
        "passkey_remove": Saying("Remove", "移除"),
        "passkey_remove_label": Saying("Remove the passkey “{name}”", "移除通行密钥“{name}”"),
        "passkey_since": Saying("since {day}", "添加于{day}"),
        "passkey_failed": Saying("The passkey was not added. Try again.", "通行密钥添加失败，请重试。"),
        "passkey_absent": Saying("This browser cannot use passkeys.", "此浏览器不支持通行密钥。"),
        "sessions_title": Saying("Where you are signed in", "登录会话"),
        "sessions_here": Saying("this session", "当前会话"),
        "sessions_since": Saying("since {moment}", "登录时间：{moment}"),
        "sessions_end": Saying("Sign out everywhere else", "退出其他会话"),
        "apps_title": Saying("Apps that act for you", "代表您操作的应用"),
        "apps_hint": Saying(
            "What you have granted apps, and until when. What you take back ends at once.",
            "您授予各应用的权限及有效期。撤回后立即失效。",
        ),
        "apps_none": Saying("No app holds anything of yours.", "目前没有应用持有您的授权。"),
        "apps_for": Saying("for the patient {patient}", "针对患者：{patient}"),
        "apps_lasts": Saying("from {since} until {until} at the latest", "授权时间：{since}，最晚至{until}"),
        "apps_end": Saying("Take back", "撤回授权"),
        "apps_end_label": Saying("Take back what “{app}” holds", "撤回“{app}”的授权"),
        "done_app": Saying("The app can do nothing for you any more.", "已撤回授权，该应用不能再代表您操作。"),
        "done_ended": Saying("Every other session of yours has ended.", "您的其他会话已全部结束。"),
        "done_password": Saying("The password is changed.", "密码已更改。"),
        "done_totp": Saying("The authenticator app is in force.", "身份验证器已启用。"),
        "done_passkey": Saying("The passkey is added.", "通行密钥已添加。"),
        "done_removed": Saying("The passkey is removed.", "通行密钥已移除。"),
        "done_confirmed": Saying("Confirmed. You may change how you sign in.", "身份已验证，可以更改登录方式。"),
        "wrong": Saying("That was not accepted. Check what you entered.", "未通过验证，请核对所填内容。"),
        "wrong_code": Saying(
            "The code does not belong to this key. Check the clock of the phone and enter the code it shows now.",
            "验证码不正确。请检查手机时间，并输入当前显示的验证码。",
        ),
        "weak": Saying(
            "That password is too easy to guess, or the one you had. Choose another.",
            "该密码过于简单，或与原密码相同，请重新设置。",
        ),
        "differ": Saying("The two new passwords differ.", "两次输入的新密码不一致。"),
        "back": Saying("Back to your account", "返回我的账户"),
    }
)
