"""Bytes of a note to its text: UTF-8, UTF-16, GB18030 or Big5, told apart by how likely the characters are."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import numpy as np

from suwen.errors import FormatError
from suwen.language.normal import simplified
from suwen.subject import Saying

__all__ = ["MAX_NOTE_BYTES", "decode_note"]

MAX_NOTE_BYTES = 20 * 2**20

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_GUESSED = ("gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
_WINDOW = 4096  # characters; each window must be likely, or two encodings are mixed in one file
_LEAST = 0.25
# The most frequent characters of Chinese prose and of clinical notes, and their punctuation: right text has above
# half of its characters here, text read in a wrong encoding below a tenth.
_FREQUENT = (
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还"
    "发成事只作当想看文无开手用主行方又如前所本见经头面公同三已老从动两长知样现分将外但身些与高意进把法此实回二理美点月明其种声全工己"
    "话者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五"
    "太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及"
    "今岁男患病痛热咳嗽痰胸腹腰肢背颈压血糖尿便呕吐恶晕疼肿胀乏减退降升异炎症诊断查治疗药检院科既往史过敏家族父母兄弟姐妹否认阴阳肝肾"
    "肺脾胃肠脑骨肌皮肤疹红伴未急慢双左右侧轻度显明音律齐率次分月周天前余余反复持续加稳精神食欲睡眠体温脉搏呼吸主诉现入院心率杂音触叩"
    "诊闻及湿罗浮水肿瘤癌染功能障碍发育迟缓智癫痫抽搐惊厥麻木视听力语言步态,.:;()。、“”《》0123456789%"
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_REFUSAL = Saying(
    "not a note in UTF-8, UTF-16, GB18030 or Big5; save it as plain text in UTF-8",
    "不是 UTF-8、UTF-16、GB18030 或 Big5 编码的文书；请存为 UTF-8 纯文本",
)


def decode_note(data: bytes) -> str:
    """Decode the bytes of one note. A byte order mark decides; then valid UTF-8; then what reads most like Chinese.

    Time is linear in the length, which is limited.

    Raises:
        FormatError: more than 20 MiB, control characters (as in office documents and images), no encoding fits, or
            the file mixes several.

    """
    if len(data) > MAX_NOTE_BYTES:
        raise FormatError(
            f"the note has more than {MAX_NOTE_BYTES // 2**20} MiB; split it into single notes",
            zh=f"文书超过 {MAX_NOTE_BYTES // 2**20} MiB；请拆分为单份",
        )
    data = data.removesuffix(b"\x1a")  # the end mark of DOS
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text_or_refusal(_attempt(data, encoding))
    text = _attempt(data, "utf-8")
    if text is not None and not _by_accident(text, data):
        return text
    return _text_or_refusal(_likeliest(data))


def _text_or_refusal(text: str | None) -> str:
    if text is None:
        raise FormatError(_REFUSAL.en, zh=_REFUSAL.zh)
    return text


def _attempt(data: bytes, encoding: str) -> str | None:
    """The text, or None where the bytes do not fit or make control characters."""
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _likeliest(data: bytes) -> str | None:
    texts = [text for encoding in _GUESSED if (text := _attempt(data, encoding)) is not None and _assigned(text)]
    scored = [(_likelihood(text), -rank, text) for rank, text in enumerate(texts)]
    best = max(scored, default=(0.0, 0, ""))
    return best[2] if best[0] >= _LEAST else None


def _assigned(text: str) -> bool:
    """GB18030 and UTF-16 have a meaning for most bytes; unassigned and private characters betray another encoding."""
    return not any(unicodedata.category(char) in {"Cn", "Co", "Cs"} for char in set(text))


@cache
def _common() -> np.ndarray:
    """A flag for each code point: whether it is frequent, in simplified or traditional characters."""
    flags = np.zeros(0x110000, bool)
    frequent = set(_FREQUENT)
    traditional = (char for char, simple in simplified().items() if simple in frequent)
    flags[[ord(char) for char in (*frequent, *traditional)]] = True
    flags[0xFF01:0xFF5F] = flags[0x3000:0x3012] = True  # full-width forms and the blanks and marks of Chinese
    return flags


def _likelihood(text: str) -> float:
    """The share of frequent characters among those of East Asia; 0 where one window of the text is unlikely."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    asian = codes >= 0x3000
    if not asian.any():
        return float(np.mean(codes < 0x80)) if len(codes) else 0.0
    starts = np.arange(0, len(codes), _WINDOW)
    known = np.add.reduceat(_common()[codes] & asian, starts, dtype=int)
    counted = np.add.reduceat(asian, starts, dtype=int)
    if (known < _LEAST / 2 * counted)[counted >= 16].any():
        return 0.0
    return float(known.sum() / counted.sum())


def _by_accident(text: str, data: bytes) -> bool:
    """Whether bytes of GB18030 happen to be valid UTF-8: letters of Europe and the Near East, yet likely Chinese."""
    if text.isascii() or max(text) > "\u07ff":
        return False
    chinese = _attempt(data, "gb18030")
    return chinese is not None and not chinese.isascii() and _likelihood(chinese) >= 2 * _LEAST
