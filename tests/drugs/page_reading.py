"""Reads a page as a browser would, for the tests of pages: balanced tags, ids, links, and nothing that is loaded."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

CHINESE = re.compile(r"[\u4e00-\u9fff]")
VOID = {"meta", "br", "link", "img", "input"}
LOADING = {"img", "iframe", "object", "embed", "link", "base", "form", "audio", "video", "source"}
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
"""A name that would run, were it not escaped."""


class Reader(HTMLParser):
    """Refuses tags out of balance, attributes that run, and what would be loaded; keeps ids, links and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert tag not in LOADING, tag
        assert not any(name.startswith("on") for name in named), named
        assert "src" not in named, named
        if tag not in VOID:
            self.open.append(tag)
        if "id" in named:
            self.ids.append(named["id"] or "")
        self.links += [named[name] or "" for name in ("href", "xlink:href") if name in named]
        assert not re.search(r"url\((?!#)", named.get("style") or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)


def read(page: str) -> Reader:
    """The page read whole; every link leads to a place on it, and no id is there twice."""
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert all(link.startswith("#") for link in reader.links), reader.links
    assert {link[1:] for link in reader.links} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))
    assert not re.search(r"@import|https?://(?!www\.w3\.org/)", page)
    assert "alert(" not in "".join(reader.scripts)
    return reader


def words(page: str) -> str:
    """What a reader sees: tags, style and script away, one space between words."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))
