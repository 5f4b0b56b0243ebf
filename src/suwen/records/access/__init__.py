"""Access: who may do what to whom for which purpose, decided by readable policies."""

from suwen.records.access.control import Control
from suwen.records.access.nouns import Act, Decision, Principal, Purpose, Request, Resource, ResourceKind, Role
from suwen.records.access.text import packaged_policies

__all__ = [
    "Act",
    "Control",
    "Decision",
    "Principal",
    "Purpose",
    "Request",
    "Resource",
    "ResourceKind",
    "Role",
    "packaged_policies",
]
