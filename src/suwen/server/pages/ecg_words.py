"""The words of the ECG page that the report of an electrocardiogram does not have, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["ECG_WORDS"]

ECG_WORDS: Words = MappingProxyType(
    {
        "title": Saying("Electrocardiogram", "心电图"),
        "held": Saying("Recordings in the record", "记录中的心电图"),
        "none": Saying(
            "The record holds no electrocardiogram. Bring one in below.", "记录中没有心电图。可在下方上传。"
        ),
        "none_no_upload": Saying("The record holds no electrocardiogram.", "记录中没有心电图。"),
        "made": Saying("made", "记录时间"),
        "undated": Saying("no date", "无日期"),
        "shown": Saying("shown", "当前"),
        "what": Saying("recording", "内容"),
        "large": Saying("large file, {size} MB", "大文件，{size} MB"),
        "unreadable": Saying("cannot be read: {why}", "无法读取：{why}"),
        "reading": Saying("Reading the recording …", "正在读取……"),
        "read_now": Saying("Read it", "读取"),
        "long": Saying(
            "This recording is long ({duration}); reading it takes some minutes and runs as a job. "
            "What was read stays in this server's memory until it is stopped.",
            "该记录较长（{duration}），读取需数分钟，将作为任务运行。读取结果仅保存在服务器内存中，停机后清除。",
        ),
        "begin_job": Saying("Read it as a job", "作为任务读取"),
        "job_title": Saying("Reading a long electrocardiogram", "读取长程心电图"),
        "job_opening": Saying("opening the recording", "正在打开记录"),
        "job_reading": Saying("finding beats and signs", "正在识别心搏与征象"),
        "paper": Saying("Paper", "图纸"),
        "layout": Saying("layout", "布局"),
        "layout_auto": Saying("usual", "默认"),
        "layout_strips": Saying("strips", "条带"),
        "speed": Saying("speed, mm/s", "走纸速度，mm/s"),
        "gain": Saying("gain, mm/mV", "增益，mm/mV"),
        "begin": Saying("from second", "起始秒"),
        "level": Saying("take out the wandering of the baseline", "去除基线漂移"),
        "draw": Saying("Draw", "绘制"),
        "print": Saying("Page for print", "打印页"),
        "go": Saying("Show on the trace", "在波形上显示"),
        "more_places": Saying("and {count} more", "另有 {count} 处"),
        "whole": Saying("Back to the whole", "返回全部"),
        "at_place": Saying("Sign {number}, {name}: from {begin}", "征象 {number}（{name}）：自 {begin}"),
        "upload": Saying("Bring in a recording", "上传心电图"),
        "upload_lead": Saying(
            "DICOM, EDF, SCP-ECG, MATLAB or HL7 aECG, told by what is in the file, at most {largest} MB. It is read "
            "before anything is stored, and kept as it is; its name is not kept.",
            "支持 DICOM、EDF、SCP-ECG、MATLAB、HL7 aECG，以文件内容判定，最大 {largest} MB。"
            "先读取后保存，原样存档，不保存文件名。",
        ),
        "file": Saying("File", "文件"),
        "recorded": Saying("Recorded on", "记录日期"),
        "recorded_hint": Saying("left out, the day of today counts", "留空则以今日为准"),
        "call": Saying("What readers see of it", "显示名称"),
        "store": Saying("Read and store", "读取并保存"),
        "limits": Saying("Limits", "限制"),
        "age_note": Saying(
            "Age is that at the day of the recording, from the register.", "年龄按记录当日计，取自患者登记信息。"
        ),
        "unread": Saying("Not stored: the file cannot be taken in.", "未保存：无法接受该文件。"),
        "no_file": Saying("Choose a file first.", "请先选择文件。"),
        "too_large": Saying("The file is larger than {largest} MB.", "文件超过 {largest} MB。"),
        "back": Saying("To the page of the recording", "返回心电图页面"),
        "printed": Saying("printed on {when}", "打印于 {when}"),
        "scale_print": Saying(
            "Print at 100 % on A4 landscape: one large square is then 5 mm.",
            "以 100% 比例横向打印于 A4 纸，每大格为 5 mm。",
        ),
    }
)
