"""What medicine knows, compiled: the phenotype ontology, disease annotations and their names."""

from suwen.knowledge.diseases import Diseases
from suwen.knowledge.index import cache_folder
from suwen.knowledge.knowledge import Change, Knowledge, Sources, build_knowledge, find_sources, load_knowledge
from suwen.knowledge.ontology import Ontology
from suwen.knowledge.profiles import Profiles

__all__ = [
    "Change",
    "Diseases",
    "Knowledge",
    "Ontology",
    "Profiles",
    "Sources",
    "build_knowledge",
    "cache_folder",
    "find_sources",
    "load_knowledge",
]
