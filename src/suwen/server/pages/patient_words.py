"""The words of a patient's summary, timeline and report pages, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["REPORT", "SUMMARY", "TIMELINE"]

SUMMARY: Words = MappingProxyType(
    {
        "matters": Saying("What matters most", "要点"),
        "all_findings": Saying("All findings", "全部发现"),
        "in_image": Saying("In the image", "在影像中查看"),
        "no_findings": Saying("No finding yet.", "尚无发现。"),
        "never_consulted": Saying(
            "Nobody has consulted on this patient yet. A consult has every area look at the record.",
            "尚未对该患者进行会诊。会诊将由各领域分析其病历。",
        ),
        "nothing_found": Saying(
            "No area found anything. This does not exclude what no finding speaks of; see the gaps.",
            "各领域均未得出发现；这不代表可以排除，请参阅“缺口”。",
        ),
        "consult": Saying("Consult", "会诊"),
        "consult_again": Saying("Consult again", "重新会诊"),
        "consulting": Saying("The areas are looking at the record …", "各领域正在分析病历……"),
        "consulted": Saying("Last consult {when}", "最近会诊 {when}"),
        "changed_since": Saying("{count} records came since the last consult.", "最近一次会诊后新增 {count} 条记录。"),
        "review": Saying("{count} wait for review", "{count} 项待审核"),
        "what_changed": Saying("What changed", "更新内容"),
        "since": Saying("since you last looked, {when}", "自您上次查看（{when}）以来"),
        "first_look": Saying("You look at this patient for the first time.", "您首次查看该患者。"),
        "no_change": Saying("Nothing new.", "没有新内容。"),
        "and_more": Saying("and {count} more", "另有 {count} 项"),
        "problems": Saying("Active problems", "现存问题"),
        "signs": Saying("Signs and symptoms", "症状与体征"),
        "present": Saying("present", "有"),
        "absent": Saying("absent", "无"),
        "medication": Saying("Medication", "用药"),
        "allergies": Saying("Allergies", "过敏"),
        "values": Saying("Latest values", "最近数值"),
        "nothing_recorded": Saying("Nothing is recorded; this is not the same as none.", "无记录（不等于没有）。"),
        "shown_first": Saying("{shown} of {total}", "显示 {shown} 项，共 {total} 项"),
        "areas": Saying("Areas", "各领域"),
        "gaps": Saying("Gaps", "缺口"),
        "bring_in": Saying("Bring in a FHIR document", "导入 FHIR 文档"),
        "write_note": Saying("Write a note", "书写病程记录"),
        "no_diagnosing": Saying(
            "Your role reads here; physicians and imaging specialists consult and judge findings.",
            "您的角色可在此查阅；会诊与审核由医师和影像医师进行。",
        ),
    }
)

TIMELINE: Words = MappingProxyType(
    {
        "title": Saying("Timeline", "时间线"),
        "lead": Saying(
            "Everything in the record, the latest first, by the date it speaks of.",
            "病历中的全部内容，按所述日期由近及远排列。",
        ),
        "kinds": Saying("Show only", "仅显示"),
        "all": Saying("Everything", "全部"),
        "reviews": Saying("Reviews", "审核"),
        "findings": Saying("Findings", "发现"),
        "undated": Saying("Without a date", "无日期"),
        "none": Saying("The record holds nothing of this kind.", "病历中没有此类内容。"),
        "nothing": Saying("The record holds nothing yet.", "病历中尚无内容。"),
        "pages": Saying("Pages of the timeline", "时间线分页"),
        "page": Saying("Page {page} of {pages}", "第 {page} 页，共 {pages} 页"),
        "before": Saying("Later", "较近"),
        "after": Saying("Earlier", "较早"),
        "filed": Saying("filed", "归档"),
        "finding": Saying("Finding", "发现"),
        "review_one": Saying("Review", "审核"),
        "consult_one": Saying("Consult", "会诊"),
        "consult_filed": Saying("{count} findings filed, first of them: {first}", "归档 {count} 项发现，首项：{first}"),
        "each_finding": Saying("Show all {count}", "展开全部 {count} 项"),
        "unreadable": Saying("cannot be read", "无法读取"),
        "present": Saying("present", "有"),
        "absent": Saying("absent", "无"),
        "no_longer": Saying("no longer stands", "不再成立"),
    }
)

REPORT: Words = MappingProxyType(
    {
        "title": Saying("Report", "报告"),
        "lead": Saying(
            "What the latest consult filed and what people said of it. Nothing is worked out anew for a report.",
            "最近一次会诊的结果及人工审核意见。生成报告时不会重新分析。",
        ),
        "none": Saying(
            "Nobody has consulted on this patient yet; there is nothing to report.", "尚未会诊，没有可报告的内容。"
        ),
        "frame": Saying("The report on this patient", "该患者的报告"),
        "read_in": Saying("Read in", "阅读语言"),
        "english": Saying("English", "English"),
        "chinese": Saying("中文", "中文"),
        "download": Saying("Download", "下载"),
        "files": Saying("Take the report out of the house", "导出报告"),
        "audited": Saying(
            "A file leaves the protection of this house; each download is in the audit log.",
            "文件导出后不再受本系统保护；每次下载均记入审计日志。",
        ),
        "no_export": Saying(
            "Your role, or emergency access, reads the report here and takes no file away.",
            "您的角色或紧急访问仅可在此阅读报告，不得下载文件。",
        ),
        "alone": Saying("Open alone", "单独打开"),
    }
)
