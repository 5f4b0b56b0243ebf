"""Constraints on training that make a model simpler or truer to knowledge, and what each costs in accuracy."""

from suwen.learn.constraints.concepts import Answer, ConceptBottleneck, ConceptPenalty, intervention_curve
from suwen.learn.constraints.directions import CARDIOVASCULAR, Direction, directions_of
from suwen.learn.constraints.drawing import draw
from suwen.learn.constraints.gates import GatePenalty, HardConcreteGates
from suwen.learn.constraints.monotone import Certificate, MonotonePenalty, Violations, check_monotone
from suwen.learn.constraints.monotone_nets import MonotoneNet, MonotoneResidual
from suwen.learn.constraints.pruning import pruned
from suwen.learn.constraints.reasons import (
    AttentionInside,
    RightReasons,
    attention,
    attention_outside,
    gradient_outside,
)
from suwen.learn.constraints.sparsity import L1, GroupLasso, Selection
from suwen.learn.constraints.tradeoff import Curve, Measured, Point, trade_off
from suwen.learn.constraints.tree import TreePenalty, average_path_length, imitating_tree

__all__ = [
    "CARDIOVASCULAR",
    "L1",
    "Answer",
    "AttentionInside",
    "Certificate",
    "ConceptBottleneck",
    "ConceptPenalty",
    "Curve",
    "Direction",
    "GatePenalty",
    "GroupLasso",
    "HardConcreteGates",
    "Measured",
    "MonotoneNet",
    "MonotonePenalty",
    "MonotoneResidual",
    "Point",
    "RightReasons",
    "Selection",
    "TreePenalty",
    "Violations",
    "attention",
    "attention_outside",
    "average_path_length",
    "check_monotone",
    "directions_of",
    "draw",
    "gradient_outside",
    "imitating_tree",
    "intervention_curve",
    "pruned",
    "trade_off",
]
