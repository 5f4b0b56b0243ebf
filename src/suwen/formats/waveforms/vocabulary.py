"""Words of annotations that are known and therefore kept: beats, rhythms and waves; all other words may name somebody.

Codes of ISO/IEEE 11073-10102 (annotated ECG) and of the MIT format, and plain names of beats and rhythms.
"""

from __future__ import annotations

from functools import cache

from suwen.formats.waveforms.nouns import MarkKind

__all__ = ["known_text"]

_BEAT = {
    "N": ("n", "normal", "normal beat", "sinus beat", "mdc_ecg_beat", "mdc_ecg_beat_normal", "r", "r peak", "beat"),
    "V": ("v", "pvc", "ves", "ventricular", "premature ventricular contraction", "mdc_ecg_beat_v_p_c", "室性早搏"),
    "A": ("a", "pac", "sves", "apc", "premature atrial contraction", "mdc_ecg_beat_atr_p_c", "房性早搏"),
    "S": ("s", "supraventricular", "mdc_ecg_beat_sv_p_c", "室上性早搏"),
    "L": ("l", "lbbb", "left bundle branch block", "mdc_ecg_beat_lt_bundle_branch_block"),
    "F": ("f", "fusion", "fusion beat", "mdc_ecg_beat_vent_fusion"),
    "/": ("/", "paced", "paced beat", "mdc_ecg_beat_paced"),
    "Q": ("q", "unclassified", "unknown beat", "mdc_ecg_beat_unknown"),
    "E": ("e", "ventricular escape", "mdc_ecg_beat_v_esc"),
    "j": ("j", "junctional escape", "mdc_ecg_beat_junc_esc"),
}
_RHYTHM = {
    "N": ("(n", "sinus", "sinus rhythm", "normal sinus rhythm", "mdc_ecg_rhy_sinus_rhythm", "窦性心律"),
    "AFIB": ("(afib", "afib", "af", "atrial fibrillation", "mdc_ecg_rhy_atr_fib", "心房颤动", "房颤"),
    "AFL": ("(afl", "afl", "atrial flutter", "mdc_ecg_rhy_atr_flut", "心房扑动", "房扑"),
    "SBR": ("(sbr", "sinus bradycardia", "mdc_ecg_rhy_sinus_brady", "窦性心动过缓"),
    "ST": ("(st", "sinus tachycardia", "mdc_ecg_rhy_sinus_tachy", "窦性心动过速"),
    "SVTA": ("(svta", "svt", "supraventricular tachycardia", "mdc_ecg_rhy_sv_tachy"),
    "VT": ("(vt", "vt", "ventricular tachycardia", "mdc_ecg_rhy_v_tachy", "室性心动过速"),
    "VF": ("(vf", "vf", "ventricular fibrillation", "mdc_ecg_rhy_v_fib"),
    "AB": ("(ab", "atrial bigeminy"),
    "B": ("(b", "ventricular bigeminy"),
    "T": ("(t", "ventricular trigeminy"),
    "P": ("(p", "paced rhythm", "mdc_ecg_rhy_paced"),
    "NOD": ("(nod", "junctional rhythm", "nodal rhythm"),
    "PREX": ("(prex", "pre-excitation"),
    "BII": ("(bii", "second degree av block"),
}
_WAVE = {
    "P": ("p", "p wave", "p-wave", "mdc_ecg_wavc_pwave", "mdc_ecg_wavc_p"),
    "QRS": ("qrs", "qrs complex", "mdc_ecg_wavc_qrswave", "mdc_ecg_wavc_qrs", "mdc_ecg_wavc_qrscomplex"),
    "T": ("t", "t wave", "t-wave", "mdc_ecg_wavc_twave", "mdc_ecg_wavc_t"),
    "U": ("u", "u wave", "mdc_ecg_wavc_uwave"),
    "Q": ("q wave", "mdc_ecg_wavc_qwave"),
    "R": ("r wave", "mdc_ecg_wavc_rwave"),
    "S": ("s wave", "mdc_ecg_wavc_swave"),
    "delta": ("delta wave", "mdc_ecg_wavc_deltawave"),
    "P onset": ("p onset", "p_onset", "onset of p wave", "start of p wave"),
    "P offset": ("p offset", "p_offset", "end of p wave"),
    "QRS onset": ("qrs onset", "qrs_onset", "onset of qrs complex"),
    "QRS offset": ("qrs offset", "qrs_offset", "end of qrs complex"),
    "T offset": ("t offset", "t_offset", "end of t wave"),
    "QRS fiducial": ("fiducial point", "qrs fiducial"),
    "pacing": ("pacing", "pacing spike", "pacemaker spike", "mdc_ecg_wavc_pacer"),
}
_QUALITY = {"~": ("noise", "artifact", "artefact", "lead off", "lead-off", "electrode off", "伪差", "导联脱落")}


@cache
def _table() -> dict[str, tuple[MarkKind, str]]:
    kinds = ((MarkKind.WAVE, _WAVE), (MarkKind.QUALITY, _QUALITY), (MarkKind.RHYTHM, _RHYTHM), (MarkKind.BEAT, _BEAT))
    made = {}
    for kind, words in kinds:
        for text, spelled in words.items():
            made.update(dict.fromkeys(spelled, (kind, text)))
    return made


def known_text(text: str) -> tuple[MarkKind, str]:
    """What a word of an annotation means; (NOTE, "") where it is none of the table."""
    return _table().get(" ".join(text.split()).lower(), (MarkKind.NOTE, ""))
