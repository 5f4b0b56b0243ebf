"""Words of the pages of jobs."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["WORDS"]

WORDS: Words = MappingProxyType(
    {
        "title": Saying("Jobs", "任务"),
        "lead": Saying(
            "Long work goes on while you do something else, also when you close this page. After a restart of the "
            "server, work on patients' records waits until you sign in again or open this page.",
            "耗时的工作在后台进行，关闭本页不受影响。服务器重启后，涉及患者记录的任务会等待您重新登录或打开本页后再继续。",
        ),
        "kept": Saying(
            "Jobs that are over, and their results, are removed after 30 days.", "已结束的任务及其结果将在30天后删除。"
        ),
        "none": Saying("You have no jobs.", "您暂无任务。"),
        "work": Saying("Work", "内容"),
        "state": Saying("State", "状态"),
        "progress": Saying("Progress", "进度"),
        "asked": Saying("Asked for", "提交时间"),
        "actions": Saying("Actions", "操作"),
        "cancel": Saying("Cancel", "取消"),
        "cancel_of": Saying("Cancel: {title}", "取消：{title}"),
        "remove": Saying("Remove", "删除"),
        "remove_of": Saying("Remove: {title}", "删除：{title}"),
        "result": Saying("Result", "结果"),
        "result_of": Saying("Result: {title}", "结果：{title}"),
        "files": Saying("Files", "文件"),
        "back": Saying("All jobs", "全部任务"),
        "queued": Saying("waits its turn", "排队中"),
        "running": Saying("under way", "进行中"),
        "waits_for_owner": Saying("waits for you", "等待您"),
        "waits_for_owner_why": Saying(
            "It was interrupted, and goes on with patients' records once you have signed in again.",
            "任务曾中断，涉及患者记录，待您重新登录后继续。",
        ),
        "done": Saying("done", "已完成"),
        "failed": Saying("failed", "失败"),
        "cancelled": Saying("cancelled", "已取消"),
        "of": Saying("{done} of {whole}", "{done}／{whole}"),
        "nothing": Saying("Nothing more is to be shown of it.", "没有更多内容。"),
        "kind": Saying("Kind of work", "任务类型"),
        "changed": Saying("Last change", "最近更新"),
        "why": Saying("Why", "原因"),
    }
)
