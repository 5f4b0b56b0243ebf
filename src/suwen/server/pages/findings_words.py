"""The words of the findings, their history and their judgement, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["FINDINGS"]

FINDINGS: Words = MappingProxyType(
    {
        "title": Saying("Findings", "发现"),
        "lead": Saying(
            "What the areas found, in the order of what matters most. Each is for a person to judge, with a reason; "
            "what was said is kept, and becomes a label for learning.",
            "各领域的发现，按重要程度排列。每项均须由人审核并说明理由；审核意见将保留，并作为学习用的标注。",
        ),
        "none": Saying("There is no finding. Consult on the patient first.", "尚无发现，请先会诊。"),
        "waiting": Saying("For review", "待审核"),
        "none_waiting": Saying("Nothing waits for review.", "没有待审核的发现。"),
        "judged": Saying("Reviewed", "已审核"),
        "gone": Saying("No longer standing", "不再成立"),
        "judge": Saying("Review", "审核"),
        "in_image": Saying("In the image", "在影像中查看"),
        "look": Saying("Look", "查看"),
        "history": Saying("History", "历史"),
        "evidence": Saying("Evidence", "证据"),
        "reason": Saying("Why (at least 10 characters)", "理由（至少 10 个字符）"),
        "reason_hint": Saying(
            "It stays with the finding, and others weigh your verdict by it.", "理由随发现一并保留，供他人参考。"
        ),
        "confirm": Saying("Confirm", "确认"),
        "amend": Saying("Amend", "修正"),
        "reject": Saying("Reject", "否定"),
        "confirm_means": Saying("It holds as it stands.", "该发现成立。"),
        "amend_means": Saying("True in part: it is something else.", "部分正确，应为其他结论："),
        "reject_means": Saying(
            "It does not hold; it stays, marked as rejected.", "该发现不成立，将标记为已否定并保留。"
        ),
        "what_instead": Saying("What it is instead", "应为"),
        "type_disease": Saying("Type a disease, such as Marfan", "输入疾病名称，例如 马方"),
        "by_hand": Saying("By code and name", "按编码和名称填写"),
        "code": Saying("Code", "编码"),
        "name": Saying("Name", "名称"),
        "amend_needs": Saying(
            "Choose what it is instead, or give a code and a name.", "请选择应为的结论，或填写编码和名称。"
        ),
        "conflict": Saying(
            "Somebody changed or judged this finding while you looked at it. This is how it stands now; your words are "
            "below, nothing of them was kept. Look again, then decide anew.",
            "在您查看期间，该发现已被他人更改或审核。以下为最新内容，您填写的理由仍在下方，但尚未保存。请重新查看后再作决定。",
        ),
        "refused": Saying("Your verdict was not kept.", "您的审核意见未保存。"),
        "may_not": Saying(
            "Physicians and imaging specialists judge findings; your role reads them.",
            "发现由医师和影像医师审核，您的角色仅可查阅。",
        ),
        "version": Saying("Version", "版本"),
        "when": Saying("When", "时间"),
        "said": Saying("What was said", "内容"),
        "who": Saying("Who", "人员"),
        "claimed": Saying("filed by {area}", "由{area}归档"),
        "withdrawn": Saying("withdrawn: the area no longer makes it", "已撤回：该领域不再得出此项"),
        "renewed": Saying("filed again with other numbers", "以新的数值重新归档"),
        "made_with": Saying("Made with", "所用模型"),
        "inputs": Saying("Data digest", "数据摘要"),
        "next": Saying("Next for review", "下一项待审核"),
        "all": Saying("All findings", "全部发现"),
        "kept": Saying("Kept.", "已保存。"),
    }
)
