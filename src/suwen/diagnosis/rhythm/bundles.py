"""Conduction within the ventricles: bundle-branch blocks, on the median beat."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from suwen.diagnosis.rhythm.nouns import Seen, Sign

__all__ = ["bundles"]


def bundles(seen: Seen) -> Iterator[Sign]:
    """Bundle-branch block by the criteria of AHA/ACCF/HRS 2009 (Surawicz et al.), on the median beat.

    Right: QRS from 120 ms, its last part upwards in V1 and downwards in I or V6. Left: from 120 ms (130 in women and
    140 in men by Strauss 2011), QRS downwards in V1 and upwards in its last part in I or V6.
    """
    qrs = seen.measured.qrs
    if qrs is None or qrs < 120:
        return
    source, key = "AHA/ACCF/HRS 2009: QRS from 120 ms", "wide_qrs"
    late = _late(seen)
    side = [late[name] for name in ("I", "V6") if name in late]
    if "V1" in late and side and seen.kinds.count("V") * 2 < len(seen.kinds):
        last, net = late["V1"]
        if last > 0.1 and min(one for one, _ in side) < -0.02:
            key = "rbbb"
        elif net < 0 and last <= 0.1 and max(one for one, _ in side) > 0.02:
            key = "lbbb"
    yield Sign(key, {"qrs": qrs}, (seen.whole,), source)


def _late(seen: Seen) -> dict[str, tuple[float, float]]:
    """Mean height in mV of the last third of QRS, and net area, by lead."""
    before = np.nanmedian(seen.found.beats - seen.found.qrs_on)  # QRS was measured, or nobody would ask
    after = np.nanmedian(seen.found.qrs_off - seen.found.beats)
    centre = seen.median.shape[1] // 2
    begin, end = max(0, int(centre - before)), int(centre + after)
    third = max(1, (end - begin) // 3)
    level = seen.median[:, max(0, begin - max(1, round(0.01 * seen.rate))) : begin + 1].mean(axis=1, keepdims=True)
    part = seen.median[:, begin:end] - level
    rows = zip(part[:, -third:].mean(axis=1), part.sum(axis=1), strict=True)
    return {name: (float(last), float(net)) for name, (last, net) in zip(seen.names, rows, strict=False)}
