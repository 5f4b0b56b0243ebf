"""The 27 learned endpoints by key, in the order they are shown: the tables of TDC that the models learn from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from suwen.drugs.admet.endpoints_absorption import ABSORPTION, DISTRIBUTION
from suwen.drugs.admet.endpoints_metabolism import EXCRETION, METABOLISM
from suwen.drugs.admet.endpoints_toxicity import TOXICITY
from suwen.drugs.admet.nouns import Endpoint
from suwen.subject import Saying

__all__ = ["ENDPOINTS", "GROUPS"]

GROUPS: Mapping[str, Saying] = MappingProxyType(
    {
        "absorption": Saying("absorption", "吸收"),
        "distribution": Saying("distribution", "分布"),
        "metabolism": Saying("metabolism", "代谢"),
        "excretion": Saying("excretion", "排泄"),
        "toxicity": Saying("toxicity", "毒性"),
    }
)
"""The groups in order, with their names."""

ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {one.key: one for one in (*ABSORPTION, *DISTRIBUTION, *METABOLISM, *EXCRETION, *TOXICITY)}
)
"""Every endpoint by the name of its table (Huang K et al. Therapeutics Data Commons, 2021), group by group."""
