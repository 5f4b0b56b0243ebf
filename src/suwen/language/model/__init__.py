"""Language models, off unless somebody asks: they propose mentions and summaries, and rules keep what is grounded."""

from suwen.language.model.budget import Budget
from suwen.language.model.client import OpenAIServer
from suwen.language.model.grounding import Grounder, ground
from suwen.language.model.local import LocalWeights
from suwen.language.model.nouns import (
    Answer,
    Dropped,
    Failure,
    Grounded,
    Message,
    Outcome,
    Prompted,
    Proposal,
    Summary,
    TextModel,
)
from suwen.language.model.propose import propose
from suwen.language.model.summary import summarise

__all__ = [
    "Answer",
    "Budget",
    "Dropped",
    "Failure",
    "Grounded",
    "Grounder",
    "LocalWeights",
    "Message",
    "OpenAIServer",
    "Outcome",
    "Prompted",
    "Proposal",
    "Summary",
    "TextModel",
    "ground",
    "propose",
    "summarise",
]
