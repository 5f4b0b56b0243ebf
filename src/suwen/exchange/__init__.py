"""The outside: images sent, found, fetched and received over DICOM and DICOMweb."""

from __future__ import annotations

from suwen.exchange.dimse import echo
from suwen.exchange.find import find
from suwen.exchange.move import get, move
from suwen.exchange.nouns import (
    Fate,
    Fetched,
    Level,
    Match,
    Outcome,
    Peer,
    Query,
    Reason,
    Rules,
    Sent,
    Stored,
    Tls,
    parse_peer,
)
from suwen.exchange.receive import Receiver, receive
from suwen.exchange.send import send
from suwen.exchange.web import Web, fetch_web, find_web, store_web

__all__ = [
    "Fate",
    "Fetched",
    "Level",
    "Match",
    "Outcome",
    "Peer",
    "Query",
    "Reason",
    "Receiver",
    "Rules",
    "Sent",
    "Stored",
    "Tls",
    "Web",
    "echo",
    "fetch_web",
    "find",
    "find_web",
    "get",
    "move",
    "parse_peer",
    "receive",
    "send",
    "store_web",
]
