"""The words of every remark and refusal of the readers of molecules, in English and simplified Chinese."""

from __future__ import annotations

__all__ = ["HOW", "NOTICES"]

_WRITE_AGAIN = {"en_remedy": "write the structure again, or export it anew", "zh_remedy": "请重新书写或重新导出该结构"}

NOTICES: dict[str, dict[str, str]] = {
    # What standardising changed
    "salt": {
        "en": "salt: {parts} taken off; the rest is the molecule",
        "zh": "盐或溶剂：已去除{parts}；其余部分为所指分子",
    },
    "copies": {
        "en": "copies: the molecule stands there {count} times; it is taken once",
        "zh": "重复：该分子出现 {count} 次；只取一次",
    },
    "mixture": {
        "en": "mixture: more than one large organic part; the largest was taken and {parts} left out",
        "zh": "混合物：含多个较大有机组分；取最大者，略去{parts}",
        "en_remedy": "give the parts one by one if another one is meant",
        "zh_remedy": "如所指为其他组分，请分别给出",
    },
    "inorganic": {
        "en": "inorganic: no part has carbon; everything was kept",
        "zh": "无机物：各组分均不含碳；全部保留",
    },
    "metal": {
        "en": "metal: bonds to {parts} were cut, as they are ionic or dative",
        "zh": "金属：与{parts}相连的键已断开（离子键或配位键）",
    },
    "charge": {
        "en": "charge: {before} became {after}, by giving or taking protons",
        "zh": "电荷：经加减质子，由 {before} 变为 {after}",
    },
    "zwitterion": {
        "en": "zwitterion: charges within the molecule were joined by moving protons",
        "zh": "两性离子：分子内电荷已经质子转移中和",
    },
    "charged": {
        "en": "charged: a charge of {charge} stays, as no proton can take it away",
        "zh": "带电：仍带电荷 {charge}，不能以质子消除",
    },
    "tautomer": {
        "en": "tautomer: written as {smiles}, taken as its standard tautomer",
        "zh": "互变异构：原为 {smiles}，已换成标准互变异构体",
    },
    "tautomers_open": {
        "en": "tautomers: there are too many to settle on one; the molecule is kept as written",
        "zh": "互变异构：可能的互变异构体过多，无法取定；按原样保留",
    },
    "form": {
        "en": "form: groups were rewritten in their usual form, such as nitro groups",
        "zh": "写法：官能团已改为通用写法（如硝基）",
    },
    "maps": {
        "en": "atom maps: numbers on {count} atoms were dropped",
        "zh": "原子映射：{count} 个原子上的编号已去除",
    },
    "extension": {
        "en": "extension: what follows the SMILES between bars (CXSMILES) was not used",
        "zh": "扩展：SMILES 之后竖线间的内容（CXSMILES）未采用",
    },
    # What is open
    "centres": {
        "en": "stereo: {count} centres are not stated; this may be any of several isomers, or their mixture",
        "zh": "立体：{count} 个手性中心未注明；可能是多种异构体之一或其混合物",
        "en_remedy": "state them if they are known",
        "zh_remedy": "如已知请注明",
    },
    "bonds": {
        "en": "double bonds: {count} are not stated as E or Z",
        "zh": "双键：{count} 个双键未注明 E 或 Z",
        "en_remedy": "state them if they are known",
        "zh_remedy": "如已知请注明",
    },
    "stereo_open": {
        "en": "stereo: it was not looked through, as the molecule has more than {most} atoms",
        "zh": "立体：分子超过 {most} 个原子，未检查立体化学",
    },
    "isotopes": {
        "en": "isotopes: {count} atoms are labelled; the labels were kept",
        "zh": "同位素：{count} 个原子带标记；标记已保留",
    },
    "any": {
        "en": "open atoms: {count} atoms may be anything (*), so that the molecule is a pattern and has no InChIKey",
        "zh": "未定原子：{count} 个原子可为任意原子（*）；此为通式，无 InChIKey",
    },
    "radical": {
        "en": "radical: {count} electrons are unpaired",
        "zh": "自由基：有 {count} 个未成对电子",
        "en_remedy": "check that no hydrogen was forgotten",
        "zh_remedy": "请检查是否遗漏氢原子",
    },
    "no_key": {
        "en": "no InChIKey: InChI cannot describe this molecule, or not within its time",
        "zh": "无 InChIKey：InChI 无法描述该分子，或未能在限定时间内完成",
    },
    "column": {
        "en": "column: structures were read from {column}, names from {names}, as {how}",
        "zh": "列：结构取自“{column}”，名称取自“{names}”（依据：{how}）",
        "en_remedy": "name the columns if they are others",
        "zh_remedy": "如非此列请指明",
    },
    "column_only": {
        "en": "column: structures were read from {column}, as {how}; no column of names",
        "zh": "列：结构取自“{column}”（依据：{how}）；无名称列",
        "en_remedy": "name the columns if they are others",
        "zh_remedy": "如非此列请指明",
    },
    # Why something is no molecule
    "empty": {"en": "empty: there is no structure", "zh": "空：没有结构"},
    "long": {
        "en": "too long: {count} characters, and at most {most} are read",
        "zh": "过长：{count} 个字符，最多读取 {most} 个",
    },
    "atoms": {
        "en": "too large: {count} atoms, and at most {most} are read",
        "zh": "过大：{count} 个原子，最多读取 {most} 个",
    },
    "rings": {
        "en": "too many rings: {count}, and at most {most} are read",
        "zh": "环过多：{count} 个，最多读取 {most} 个",
    },
    "character": {
        "en": "character: {written} at place {place} has no meaning in a SMILES",
        "zh": "字符：第 {place} 位的 {written} 在 SMILES 中无意义",
        "en_remedy": "give a SMILES or an InChI, not a name or a formula",
        "zh_remedy": "请给出 SMILES 或 InChI，而非名称或分子式",
    },
    "element": {
        "en": "element: {written} at place {place} is no element",
        "zh": "元素：第 {place} 位的 {written} 不是元素",
        "en_remedy": "give a SMILES or an InChI, not a name or a formula",
        "zh_remedy": "请给出 SMILES 或 InChI，而非名称或分子式",
    },
    "bracket": {
        "en": "bracket: {written} at place {place} is no atom; it is [isotope, element, chirality, H, charge, map]",
        "zh": "方括号：第 {place} 位的 {written} 不是原子；应为 [同位素 元素 手性 H 电荷 映射号]",
    },
    "bracket_open": {
        "en": "bracket not closed: [ at place {place}",
        "zh": "方括号未闭合：第 {place} 位的 [",
    },
    "branch_open": {
        "en": "branch not closed: ( at place {place}",
        "zh": "支链未闭合：第 {place} 位的 (",
    },
    "branch_closed": {
        "en": "branch not opened: ) at place {place}",
        "zh": "支链未开始：第 {place} 位的 )",
    },
    "branch_empty": {
        "en": "branch without an atom: {written} at place {place}",
        "zh": "支链无原子：第 {place} 位的 {written}",
    },
    "ring_open": {
        "en": "ring not closed: number {written} at place {place} stands alone",
        "zh": "环未闭合：第 {place} 位的编号 {written} 没有配对",
    },
    "ring_alone": {
        "en": "ring number without an atom: {written} at place {place}",
        "zh": "环编号前无原子：第 {place} 位的 {written}",
    },
    "ring_same": {
        "en": "ring: number {written} at place {place} binds an atom to itself or twice to one neighbour",
        "zh": "环：第 {place} 位的编号 {written} 使原子与自身相连，或与同一原子重复成键",
    },
    "bond_alone": {
        "en": "bond without two atoms: {written} at place {place}",
        "zh": "键缺少原子：第 {place} 位的 {written}",
    },
    "dot_end": {"en": "dot at the end: a part is missing after it", "zh": "末尾为点：其后缺少组分"},
    "syntax": {
        "en": "not readable: neither a SMILES nor an InChI, in a way that has no plainer words",
        "zh": "无法读取：既非 SMILES 也非 InChI，无更具体的说明",
        **_WRITE_AGAIN,
    },
    "valence": {
        "en": "valence: {element} (atom {atom}) has {count} bonds, more than it can have with its charge",
        "zh": "价态：{element}（第 {atom} 个原子）有 {count} 个键，超出其电荷所允许",
        "en_remedy": "check its bonds, hydrogens and charge",
        "zh_remedy": "请检查其键、氢与电荷",
    },
    "aromatic": {
        "en": "aromatic: no order of single and double bonds fits the ring atoms {atoms}",
        "zh": "芳香性：环原子 {atoms} 无法排出单双键",
        "en_remedy": "often a hydrogen is missing: n should be [nH]",
        "zh_remedy": "常因漏写氢：n 应为 [nH]",
    },
    "aromatic_chain": {
        "en": "aromatic: atom {atom} is written in lower case and stands in no ring",
        "zh": "芳香性：第 {atom} 个原子为小写却不在环中",
    },
    "inchi": {
        "en": "InChI: it is damaged, cut short, or describes no single structure",
        "zh": "InChI：已损坏、不完整，或不能确定结构",
        **_WRITE_AGAIN,
    },
    "inchikey": {
        "en": "InChIKey: a key names a molecule but does not hold its structure",
        "zh": "InChIKey：仅为分子的代号，不含结构",
        "en_remedy": "look the structure up, and give its SMILES or InChI",
        "zh_remedy": "请查到结构后给出 SMILES 或 InChI",
    },
    "block": {
        "en": "mol block: it is damaged, cut short, or of a kind that is not read",
        "zh": "mol 块：已损坏、不完整，或不支持",
        **_WRITE_AGAIN,
    },
    "no_atoms": {"en": "no atoms: the mol block holds no structure", "zh": "无原子：mol 块不含结构"},
    "standardising": {
        "en": "standardising: this structure cannot be brought to its standard form",
        "zh": "标准化：该结构无法标准化",
        **_WRITE_AGAIN,
    },
    # Rows of files
    "row_long": {
        "en": "row too long: more than {most} bytes; it was passed over",
        "zh": "行过长：超过 {most} 字节；已略过",
    },
    "row_short": {
        "en": "row too short: the column of structures is missing",
        "zh": "行过短：缺少结构列",
    },
    "row_quote": {
        "en": "row not readable: quotes or separators are broken",
        "zh": "行无法读取：引号或分隔符有误",
    },
    "damaged": {
        "en": "file damaged: it cannot be unpacked from here on, and ends with this row",
        "zh": "文件损坏：自此处起无法解压，读取止于此行",
    },
    "bomb": {
        "en": "file too large: it unpacks to more than {most} bytes, and reading ended with this row",
        "zh": "文件过大：解压后超过 {most} 字节，读取止于此行",
    },
    "unclosed": {
        "en": "record not closed: the file ends without $$$$, and the last record is cut short",
        "zh": "记录未结束：文件末尾缺少 $$$$，最后一条记录不完整",
    },
}

# How a column was found
HOW: dict[str, str] = {
    "its name says": "列名",
    "its cells are structures": "列中内容为结构",
    "stated": "用户指定",
}
