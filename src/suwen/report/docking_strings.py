"""The words of the page about docking, in English and simplified Chinese."""

from __future__ import annotations

from typing import Literal

from suwen.report.molecule_strings import MOLECULE_STRINGS
from suwen.report.molecule_strings import say as said
from suwen.report.strings import Language

__all__ = ["DOCKING_STRINGS", "say"]

DOCKING_STRINGS: dict[str, dict[Literal["en", "zh"], str]] = {
    "dock_title": {"en": "Docking", "zh": "分子对接"},
    "dock_caution": {
        "en": "Decision support for researchers. Scores are computed; they are not a measured value.",
        "zh": "供研究人员参考的决策支持。评分为计算所得，并非实测值。",
    },
    "dock_lead": {
        "en": "{docked} molecules docked, {refused} refused. A Vina score orders poses and, less surely, molecules in "
        "one receptor: larger molecules score better by their size alone, and as an estimate of binding its standard "
        "error is 2.85 kcal/mol (Trott and Olson 2010).",
        "zh": "对接 {docked} 个分子，{refused} 个未能对接。Vina 评分用于同一受体中位姿的排序，对分子排序则较不可靠："
        "分子越大评分往往越好；作为结合能估计，标准误差约 2.85 kcal/mol（Trott 与 Olson 2010）。",
    },
    "dock_setup": {"en": "How it was docked", "zh": "对接设置"},
    "dock_receptor": {"en": "Receptor", "zh": "受体"},
    "dock_atoms": {"en": "Atoms and residues", "zh": "原子与残基"},
    "dock_digest": {"en": "Digest of the prepared receptor", "zh": "受体文件摘要"},
    "dock_centre": {"en": "Centre of the box (Å)", "zh": "盒子中心（Å）"},
    "dock_size": {"en": "Edges of the box (Å)", "zh": "盒子边长（Å）"},
    "dock_exhaustiveness": {"en": "Exhaustiveness", "zh": "搜索强度"},
    "dock_seed": {"en": "Seed", "zh": "随机种子"},
    "dock_noticed": {"en": "Noticed of the receptor", "zh": "受体注意事项"},
    "dock_redocked": {"en": "Known pose docked again", "zh": "已知位姿的重新对接"},
    "dock_redocked_lead": {
        "en": "Root mean square deviation of heavy atoms from the known pose. Up to 2 Å for the best-scored pose is "
        "the usual mark that docking works for this receptor and box.",
        "zh": "重原子相对已知位姿的均方根偏差。最优评分位姿不超过 2 Å，通常表示对接对该受体与盒子有效。",
    },
    "dock_redocked_good": {"en": "found again ({rmsd} Å)", "zh": "已重现（{rmsd} Å）"},
    "dock_redocked_near": {
        "en": "found (pose {rank}, {nearest} Å), but not scored best ({rmsd} Å)",
        "zh": "已找到（位姿 {rank}，{nearest} Å），但评分非最优（{rmsd} Å）",
    },
    "dock_redocked_bad": {
        "en": "not found again (nearest {nearest} Å): do not trust these scores",
        "zh": "未能重现（最近 {nearest} Å）：不宜采信这些评分",
    },
    "dock_pose": {"en": "Pose", "zh": "位姿"},
    "dock_rmsd": {"en": "RMSD (Å)", "zh": "RMSD（Å）"},
    "dock_ligands": {"en": "Ligands", "zh": "配体"},
    "dock_ligands_lead": {
        "en": "Best first; click the head of a column to sort by it.",
        "zh": "按评分排序；点击列标题可按该列排序。",
    },
    "dock_unfit": {
        "en": "Of {count} the best score is not below 0: they do not fit here, or the box is too small or at a wrong "
        "place. Such scores are no hits.",
        "zh": "{count} 个分子的最优评分不低于 0：与此处不匹配，或盒子过小、位置不当，不能视为命中。",
    },
    "dock_shown": {"en": "The first {shown} of {count} are shown.", "zh": "仅显示前 {shown} 个，共 {count} 个。"},
    "dock_score": {"en": "Score (kcal/mol)", "zh": "评分（kcal/mol）"},
    "dock_efficiency": {"en": "Efficiency (kcal/mol per heavy atom)", "zh": "配体效率（kcal/mol/重原子）"},
    "dock_heavy": {"en": "Heavy atoms", "zh": "重原子"},
    "dock_torsions": {"en": "Bonds turned", "zh": "可旋转键"},
    "dock_charge": {"en": "Charge", "zh": "电荷"},
    "dock_forms": {"en": "Forms", "zh": "立体形式"},
    "dock_remarks": {"en": "Assumed", "zh": "假定"},
    "dock_best": {"en": "Best poses", "zh": "最优位姿"},
    "dock_best_lead": {
        "en": "Contacts are found by geometry alone, without energies.",
        "zh": "接触仅由几何条件判定，不含能量。",
    },
    "dock_form": {"en": "Docked form", "zh": "对接形式"},
    "dock_scores": {"en": "Poses (kcal/mol)", "zh": "各位姿（kcal/mol）"},
    "dock_contacts": {"en": "Contacts", "zh": "接触"},
    "dock_no_contacts": {"en": "no contact was found", "zh": "未发现接触"},
    "dock_residue": {"en": "Residue", "zh": "残基"},
    "dock_kind": {"en": "Kind", "zh": "类型"},
    "dock_between": {"en": "Atoms (ligand – receptor)", "zh": "原子（配体–受体）"},
    "dock_distance": {"en": "Distance (Å)", "zh": "距离（Å）"},
    "dock_angle": {"en": "Angle (°)", "zh": "角度（°）"},
    "dock_gives": {"en": "ligand gives the hydrogen", "zh": "配体为氢供体"},
    "dock_takes": {"en": "ligand takes the hydrogen", "zh": "配体为氢受体"},
    "dock_matrix": {"en": "Which residues are touched", "zh": "接触的残基"},
    "dock_matrix_lead": {
        "en": "A row for each residue, a column for each of the best ligands; the residues most touched are first.",
        "zh": "每行为一个残基，每列为一个最优配体；接触最多的残基在前。",
    },
    "dock_key": {"en": "Key and thresholds", "zh": "图例与阈值"},
    "dock_refused": {"en": "Not docked, without a score", "zh": "未能对接（无评分）"},
    "dock_sources_lead": {
        "en": "Everything on this page is computed; nothing was measured. Score: AutoDock Vina.",
        "zh": "本页全部为计算结果，均非实测。评分：AutoDock Vina。",
    },
}


def say(key: str, lang: Language, **fields: object) -> str:
    """A phrase of this page, of the pages about molecules, or of the report at large; InputError as there."""
    if key in MOLECULE_STRINGS or key not in DOCKING_STRINGS or lang not in DOCKING_STRINGS[key]:
        return said(key, lang, **fields)
    return DOCKING_STRINGS[key][lang].format(**fields)
