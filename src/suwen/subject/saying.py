"""A name or sentence in both languages, for what is worded before it is known who reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Saying:
    """One name or sentence in English and simplified Chinese."""

    en: str
    zh: str

    def said(self, lang: str) -> str:
        """In `lang`, "en" or "zh"; English for any other."""
        return self.zh if lang == "zh" else self.en
