"""The words of every remark of the readers of waveforms, in English and simplified Chinese."""

from __future__ import annotations

__all__ = ["NOTICES"]

NOTICES: dict[str, dict[str, str]] = {
    # Samples
    "missing": {
        "en": "missing: {count} samples ({percent} %) are not there",
        "zh": "缺失：缺少 {count} 个采样点（{percent} %）",
    },
    "flat": {
        "en": "flat: the lead never changes",
        "zh": "平直：该导联全程无变化",
        "en_remedy": "look at electrode and cable",
        "zh_remedy": "请检查电极与导线",
    },
    "saturated": {
        "en": "saturated: {count} samples lie at the end of the range, {value} mV",
        "zh": "饱和：{count} 个采样点位于量程极限（{value} mV）",
        "en_remedy": "amplitudes there are not to be trusted",
        "zh_remedy": "该处幅值不可信",
    },
    "amplitude": {
        "en": "amplitude: a span of {value} mV is not one of an electrocardiogram",
        "zh": "幅值异常：幅度 {value} mV 不像心电图",
        "en_remedy": "check unit and gain",
        "zh_remedy": "请核对单位与增益",
    },
    # Units and names
    "unit_guessed": {
        "en": "unit assumed: the file states none, and a span of {value} is plausible in {unit}",
        "zh": "单位为推定：文件未注明单位，幅度 {value} 以 {unit} 计较为合理",
        "en_remedy": "state the unit if it is another",
        "zh_remedy": "如非此单位请注明",
    },
    "not_calibrated": {
        "en": "not calibrated: the header states no gain; 200 steps a mV were taken, as the format demands",
        "zh": "未定标：文件头未注明增益；按格式规定取每 mV 200 级",
        "en_remedy": "do not trust amplitudes",
        "zh_remedy": "幅值不可信",
    },
    "names_assumed": {
        "en": "names assumed: the file names no leads; taken as {names}",
        "zh": "导联名为推定：文件未注明导联名；按 {names} 处理",
        "en_remedy": "state the leads if they are others",
        "zh_remedy": "如非此导联请注明",
    },
    "same_name": {
        "en": "same name: more than one channel is named {name}; the later ones are numbered",
        "zh": "重名：多个通道名为 {name}；后者已编号",
    },
    "not_ecg": {
        "en": "left out: the channel is no electrocardiogram in a known unit of voltage",
        "zh": "已略去：该通道不是以已知电压单位记录的心电图",
    },
    "rate_from_times": {
        "en": "rate from times: {value} Hz, as the column of times says",
        "zh": "采样率取自时间列：{value} Hz",
    },
    # Pieces
    "gap": {
        "en": "gaps: the recording was interrupted {count} times; missing samples stand there",
        "zh": "间断：记录中断 {count} 次；间断处以缺失值表示",
    },
    "cut": {
        "en": "cut off: {found} of {count} samples are there",
        "zh": "截断：应有 {count} 个采样点，实有 {found} 个",
        "en_remedy": "fetch the file again",
        "zh_remedy": "请重新获取文件",
    },
    "length_unknown": {
        "en": "length not stated: taken from the size of the file",
        "zh": "未注明长度：按文件大小推算",
    },
    "other_part": {
        "en": "other part: {count} samples at {rate} Hz stand beside it and are not in this recording",
        "zh": "其他部分：另有 {count} 个采样点（{rate} Hz）未包含在本记录内",
    },
    "derived": {
        "en": "derived: an averaged or representative beat, not the recording itself",
        "zh": "派生数据：为平均或代表性心搏，并非原始记录",
    },
    "skew": {
        "en": "skew: channels were shifted against each other by up to {count} samples, as the header says",
        "zh": "通道偏移：按文件头说明，各通道相对移位最多 {count} 个采样点",
    },
    # Trust
    "checksum": {
        "en": "checksum: the samples do not add up to the number of the header",
        "zh": "校验和不符：采样点之和与文件头不一致",
        "en_remedy": "the file may be damaged; fetch it again",
        "zh_remedy": "文件可能已损坏；请重新获取",
    },
    "no_checksum": {
        "en": "no checksum: the file states none for this lead",
        "zh": "无校验和：文件未为该导联提供校验和",
    },
    "marks_damaged": {
        "en": "annotations damaged: the file of annotations ends early or is not readable",
        "zh": "注释损坏：注释文件提前结束或无法读取",
    },
    "marks_outside": {
        "en": "annotations outside: {count} lie before or after the samples and were left out",
        "zh": "注释越界：{count} 条注释位于采样范围之外，已略去",
    },
    "free_text": {
        "en": "free text left out: {count} annotations carry words that may name the patient",
        "zh": "已略去自由文本：{count} 条注释含有可能指明患者的文字",
    },
}
