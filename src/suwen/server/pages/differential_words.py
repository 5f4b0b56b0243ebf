"""The words of the differential and of the notes beside it, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["DIFFERENTIAL", "NOTES"]

DIFFERENTIAL: Words = MappingProxyType(
    {
        "differential": Saying("Differential", "鉴别诊断"),
        "live": Saying(
            "Worked out now from what the record holds; the findings are those of the last consult.",
            "根据病历现有内容即时计算；“发现”页显示的是最近一次会诊的结果。",
        ),
        "opening": Saying(
            "The knowledge of diseases is still being opened. Try again in a few seconds.",
            "疾病知识库正在加载，请数秒后重试。",
        ),
        "no_knowledge": Saying(
            "No knowledge of diseases is installed here, so there is no differential. The other pages work.",
            "未安装疾病知识库，无法进行鉴别诊断；其他页面不受影响。",
        ),
        "no_features": Saying(
            "The record holds no feature that the differential knows. Write a note, or enter a feature.",
            "病历中没有鉴别诊断可用的表型。请书写病程记录或录入一项表型。",
        ),
        "again": Saying("Try again", "重试"),
        "why": Saying("Why", "支持理由"),
        "why_not": Saying("Why not", "反对理由"),
        "no_why": Saying("Nothing in the record supports it.", "病历中没有支持的依据。"),
        "no_against": Saying("Nothing in the record contradicts it.", "病历中没有反对的依据。"),
        "missing": Saying("Typical, but not seen here", "典型但本例未见"),
        "missing_absent": Saying("looked for, absent", "已查，无"),
        "missing_unknown": Saying("not recorded", "未记录"),
        "how_often": Saying("in {share} of patients", "见于 {share} 的患者"),
        "how_often_unknown": Saying("how often is not known", "频率不详"),
        "neutral": Saying("Weighed, and of no weight", "已权衡但无影响"),
        "features": Saying("Features weighed", "纳入权衡的表型"),
        "entered": Saying("Entered here", "在此录入"),
        "take_back": Saying("Take back", "撤回"),
        "present": Saying("Present", "有"),
        "absent": Saying("Absent", "无"),
        "questions": Saying("What to ask or examine next", "建议询问或检查"),
        "questions_lead": Saying(
            "An answer is kept as an observation, and the differential answers at once.",
            "回答将作为观察结果存入病历，鉴别诊断随即更新。",
        ),
        "similar": Saying("Similar solved cases", "相似的已确诊病例"),
        "sources": Saying("Sources and limits", "来源与局限"),
        "enter": Saying("Enter a feature", "录入表型"),
        "type_here": Saying("Type a feature, such as seizure", "输入表型，例如 癫痫发作"),
        "suggestions": Saying("Suggestions", "建议"),
        "no_suggestion": Saying("No term of the ontology has these words.", "本体中没有包含这些文字的术语。"),
        "working": Saying("Weighing …", "正在权衡……"),
        "left_out": Saying("Seen, but could not be used", "已读取但无法使用"),
        "read_codes": Saying("Codes read as terms ({count})", "编码对应的术语（{count}）"),
        "weights": Saying(
            "Bars: weight of evidence, the base-10 logarithm of how many times likelier the finding is with this "
            "disease than with the others (+1: ten times).",
            "横条为证据权重：该表现在此病中出现的可能性相对其他疾病的倍数（以10为底的对数，+1即10倍）。",
        ),
        "now_first": Saying("Weighed anew. First now: {name}, {chance}", "已重新权衡。目前首位：{name}，{chance}"),
        "explained": Saying("What the numbers mean", "数值含义"),
        "set": Saying("in the {coverage} set", "属 {coverage} 候选集"),
        "more_detail": Saying("evidence", "依据"),
        "full": Saying("The whole differential", "完整鉴别诊断"),
    }
)

NOTES: Words = MappingProxyType(
    {
        **DIFFERENTIAL,
        "notes": Saying("Notes", "病程记录"),
        "none": Saying("The record holds no text.", "病历中没有文本。"),
        "write": Saying("Write a note", "书写病程记录"),
        "note_title": Saying("Title (may be empty)", "标题（可不填）"),
        "note_text": Saying("Note", "内容"),
        "keep": Saying("Keep", "保存"),
        "kept_hint": Saying(
            "A note that is kept cannot be changed by anybody; write another to add to it.",
            "已保存的记录不可修改；如需补充请另写一条。",
        ),
        "undated": Saying("no date", "无日期"),
        "problem": Saying("This text cannot be read here: {problem}", "该文本无法在此读取：{problem}"),
        "marks": Saying("What was read", "识别结果"),
        "choose": Saying("Choose a mark in the text to put it right.", "点击文中标记即可更正。"),
        "concept": Saying("Concept", "概念"),
        "status": Saying("Status", "状态"),
        "correct": Saying("Put right", "更正"),
        "wrong": Saying("Nothing of the kind", "识别有误"),
        "other_status": Saying("Other status", "其他状态"),
        "other_concept": Saying("Other concept", "其他概念"),
        "corrected": Saying("corrected", "已更正"),
        "struck": Saying("struck out", "已划除"),
        "undo": Saying("Undo", "撤销更正"),
        "by": Saying("by {name}", "更正者 {name}"),
        "no_correcting": Saying("Your role reads here and corrects nothing.", "您的角色仅可查阅，不能更正。"),
        "reader_missing": Saying(
            "No knowledge of diseases is open here, so nothing is marked in the text.",
            "疾病知识库未打开，文中未作标记。",
        ),
        "moved": Saying("was {was} before", "此前 {was}"),
        "came": Saying("newly among the first", "新进入前列"),
        "not_kept": Saying("The note was not kept.", "记录未保存。"),
        "gone": Saying("the text is read otherwise now; look at it again", "该文本的识别结果已改变，请重新查看"),
    }
)
