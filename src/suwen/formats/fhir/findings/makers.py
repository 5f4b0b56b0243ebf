"""Who made and who reviewed findings, as FHIR: a model is a Device, a person a Practitioner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from suwen.finding import Maker
from suwen.formats.document import Place
from suwen.formats.fhir.findings.addresses import Identifiers
from suwen.formats.fhir.findings.claims import Claim, ReviewSaid
from suwen.formats.fhir.nouns import Json

__all__ = ["Agent", "agents_of", "agents_to", "fhir_id", "maker_agent", "maker_of", "person_of", "reviewer_agent"]

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_MODEL = "model"  # says which of a device's versions is ours, should others add theirs


@dataclass(frozen=True, slots=True)
class Agent:
    """One who made or reviewed findings: `account` is a person's id in Suwen, "" where it is not known."""

    maker: Maker
    person: bool
    account: str = ""

    @property
    def reference(self) -> str:
        """The same for the same agent, in whatever report."""
        kind = "Practitioner" if self.person else "Device"
        named = "\x1f".join((self.maker.name, self.maker.version, self.maker.data_digest, self.account))
        return f"{kind}/{sha256(named.encode()).hexdigest()[:32]}"


def fhir_id(text: str) -> str:
    """A logical id: the text itself where it is one, else made from it."""
    return text if _ID.fullmatch(text) else sha256(text.encode()).hexdigest()[:40]


def maker_agent(claim: Claim) -> Agent:
    """Who made a claim: a person where no area did and neither version nor data are named."""
    maker = claim.finding.maker
    return Agent(maker, not (claim.area or maker.version or maker.data_digest))


def reviewer_agent(said: Maker | ReviewSaid) -> Agent:
    """Who reviewed: a person, unless a version or data are named."""
    if isinstance(said, ReviewSaid):
        return Agent(Maker(said.by_name), person=True, account=said.by_id)
    return Agent(said, not (said.version or said.data_digest))


def agents_of(claims: Iterable[Claim]) -> tuple[tuple[Agent, ...], tuple[Agent, ...]]:
    """Everybody who made one of the claims, and everybody who reviewed one; each once, in the order they appear."""
    makers: dict[Agent, None] = {}
    reviewers: dict[Agent, None] = {}
    for claim in claims:
        makers.setdefault(maker_agent(claim))
        reviews: list[Maker | ReviewSaid] = [*claim.reviews]
        if claim.finding.reviewed_by is not None:
            reviews.append(claim.finding.reviewed_by)
        for said in reviews:
            reviewers.setdefault(reviewer_agent(said))
    return tuple(makers), tuple(reviewers)


def agents_to(agents: Iterable[Agent], texts: Mapping[Agent, Json]) -> list[Json]:
    """One resource for each agent; `texts` holds their narratives."""
    return [_resource(agent, texts[agent]) for agent in dict.fromkeys(agents)]


def _resource(agent: Agent, text: Json) -> Json:
    kind, _, id_ = agent.reference.partition("/")
    made: Json = {"resourceType": kind, "id": id_, "text": text}
    return made | (_person(agent) if agent.person else _model(agent.maker))


def _person(agent: Agent) -> Json:
    made: Json = {}
    if agent.account:
        made["identifier"] = [{"system": Identifiers.ACCOUNT.value, "value": agent.account}]
    if agent.maker.name:
        made["name"] = [{"text": agent.maker.name}]
    return made


def _model(maker: Maker) -> Json:
    made: Json = {}
    if maker.data_digest:
        made["identifier"] = [{"system": Identifiers.DATA_DIGEST.value, "value": maker.data_digest}]
    if maker.name:
        made["deviceName"] = [{"name": maker.name, "type": "model-name"}]
    made["type"] = {"text": "clinical decision support software"}
    if maker.version:
        made["version"] = [{"type": {"text": _MODEL}, "value": maker.version}]
    return made


def maker_of(place: Place) -> Maker:
    """Read the maker that a Device or Practitioner is."""
    if place.get("resourceType") != "Device":
        return Maker(person_of(place)[0])
    names = [one.text("name") for one in place.entries("deviceName") if one.get("type") == "model-name"]
    versions = [one.text("value") for one in place.entries("version") if _kind(one) == _MODEL]
    return Maker(_first(names), _first(versions), _identifier(place, Identifiers.DATA_DIGEST))


def person_of(place: Place) -> tuple[str, str]:
    """Name and account of the person that a Practitioner is."""
    return _first([one.text("text") for one in place.entries("name")]), _identifier(place, Identifiers.ACCOUNT)


def _kind(version: Place) -> str:
    kind = version.inner("type")
    return kind.text("text") if kind is not None else ""


def _identifier(place: Place, system: Identifiers) -> str:
    return _first([one.text("value") for one in place.entries("identifier") if one.get("system") == system.value])


def _first(texts: list[str]) -> str:
    return next((one for one in texts if one), "")
