"""What Suwen says beside a citation ("counted on the structure by RDKit"), in Chinese; the citation stays as it is."""

from __future__ import annotations

import re

__all__ = ["source_text"]

# A pattern, and what stands for it in Chinese; every one stands in a source of a property, rule, alert or endpoint.
_PHRASES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"^counted on the structure by RDKit$", "由RDKit按结构计数"),
        (r"^IUPAC standard atomic weights, RDKit$", "IUPAC标准原子量（RDKit）"),
        (r", mean weights$", "（平均权重）"),
        (r", as changed in RDKit 2013$", "（RDKit 2013年改动版）"),
        (r", as in RDKit$", "（按RDKit）"),
        (r", strict definition of RDKit$", "（RDKit的严格定义）"),
        (r", limits as in SwissADME 2017$", "（界限同SwissADME 2017）"),
        (r"; over 150 compounds each$", "；每条规则基于150个以上化合物"),
        (r"; 15 to 149 compounds each$", "；每条规则基于15至149个化合物"),
        (r"; under 15 compounds each, little ground$", "；每条规则基于不足15个化合物，依据薄弱"),
        (r"ChEMBL's structural alerts \(ChEMBL Database and Interface Team\)", "ChEMBL结构警示（ChEMBL团队）"),
        (r"^the table's own definition: ", "数据表自身的定义："),
        (r"^the table's own limit of (\d+ %): ", r"数据表自身的界限\1："),
        (r"^the screen's own class of active: ", "该筛选自身的活性分类："),
        (r"^classes of SwissADME: ", "SwissADME的分级："),
        (r"; classes of SwissADME: ", "；SwissADME的分级："),
        (r"; 0\.04 L/kg is the plasma of a person$", "；0.04 L/kg为人的血浆容量"),
        (r"; that binding is no aim by itself: ", "；结合率本身并非优化目标："),
        (r", deposited in ChEMBL (\d{4})", r"，\1年存入ChEMBL"),
        (
            r"^UN Globally Harmonized System \(GHS\), chapter (\d\.\d), oral: (\d+) and (\d+) mg/kg, for a molecule of "
            r"(\d+) g/mol$",
            r"联合国《全球化学品统一分类和标签制度》（GHS）第\1章，经口：\2与\3 mg/kg，按分子量\4 g/mol折算",
        ),
        (
            r"^extraction of (\d+ %) by a well-stirred liver of (\d+) g, (\d+) mL/min of blood per kg, (\d+) mg "
            r"microsomal protein and (\d+) million cells per g, all drug free \((.*)\)$",
            r"按充分搅拌模型，肝脏每kg体重\2 g、血流\3 mL/min，每g肝微粒体蛋白\4 mg、肝细胞\5×10⁶个，药物全部游离，"
            r"肝提取率\1（\6）",
        ),
    )
)


def source_text(source: str, lang: str) -> str:
    """A source for a reader of English ("en") or Chinese ("zh"): authors, journal and pages are the same in both."""
    if lang != "zh":
        return source
    for pattern, said in _PHRASES:
        source = pattern.sub(said, source)
    return source
