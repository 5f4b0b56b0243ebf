"""How a forecast stands to the limits of its endpoint: on which side, how surely, and whether that is a concern."""

from __future__ import annotations

from suwen.drugs.admet.nouns import Forecast, Level

__all__ = ["concern", "is_sure", "limit_of_concern"]


def limit_of_concern(forecast: Forecast) -> Level | None:
    """The most serious limit of an endpoint whose value should be low (the highest) or high (the lowest)."""
    endpoint = forecast.endpoint
    if endpoint.wanted == "neither" or not endpoint.levels:
        return None
    ordered = sorted(endpoint.levels, key=lambda level: level.at)
    return ordered[-1 if endpoint.wanted == "low" else 0]


def concern(forecast: Forecast) -> Level | None:
    """The most serious limit, where the value lies on its unwanted side: at or above it, or below it."""
    level = limit_of_concern(forecast)
    if level is None or (forecast.value >= level.at) != (forecast.endpoint.wanted == "low"):
        return None
    return level


def is_sure(forecast: Forecast, level: Level) -> bool:
    """Whether the whole interval (of a chance: every answer not excluded) lies on the value's side of the level."""
    if forecast.endpoint.kind == "chance":
        return forecast.classes == (forecast.value >= level.at,)
    ends = [end for end in (forecast.low, forecast.high) if end is not None]
    return len(ends) == 2 and all((end >= level.at) == (forecast.value >= level.at) for end in ends)
