"""The policy text: the packaged files, and the check that any text must pass before it decides anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

import cedarpy

from suwen.errors import InputError, Problem

__all__ = ["Rules", "checked", "packaged_policies", "packaged_schema"]

# Named one by one: with a pattern, a file lost in packaging (`never.cedar`!) would only make the rules laxer.
_FILES = ("clinical.cedar", "research.cedar", "responsible.cedar", "devices.cedar", "never.cedar")
_FOLDER = "policies"


@dataclass(frozen=True, slots=True)
class Rules:
    """A checked policy set: Cedar's handle, each policy's @id by Cedar's own number, and each @why by @id."""

    handle: cedarpy.PolicySet
    names: Mapping[str, str]
    whys: Mapping[str, str]


def packaged_policies() -> str:
    """The policies that come with Suwen, in Cedar, with comments for those who answer for them."""
    folder = files(__package__) / _FOLDER
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in _FILES)


def packaged_schema() -> str:
    """The roles, acts, purposes and attributes that policies may speak of, as a Cedar schema."""
    return (files(__package__) / _FOLDER / "suwen.cedarschema").read_text(encoding="utf-8")


def checked(policies: str, schema: cedarpy.Schema) -> Rules:
    """Parse and validate `policies` against `schema`.

    Raises InputError with every problem: text that does not parse (its first mistake only), words the schema does
    not know, policies without an @id of their own, templates (which decide nothing), or no policy at all.
    """
    try:
        handle = cedarpy.PolicySet.from_str(policies)
        nodes = handle.to_pst()
        found = cedarpy.validate_policies(policies, schema).errors
    except ValueError as error:
        raise InputError("the access policies cannot be read", [Problem("policies", str(error))]) from error
    names = {number: one.annotations.get("id", "") for number, one in nodes.static_policies.items()}
    problems = [*_misnamed(names), *(Problem(one, "is a template, which decides nothing") for one in nodes.templates)]
    problems += [Problem(names.get(one.policy_id) or one.policy_id, one.error) for one in found]
    if problems:
        raise InputError("the access policies cannot be used", problems)
    whys = {names[number]: one.annotations.get("why", "") for number, one in nodes.static_policies.items()}
    return Rules(handle, names, whys)


def _misnamed(names: dict[str, str]) -> Iterator[Problem]:
    if not names:
        # An empty file would lock out the whole house at the bedside; better that it fails when it is loaded.
        yield Problem("policies", "hold no policy", "give at least one permit")
    for name, count in Counter(names.values()).items():
        if not name:
            yield Problem("policies", f"{count} without an id", 'write @id("...") before each: the audit log cites it')
        elif count > 1:
            yield Problem(name, f"is the id of {count} policies", "give each its own: the audit log cites it")
