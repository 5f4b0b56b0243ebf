"""The words of the worklist and of the pages that bring patients into it, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["WORDS"]

WORDS: Words = MappingProxyType(
    {
        "title": Saying("Worklist", "工作列表"),
        "lead": Saying(
            "Your patients: what alarms first, then what is new since you last looked, then what waits for review.",
            "您的患者：首先列出警示项，其次是您上次查看后的新内容，最后是待审核项。",
        ),
        "none": Saying("You have no patients yet.", "暂无患者。"),
        "none_hint": Saying(
            "Register a new patient, bring in a FHIR document, or ask the administrator for a care relationship.",
            "可登记新患者、导入 FHIR 文档，或请系统管理员授予诊疗关系。",
        ),
        "none_here": Saying("None of your patients is here at present.", "目前没有符合条件的患者。"),
        "search": Saying("Search by name, identifier or birth date", "按姓名、编号或出生日期查找"),
        "search_hint": Saying(
            "A birth date as YYYY-MM-DD. Only patients whose record is open to you are found.",
            "出生日期格式为 YYYY-MM-DD。仅能查到您有权查看的患者。",
        ),
        "find": Saying("Search", "查找"),
        "found": Saying("{count} found for your search", "找到 {count} 名患者"),
        "found_none": Saying(
            "No patient of yours matches. In an emergency, open the record by its identifier with emergency access.",
            "您的患者中没有匹配者。紧急情况下，可凭患者编号通过紧急访问打开病历。",
        ),
        "back": Saying("Back to the whole list", "返回完整列表"),
        "emergency": Saying("Emergency access", "紧急访问"),
        "register": Saying("Register a patient", "登记患者"),
        "import": Saying("Bring in a FHIR document", "导入 FHIR 文档"),
        "only": Saying("Show", "显示"),
        "all": Saying("All", "全部"),
        "alarming": Saying("Alarming", "警示"),
        "new": Saying("New", "新内容"),
        "waiting": Saying("For review", "待审核"),
        "studies": Saying("Studies", "检查"),
        "studies_none": Saying("Your patients have no images and no electrocardiograms.", "您的患者暂无影像或心电图。"),
        "study": Saying("Study", "检查"),
        "made": Saying("Made", "检查日期"),
        "arrived": Saying("Arrived", "收到时间"),
        "state": Saying("State", "状态"),
        "read": Saying("read by Suwen", "素问已分析"),  # by an engine: no physician has reported on it thereby
        "unread": Saying("not read yet by Suwen", "素问未分析"),
        "ecg": Saying("Electrocardiogram", "心电图"),
        "images": Saying("Images", "影像"),
        "patient": Saying("Patient", "患者"),
        "matters": Saying("What matters most", "首要发现"),
        "changed": Saying("Last change", "最近更新"),
        "nothing": Saying("no finding yet", "尚无发现"),
        "never": Saying("not looked at yet", "尚未查看"),
        "news_count": Saying("{count} new", "{count} 项新内容"),
        "waiting_count": Saying("{count} for review", "{count} 项待审核"),
        "pages": Saying("Pages of the list", "列表分页"),
        "page": Saying("Page {page} of {pages}", "第 {page} 页，共 {pages} 页"),
        "before": Saying("Previous", "上一页"),
        "after": Saying("Next", "下一页"),
        "born": Saying("born {date}", "{date} 出生"),
        "sex_female": Saying("female", "女"),
        "sex_male": Saying("male", "男"),
        "sex_other": Saying("other", "其他"),
        "sex_unknown": Saying("sex unknown", "性别不详"),
        # registering
        "register_title": Saying("Register a new patient", "登记新患者"),
        "register_lead": Saying(
            "You have a care relationship with the patient from then on. Registering opens no record.",
            "登记后您即与该患者建立诊疗关系。登记本身不会打开任何病历。",
        ),
        "name": Saying("Name", "姓名"),
        "name_hint": Saying(
            "As it is written, such as 王诗涵 or Emma Lindqvist.", "按证件书写，如 王诗涵 或 Emma Lindqvist。"
        ),
        "other_name": Saying("Name in another script (if any)", "其他文字的姓名（如有）"),
        "identifier": Saying("Identifier", "编号"),
        "identifier_hint": Saying(
            "The number of the hospital or the state; patients are found by it in an emergency.",
            "医院编号或证件号；紧急情况下据此查找患者。",
        ),
        "birth_date": Saying("Birth date", "出生日期"),
        "sex": Saying("Sex", "性别"),
        "save": Saying("Register", "登记"),
        "cancel": Saying("Cancel", "取消"),
        "refused": Saying("Only physicians and nurses register patients.", "仅医师和护士可登记患者。"),
        # bringing in
        "import_title": Saying("Bring in a FHIR document", "导入 FHIR 文档"),
        "import_lead": Saying(
            "A Bundle or a single resource of FHIR R4 in JSON (also packed with gzip or xz), at most {size} MB. The "
            "document itself says whom it is about: a patient who is known here is recognised by identifier, others "
            "are registered. All of it is taken in, or nothing.",
            "FHIR R4 的 Bundle 或单个资源（JSON，可经 gzip 或 xz 压缩），不超过 {size} MB。文档自身说明所属患者："
            "已登记者按编号识别，其余将新登记。导入要么全部完成，要么完全不生效。",
        ),
        "file": Saying("File", "文件"),
        "source": Saying("Where it comes from (address or name of the system)", "来源（系统地址或名称）"),
        "source_hint": Saying(
            "With it, a resource that comes again is recognised as the same.", "据此识别再次导入的同一资源。"
        ),
        "send": Saying("Bring in", "导入"),
        "sending": Saying("Reading and checking …", "正在读取和校验……"),
        "done": Saying("Taken in", "导入完成"),
        "done_text": Saying(
            "{written} new, {changed} changed and {unchanged} unchanged resources; {registered} patients registered.",
            "新增 {written} 项、更新 {changed} 项、未变 {unchanged} 项资源；新登记患者 {registered} 名。",
        ),
        "open": Saying("Open the record", "打开病历"),
        "remarks": Saying("Remarks", "说明"),
    }
)
