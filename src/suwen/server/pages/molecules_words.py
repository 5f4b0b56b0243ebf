"""The words of the drug desk that the reports about molecules do not have, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["MOLECULE_WORDS"]

MOLECULE_WORDS: Words = MappingProxyType(
    {
        "title": Saying("Molecules", "分子"),
        "lead": Saying(
            "Paste a SMILES or InChI, or draw; a list, one a line with an optional name behind it, is compared side by "
            "side (at most {most}). Nothing you enter is stored.",
            "粘贴 SMILES 或 InChI，或绘制结构；多个分子每行一个，其后可加名称，最多 {most} 个，将并排比较。"
            "所输入内容不会保存。",
        ),
        "entry": Saying("SMILES or InChI", "SMILES 或 InChI"),
        "profile": Saying("Profile", "查看概况"),
        "draw": Saying("Draw …", "绘制……"),
        "drawing": Saying("Drawing board", "绘图板"),
        "drawing_help": Saying(
            "The board is worked with a pointer. By keyboard, close it (Escape) and type: what you type is drawn and "
            "read out as you go, and the building blocks below the field put in rings and groups.",
            "绘图板需用指针操作。仅用键盘时，请按 Esc 关闭后直接输入：所输入结构会即时绘出并朗读，"
            "输入框下的结构片段可插入环和基团。",
        ),
        "blocks": Saying("Building blocks", "结构片段"),
        "blocks_lead": Saying(
            "Each is put where the cursor stands; the drawing follows. A group in brackets is a branch: C(O)C.",
            "插入到光标处，图形随之更新。括号内为支链，如 C(O)C。",
        ),
        "preview": Saying("As read so far", "当前识别结果"),
        "preview_empty": Saying("What you type is drawn here.", "输入的结构将在此绘出。"),
        "preview_one": Saying(
            "{formula}, {weight}; heavy atoms: {heavy_atoms}, rings: {rings}, of them aromatic: {aromatic_rings}",
            "{formula}，{weight}；重原子 {heavy_atoms} 个，环 {rings} 个，其中芳香环 {aromatic_rings} 个",
        ),
        "preview_many": Saying(
            "{count} molecules are read; the first is drawn.", "已识别 {count} 个分子，图示为第一个。"
        ),
        "preview_line": Saying("Line {row}: {why}", "第 {row} 行：{why}"),
        "preview_wrong": Saying("Not a molecule yet: {why}", "尚不构成分子：{why}"),
        "own_file": Saying("Search a file of your own", "在自有文件中查找"),
        "contents": Saying("On this page", "本页内容"),
        "use": Saying("Take this structure", "使用该结构"),
        "close": Saying("Close", "关闭"),
        "examples": Saying("Examples", "示例"),
        "to_screening": Saying("Screen a library …", "筛选化合物库……"),
        "missing": Saying(
            "{package} is not installed (pip install 'suwen[{extra}]'): {what}",
            "未安装 {package}（pip install 'suwen[{extra}]'）：{what}",
        ),
        "endpoints_loading": Saying(
            "Working out the learned endpoints; the first time takes some seconds …", "正在计算预测终点；首次需数秒……"
        ),
        "endpoints_show": Saying("Learned endpoints", "预测终点"),
        "atoms": Saying("What each atom adds", "各原子的贡献"),
        "similar": Saying("Similar molecules", "相似分子"),
        "similar_lead": Saying(
            "Of the molecules that the endpoints learned from, the most similar for each (Tanimoto of ECFP4).",
            "取自各终点所学的已测分子：各终点中最相似者，按 ECFP4 的 Tanimoto 相似度。",
        ),
        "similar_unnamed": Saying(
            "The tables of measured molecules are not installed, so the nearest cannot be named; see `suwen data`.",
            "本机未安装已测分子数据表，无法列出最相似分子；见 `suwen data`。",
        ),
        "similar_file": Saying("Or search a file of your own", "或在您自己的文件中查找"),
        "similar_file_lead": Saying(
            "SMILES list, CSV, TSV or SDF, at most {most} molecules and {size} MB; it is forgotten after the answer.",
            "SMILES 列表、CSV、TSV 或 SDF，最多 {most} 个分子、{size} MB；得出结果后即丢弃。",
        ),
        "file": Saying("File", "文件"),
        "search": Saying("Search", "查找"),
        "found_in": Saying(
            "{count} molecules of your file compared exactly; {refused} rows could not be read.",
            "已与文件中 {count} 个分子精确比较；{refused} 行无法读取。",
        ),
        "likeness": Saying("similarity (Tanimoto, ECFP4)", "相似度（Tanimoto，ECFP4）"),
        "measured_of": Saying("measured of it", "已测项目"),
        "structure": Saying("structure", "结构"),
        "name": Saying("name", "名称"),
        "refused_line": Saying("line {row}", "第 {row} 行"),
        "unread": Saying("This cannot be read as a molecule", "无法读作分子"),
        "open": Saying("Profile", "概况"),
        "limits": Saying("Limits", "限制"),
        "wait": Saying("One moment …", "请稍候……"),
        # Screening
        "screening": Saying("Screening funnel", "筛选漏斗"),
        "screening_lead": Saying(
            "A library through filters, likeness, learned endpoints, a diverse choice and a ranking; cheap tests come "
            "first, and each molecule counts for the first thing it does not meet. It runs as a job.",
            "化合物库依次经过筛选条件、相似性、预测终点、多样性挑选和排序；先做代价小的检验，每个分子按其首个未满足的条件计数。作为任务运行。",
        ),
        "library": Saying("Library", "化合物库"),
        "library_lead": Saying(
            "SMILES list (.smi, .txt), CSV, TSV or SDF, at most {size} MB, and {packed} MB when packed.",
            "SMILES 列表（.smi、.txt）、CSV、TSV 或 SDF，最大 {size} MB，压缩后最大 {packed} MB。",
        ),
        "goals": Saying("Goals", "目标"),
        "properties": Saying("Properties", "性质"),
        "rules": Saying("Rules of thumb", "经验规则"),
        "alerts": Saying("Structural alerts", "结构警示"),
        "at_least": Saying("at least", "不低于"),
        "at_most": Saying("at most", "不超过"),
        "no_rules": Saying("must not be broken", "不得违反"),
        "no_alerts": Saying("must not be hit", "不得命中"),
        "like": Saying("Like this (SMILES, one a line; optional)", "与之相似（SMILES，每行一个；可不填）"),
        "like_at_least": Saying("similarity at least (0 to 1)", "相似度不低于（0–1）"),
        "models": Saying(
            "Learned endpoints: chance at most (0 to 1; left out: not asked)",
            "预测终点：概率不超过（0–1；不填则不要求）",
        ),
        "pick": Saying("Diverse choice of so many (left out: all)", "多样性挑选数目（不填则全部）"),
        "keep": Saying("Keep at most", "最多保留"),
        "advanced": Saying("Or state the goals as TOML", "或以 TOML 书写目标"),
        "advanced_lead": Saying(
            "As `suwen screen --goals` takes them; what is stated here counts in place of the fields above. "
            "Docking and model files are not taken here.",
            "格式同 `suwen screen --goals`；填写后以此为准。此处不接受对接及模型文件。",
        ),
        "begin": Saying("Begin", "开始"),
        "ranked_by": Saying(
            "Ranked by drug-likeness (QED, weight 1) and synthetic access (weight 1), joined by the geometric mean.",
            "按类药性（QED，权重 1）与合成可及性（权重 1）的几何平均排序。",
        ),
        "running": Saying("Screening", "正在筛选"),
        "waiting": Saying("The job waits for its turn.", "任务排队中。"),
        "stage": Saying("stage", "阶段"),
        "entered": Saying("entered", "进入"),
        "kept": Saying("kept", "保留"),
        "dropped": Saying("dropped", "舍去"),
        "failed": Saying("failed", "出错"),
        "seconds": Saying("seconds", "秒"),
        "why": Saying("not met", "未满足的条件"),
        "survivors": Saying("What is left: {count}", "留下 {count} 个"),
        "first_shown": Saying(
            "The first {count} are shown; the files hold all.", "仅显示前 {count} 个，完整结果见文件。"
        ),
        "none_left": Saying("No molecule is left.", "没有分子留下。"),
        "place": Saying("place", "名次"),
        "merit": Saying("merit", "综合得分"),
        "export": Saying("Export", "导出"),
        "page_file": Saying("page (HTML)", "报告（HTML）"),
        "asked": Saying("What was asked", "所设条件"),
        "sources": Saying("Sources", "来源"),
        "failures": Saying("Failed, neither kept nor dropped", "出错（既未保留也未舍去）"),
        "row": Saying("row", "行"),
        "cancel": Saying("Cancel", "取消"),
        "again": Saying("Another screening", "再次筛选"),
        "over_failed": Saying("The screening failed: {why}", "筛选失败：{why}"),
        "over_cancelled": Saying("The screening was cancelled.", "筛选已取消。"),
        "waits": Saying("It goes on when you have signed in again.", "重新登录后继续。"),
        "read_so_far": Saying("{stage}: {done} of {whole}", "{stage}：{done}/{whole}"),
        "read_open": Saying("{stage}: {done}", "{stage}：{done}"),
    }
)
