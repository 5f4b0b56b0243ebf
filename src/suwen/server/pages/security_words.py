"""The words of the pages of those responsible."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["WORDS"]

WORDS: Words = MappingProxyType(
    {
        "title": Saying("Security", "安全"),
        "apart": Saying(
            "Three powers that check each other: the system, its security, its audit. None of them reads a patient.",
            "三权分立：系统管理、安全管理、审计管理相互制约，均不得读取患者记录。",
        ),
        # accounts
        "accounts": Saying("Accounts", "账户"),
        "accounts_lead": Saying("Who may sign in, and as what.", "谁可以登录，以何种角色。"),
        "login": Saying("Login name", "登录名"),
        "name": Saying("Name", "姓名"),
        "roles": Saying("Roles", "角色"),
        "state": Saying("State", "状态"),
        "active": Saying("active", "启用"),
        "locked": Saying("locked", "已锁定"),
        "guessed": Saying("closed after wrong tries", "因多次输错暂停"),
        "new_account": Saying("Open an account", "新建账户"),
        "open": Saying("Open it", "创建"),
        "opened": Saying(
            "The account is open. Its first password, shown this once: {password}. It is changed at the first sign-in.",
            "账户已创建。初始密码（仅显示一次）：{password}。首次登录时须修改。",
        ),
        "reset": Saying("New first password", "重置密码"),
        "factor": Saying("Remove the second factor", "移除双重验证"),
        "factor_reason": Saying(
            "Why, and how you know who asks (stays in the audit)", "理由及身份核实方式（将记入审计）"
        ),
        "unlock": Saying("Unlock", "解锁"),
        "lock": Saying("Lock", "锁定"),
        "grant": Saying("Give this role", "授予该角色"),
        "revoke": Saying("Take this role", "撤销该角色"),
        "role": Saying("Role", "角色"),
        "change": Saying("Change …", "更改……"),
        "done": Saying("Done.", "已完成。"),
        "lock_hint": Saying(
            "The security officer shuts out an account at once; the administrator opens it again.",
            "安全管理员可立即锁定账户；由系统管理员解锁。",
        ),
        "end_apps": Saying("Shut out apps", "终止应用授权"),
        "end_apps_hint": Saying(
            "Takes back at once what the person has granted to apps; the person stays signed in.",
            "立即撤回该人员授予应用的全部权限；本人仍保持登录。",
        ),
        # care
        "care": Saying("Care relationships", "诊疗关系"),
        "care_lead": Saying(
            "Whoever treats a patient may open the record. Without a relationship nobody may.",
            "有诊疗关系者方可打开该患者的记录；无关系者一律不得。",
        ),
        "identifier": Saying("Identifier of the patient", "患者标识号"),
        "who": Saying("Login name of who treats", "诊疗人员登录名"),
        "days": Saying("Days (empty: until revoked)", "天数（留空则直至撤销）"),
        "new_care": Saying("A new care relationship", "新建诊疗关系"),
        "give_care": Saying("Enter the relationship", "建立关系"),
        "end_care": Saying("End it", "终止"),
        "since": Saying("since", "起"),
        "until": Saying("until", "止"),
        "no_end": Saying("until revoked", "直至撤销"),
        "over": Saying("over", "已结束"),
        "patient_hidden": Saying(
            "The patient is shown by number only: who administers does not read who it is.",
            "此处仅显示患者编号：管理员不得查看患者身份。",
        ),
        "no_care": Saying("No relationships of this kind.", "没有此类关系。"),
        # devices
        "devices": Saying("Devices and systems", "设备与系统"),
        "devices_lead": Saying(
            "Each comes with a certificate of its own and does only what it was registered for.",
            "每台设备凭自己的证书接入，仅可执行登记过的操作。",
        ),
        "acts": Saying("May", "可执行"),
        "fingerprint": Saying("Fingerprint (SHA-256)", "指纹（SHA-256）"),
        "valid_until": Saying("Certificate until", "证书有效期至"),
        "revoked": Saying("revoked", "已吊销"),
        "expired": Saying("expired", "已过期"),
        "authority": Saying("Make the hospital's authority", "创建本院证书机构"),
        "authority_made": Saying("The hospital's authority is made.", "本院证书机构已创建。"),
        "request": Saying("Certificate request of the device (PEM)", "设备的证书请求（PEM）"),
        "certify": Saying("Certify and register", "签发并登记"),
        "certified": Saying("The device's certificate; give it to the device:", "设备证书，请交给该设备："),
        "revoke_device": Saying("Revoke", "吊销"),
        "no_devices": Saying("No device is registered.", "尚未登记设备。"),
        # keys
        "keys": Saying("Keys", "密钥"),
        "keys_lead": Saying(
            "Every patient has a key of their own, wrapped by the hospital's key-encryption key.",
            "每位患者各有独立密钥，由医院的主密钥加密保护。",
        ),
        "hospital_key": Saying("Public key of the hospital, for bundles sent here", "本院公钥（用于接收数据包）"),
        "log_key": Saying("Public key of the audit log, for whoever checks proofs", "审计日志公钥（供核验）"),
        "rotation": Saying("What a rotation would wrap anew", "轮换将重新加密的内容"),
        "count_keys": Saying("Keys of patients", "患者密钥"),
        "count_versions": Saying("Versions of records", "记录版本"),
        "count_images": Saying("Images", "影像"),
        "count_image_bytes": Saying("Bytes of images", "影像字节数"),
        "rotate": Saying("Rotate the key-encryption key", "轮换主密钥"),
        "rotated": Saying("New key-encryption key: {key}", "新的主密钥：{key}"),
        "rotate_hint": Saying(
            "Takes seconds; everybody goes on working. NIST SP 800-57 part 1: at most two years for such a key.",
            "数秒完成，不影响使用。NIST SP 800-57 第1部分：此类密钥最长使用两年。",
        ),
        # break-glass
        "glass": Saying("Emergency access", "紧急访问"),
        "glass_lead": Saying(
            "Each use is judged by the security officer: was there an emergency?",
            "每次使用均由安全管理员复核：是否确属紧急？",
        ),
        "reason": Saying("Reason given", "所述理由"),
        "unreviewed": Saying("waits for review", "待复核"),
        "justified": Saying("justified", "正当"),
        "not_justified": Saying("not justified", "不正当"),
        "remark": Saying("Remark (stays with it)", "意见（将一并保存）"),
        "say_justified": Saying("It was justified", "认定正当"),
        "say_not": Saying("It was not justified", "认定不正当"),
        "no_glass": Saying("Nobody has used emergency access.", "尚无紧急访问记录。"),
        # audit
        "audit": Saying("Audit log", "审计日志"),
        "audit_lead": Saying(
            "What anybody did or tried, in a log that only grows: a Merkle tree, checkpoints signed (RFC 6962).",
            "所有操作与尝试均记录在只增不减的日志中：带签名检查点的默克尔树（RFC 6962）。",
        ),
        "kind": Saying("Kind", "类别"),
        "any": Saying("any", "不限"),
        "by": Saying("By (login name)", "操作者（登录名）"),
        "through": Saying("through the app {app}", "经应用“{app}”"),
        "about": Saying("About a patient (number in hexadecimal)", "涉及患者（十六进制编号）"),
        "from": Saying("From (day)", "自（日期）"),
        "to": Saying("To (day)", "至（日期）"),
        "search": Saying("Search", "查询"),
        "entry": Saying("Entry", "序号"),
        "time": Saying("Time (UTC)", "时间（UTC）"),
        "what": Saying("What", "事项"),
        "purpose": Saying("Purpose", "目的"),
        "subject": Saying("Whom or what", "对象"),
        "outcome": Saying("Outcome", "结果"),
        "prove": Saying("Prove", "证明"),
        "proof": Saying("Proof of entry {entry}", "第{entry}条的证明"),
        "proof_lead": Saying(
            "With these values anybody can compute that the entry is in the log that was signed (RFC 6962, 2.1.1); the "
            "check below was computed just now.",
            "凭以下数值，任何人都可验证该条目确在已签名的日志中（RFC 6962第2.1.1节）；下方结果为刚刚计算所得。",
        ),
        "leaf": Saying("Hash of the entry", "条目哈希"),
        "hashes": Saying("Hashes on the way to the root", "通向根的哈希"),
        "root": Saying("Root that the checkpoint signs", "检查点所签名的根"),
        "holds": Saying("The proof holds.", "证明成立。"),
        "fails": Saying("The proof does not hold: the log was changed.", "证明不成立：日志已被更改。"),
        "checkpoint": Saying("Signed checkpoint", "签名检查点"),
        "checkpoint_hint": Saying(
            "Keep it where the keepers of the database cannot reach it: later logs are held against it.",
            "请保存在数据库管理人员无法触及之处；日后可据此证明日志只增未改。",
        ),
        "consistent": Saying(
            "Has the log only grown since an earlier checkpoint?", "自早先的检查点以来日志是否只增未改？"
        ),
        "earlier": Saying("Earlier checkpoint", "早先的检查点"),
        "check": Saying("Check", "核验"),
        "grown": Saying(
            "Yes: it only grew, from {earlier} to {now} entries.", "是：日志只增未改，由{earlier}条增至{now}条。"
        ),
        "shrunk": Saying(
            "No: the log was changed since. Tell the security officer.", "否：日志已被更改，请告知安全管理员。"
        ),
        "nothing_found": Saying("No entry is like that.", "没有符合条件的条目。"),
        "shown_all": Saying("Entries: {count}", "共{count}条"),
        "shown": Saying("{count} entries, the newest {most} shown", "共{count}条，显示最新{most}条"),
        "csv": Saying("All as FHIR AuditEvent (NDJSON)", "全部导出为FHIR AuditEvent（NDJSON）"),
    }
)
