"""The QR code of an authenticator's key, drawn here: sent to a service elsewhere it would be no secret any more."""

from __future__ import annotations

import importlib
from typing import Any

from markupsafe import Markup, escape

__all__ = ["drawn"]


def drawn(address: str, title: str) -> Markup:
    """An otpauth:// address as SVG of a page, "" where segno is not installed; the key can be typed then."""
    try:
        segno: Any = importlib.import_module("segno")
    except ImportError:
        return Markup("")
    code = segno.make(address, error="m", micro=False)
    across = code.symbol_size(border=4)[0]
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix_iter(border=4)) for x, dark in enumerate(row) if dark
    )
    return Markup(
        '<svg class="code" role="img" viewBox="0 0 {size} {size}" width="232" height="232">'
        '<title>{title}</title><rect width="{size}" height="{size}" fill="#fff"/><path fill="#000" d="{path}"/></svg>'
    ).format(size=across, title=escape(title), path=path)
