"""What readers of electrocardiograms call what a sign says: labels that count as the same, and how common they are.

Labels are SNOMED CT codes of the PhysioNet/Computing in Cardiology Challenge 2021 (Reyna et al.); codes that the
challenge scores as one count as one here. Of its 88,253 public recordings so many bear each label (its tables
dx_mapping_scored and dx_mapping_unscored); recordings with two labels of one sign are counted twice, which is rare.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

__all__ = ["LABELLED", "LABELS", "RECORDINGS", "SHARE_SOURCE", "labelled"]

RECORDINGS = 88_253
SHARE_SOURCE = "PhysioNet/CinC Challenge 2021"
LABELS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sinus": frozenset({"426783006"}),
        "sinus_bradycardia": frozenset({"426177001"}),
        "sinus_tachycardia": frozenset({"427084000"}),
        "sinus_arrhythmia": frozenset({"427393009"}),
        "af": frozenset({"164889003", "195080001"}),
        "flutter": frozenset({"164890007", "195080001"}),
        "svt": frozenset({"426761007", "67198005"}),
        "pacing": frozenset({"10370003", "251266004", "251268003"}),
        "pvc": frozenset({"427172004", "17338001", "164884008"}),
        "pac": frozenset({"284470004", "63593006"}),
        "bigeminy": frozenset({"11157007"}),
        "couplet": frozenset({"251182009"}),
        "vt": frozenset({"164895002", "425856008"}),
        "first_degree": frozenset({"270492004", "164947007"}),
        "short_pr": frozenset({"49578007"}),
        "wenckebach": frozenset({"54016002"}),
        "mobitz_ii": frozenset({"426183003"}),
        "complete_block": frozenset({"27885002"}),
        "rbbb": frozenset({"713427006", "59118001"}),
        "incomplete_rbbb": frozenset({"713426002"}),
        "lbbb": frozenset({"733534002", "164909002"}),
        "left_anterior": frozenset({"445118002"}),
        "left_posterior": frozenset({"445211001"}),
        "wide_qrs": frozenset({"698252002"}),
        "preexcitation": frozenset({"74390002", "195060002"}),
        "st_elevation": frozenset({"164931005"}),
        "st_depression": frozenset({"429622005"}),
        "q_waves": frozenset({"164917005"}),
        "poor_r": frozenset({"365413008"}),
        "lvh": frozenset({"164873001", "55827005"}),
        "rvh": frozenset({"89792004"}),
        "left_atrial": frozenset({"253352002", "67741000119109", "446813000"}),
        "right_atrial": frozenset({"253339007", "446358003", "67751000119106"}),
        "left_axis": frozenset({"39732003"}),
        "right_axis": frozenset({"47665007"}),
        "low_voltage": frozenset({"251146004"}),
        "long_qt": frozenset({"111975006"}),
        "short_qt": frozenset({"77867006"}),
        "t_inversion": frozenset({"59931005"}),
        "t_flat": frozenset({"164934002"}),
        "t_tall": frozenset({"251259000"}),
        "early_repolarisation": frozenset({"428417006"}),
        "reversed_leads": frozenset({"251139008"}),
    }
)
LABELLED: Mapping[str, int] = MappingProxyType(
    {
        "sinus": 28_971, "sinus_bradycardia": 18_918, "sinus_tachycardia": 2_454, "sinus_arrhythmia": 3_790,
        "af": 5_255 + 41, "flutter": 8_374 + 41, "svt": 787 + 27, "pacing": 1_481 + 46 + 52, "pvc": 1_279 + 659 + 1_944,
        "pac": 3_041 + 224, "bigeminy": 101, "couplet": 23, "vt": 12 + 124, "first_degree": 3_534 + 392, "short_pr": 28,
        "wenckebach": 34, "mobitz_ii": 7, "complete_block": 127, "rbbb": 1_779 + 3_051, "incomplete_rbbb": 1_857,
        "lbbb": 213 + 1_494, "left_anterior": 2_186, "left_posterior": 207, "wide_qrs": 1_768,
        "preexcitation": 160 + 20, "st_elevation": 628, "st_depression": 3_645, "q_waves": 2_076, "poor_r": 638,
        "lvh": 4_406 + 5_401, "rvh": 342, "left_atrial": 72 + 1_335 + 48, "right_atrial": 14 + 153 + 36,
        "left_axis": 7_631, "right_axis": 1_280, "low_voltage": 2_169, "long_qt": 1_904, "short_qt": 3,
        "t_inversion": 3_989, "t_flat": 11_716, "t_tall": 1, "early_repolarisation": 506, "reversed_leads": 12,
    }
)  # fmt: skip


def labelled(codes: Collection[str]) -> frozenset[str]:
    """The signs that these labels (SNOMED CT codes) speak of."""
    given = set(codes)
    return frozenset(key for key, same in LABELS.items() if same & given)
