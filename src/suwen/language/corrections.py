"""What a reader put right in the mentions of a text: rejected, another code, another status; kept as labelled data.

Format 1, one JSON object a line: {"format": 1, "text_sha256", "start", "end", "words", "was": {"code", "status"},
"now": {"code", "label", "status"} or null for a rejected mention, "by", "at" (ISO 8601)}. A correction counts only for
the very text it was made in, told by its digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from suwen.errors import FormatError, InputError
from suwen.language.nouns import Mention, Status
from suwen.subject import Code

__all__ = ["Correction", "apply_corrections", "correct", "read_correction", "text_digest", "write_correction"]


@dataclass(frozen=True, slots=True)
class Correction:
    """One mention of one text, as it was read and as it is: `code` and `status` None where it is none at all."""

    text_digest: str
    start: int
    end: int
    words: str
    was: tuple[str, Status]
    code: Code | None
    status: Status | None
    by: str = ""
    at: str = ""

    @property
    def rejected(self) -> bool:
        """Whether the words name nothing of the patient's."""
        return self.code is None


def text_digest(text: str) -> str:
    """SHA-256 (hex) of a text in UTF-8, by which corrections find it again."""
    return hashlib.sha256(text.encode()).hexdigest()


def correct(
    text: str,
    mention: Mention,
    *,
    code: Code | None = None,
    status: Status | None = None,
    reject: bool = False,
    by: str = "",
    at: str = "",
) -> Correction:
    """Put a mention right: another code, another status, or reject it. Raises InputError where nothing is changed."""
    if reject == bool(code or status):
        raise InputError(
            "a correction rejects a mention, or gives another code or status", zh="更正须否定标注，或给出其他编码或状态"
        )
    return Correction(
        text_digest(text),
        mention.start,
        mention.end,
        mention.text,
        (mention.code.value, mention.status),
        None if reject else code or mention.code,
        None if reject else status or mention.status,
        by,
        at,
    )


def apply_corrections(text: str, mentions: Sequence[Mention], corrections: Iterable[Correction]) -> tuple[Mention, ...]:
    """The mentions with what a reader said of them in this text; the latest correction of a mention counts."""
    digest = text_digest(text)
    said = {(one.start, one.end, one.was[0]): one for one in corrections if one.text_digest == digest}
    found = []
    for mention in mentions:
        correction = said.get((mention.start, mention.end, mention.code.value))
        if correction is None:
            found.append(mention)
        elif correction.code is not None and correction.status is not None:
            rule = f"{mention.rule}; corrected" + (f" by {correction.by}" if correction.by else "")
            found.append(replace(mention, code=correction.code, status=correction.status, rule=rule, question=""))
    return tuple(found)


def write_correction(correction: Correction) -> str:
    """One line of JSON, format 1."""
    now = None
    if correction.code is not None and correction.status is not None:
        now = {"code": correction.code.value, "label": correction.code.label, "status": correction.status.value}
    said = {
        "format": 1,
        "text_sha256": correction.text_digest,
        "start": correction.start,
        "end": correction.end,
        "words": correction.words,
        "was": {"code": correction.was[0], "status": correction.was[1].value},
        "now": now,
        "by": correction.by,
        "at": correction.at,
    }
    return json.dumps(said, ensure_ascii=False)


def read_correction(line: str) -> Correction:
    """Read what `write_correction` wrote. Raises FormatError."""
    try:
        said = json.loads(line)
        if said["format"] == 1:
            now = said["now"]
            return Correction(
                said["text_sha256"],
                int(said["start"]),
                int(said["end"]),
                said["words"],
                (said["was"]["code"], Status(said["was"]["status"])),
                Code(now["code"], now["label"]) if now else None,
                Status(now["status"]) if now else None,
                said["by"],
                said["at"],
            )
    except (KeyError, TypeError, ValueError):
        raise FormatError(
            "a line of corrections cannot be read; each is what suwen read wrote",
            zh="有一行更正无法读取；每行须为 suwen read 所写",
        ) from None
    raise FormatError("the corrections are of a newer Suwen; install it", zh="该更正由更新版本的 Suwen 写入；请升级")
