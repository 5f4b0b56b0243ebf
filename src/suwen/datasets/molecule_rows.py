"""Data sets of drugs, trials and the platform."""

from __future__ import annotations

from suwen.datasets.nouns import Dataset

__all__ = ["MOLECULE"]

_GITHUB = "https://github.com/"
_APACHE = "https://www.apache.org/licenses/LICENSE-2.0"
_MIT = "https://opensource.org/license/mit"
_BSD3 = "https://opensource.org/license/bsd-3-clause"
_CC_BY = "https://creativecommons.org/licenses/by/4.0/"

MOLECULE: tuple[Dataset, ...] = (
    # drugs
    Dataset(
        name="zinc250k",
        what="ZINC250k molecules",
        where="drugs/zinc250k.smi.xz",
        version="250k",
        licence="MIT",
        licence_url=_MIT,
        home=f"{_GITHUB}aspuru-guzik-group/chemical_vae",
        weights=True,
    ),
    Dataset(
        name="moses",
        what="MOSES train, test and scaffold test",
        where="drugs/moses",
        version="1.0",
        licence="MIT",
        licence_url=_MIT,
        home=f"{_GITHUB}molecularsets/moses",
        weights=True,
    ),
    Dataset(
        name="oracles",
        what="PMO oracles as plain arrays: gsk3b, jnk3, drd2",
        where="drugs/oracles",
        version="PMO",
        licence="MIT",
        licence_url=_MIT,
        home=f"{_GITHUB}wenhao-gao/mol_opt",
        weights="benchmark only",
    ),
    Dataset(
        name="admet",
        what="27 ADMET tables of the Therapeutics Data Commons",
        where="drugs/admet",
        version="TDC",
        licence="per table, mostly CC BY 4.0",
        licence_url="https://tdcommons.ai/single_pred_tasks/adme/",
        home="https://tdcommons.ai",
        weights=True,
    ),
    Dataset(
        name="activity-cliffs",
        what="MoleculeACE targets with fixed splits and cliff flags",
        where="drugs/activity_cliffs",
        version="MoleculeACE",
        licence="MIT",
        licence_url=_MIT,
        home=f"{_GITHUB}molML/MoleculeACE",
        weights="benchmark only",
    ),
    Dataset(
        name="similarity-screening",
        what="DUD, MUV and ChEMBL actives and decoys (Riniker and Landrum)",
        where="drugs/similarity_screening",
        version="2013",
        licence="BSD-3-Clause",
        licence_url=_BSD3,
        home=f"{_GITHUB}rdkit/benchmarking_platform",
        weights="benchmark only",
    ),
    Dataset(
        name="interactome",
        what="human interactome, disease genes, drug targets and indications (Guney 2016, Menche 2015)",
        where="drugs/interactome",
        version="2016",
        licence="none stated",
        licence_url=f"{_GITHUB}emreg00/proximity",
        home=f"{_GITHUB}emreg00/proximity",
        weights="evaluate only",
        accept=True,
    ),
    Dataset(
        name="genetic-support",
        what="target-indication pairs with trial phase and genetic support (Minikel 2024)",
        where="drugs/genetic_support",
        version="2024",
        licence="CC BY 4.0",
        licence_url=_CC_BY,
        home=f"{_GITHUB}ericminikel/genetic_support",
        weights=True,
    ),
    Dataset(
        name="omics",
        what="airway smooth muscle RNA-seq counts and sample table (GSE52778)",
        where="drugs/omics",
        version="GSE52778",
        licence="public",
        licence_url="https://www.ncbi.nlm.nih.gov/geo/info/disclaimer.html",
        home="https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc=GSE52778",
        weights="demonstration only",
    ),
    Dataset(
        name="docking",
        what="five receptors with boxes and lead actives, published per-target Vina results",
        where="drugs/docking",
        version="DOCKSTRING",
        licence="Apache-2.0",
        licence_url=_APACHE,
        home=f"{_GITHUB}dockstring/dockstring",
        weights=True,
    ),
    # trials
    Dataset(
        name="hint",
        what="HINT: outcomes and eligibility text of phase I and III trials",
        where="trials/hint",
        version="2022",
        licence="none stated",
        licence_url=f"{_GITHUB}futianfan/clinical-trial-outcome-prediction",
        home=f"{_GITHUB}futianfan/clinical-trial-outcome-prediction",
        weights="evaluate only",
        accept=True,
    ),
    Dataset(
        name="trial-matching",
        what="patients with graded trial judgements (SIGIR, TREC 2021)",
        where="trials/matching",
        version="2021",
        licence="public domain",
        licence_url="https://www.trec-cds.org/2021.html",
        home=f"{_GITHUB}ncbi-nlp/TrialGPT",
        weights=True,
    ),
    # platform
    Dataset(
        name="synthea",
        what="FHIR R4 bundles of synthetic patients",
        where="platform/synthea_r4",
        version="2019",
        licence="Apache-2.0",
        licence_url=_APACHE,
        home="https://synthea.mitre.org/downloads",
        weights=True,
    ),
    Dataset(
        name="wycheproof",
        what="cryptographic test vectors",
        where="platform/wycheproof",
        version="testvectors_v1",
        licence="Apache-2.0",
        licence_url=_APACHE,
        home=f"{_GITHUB}C2SP/wycheproof",
        weights="tests only",
    ),
    Dataset(
        name="merkle",
        what="RFC 6962 inclusion and consistency proofs",
        where="platform/merkle",
        version="main",
        licence="Apache-2.0",
        licence_url=_APACHE,
        home=f"{_GITHUB}transparency-dev/merkle",
        weights="tests only",
    ),
)
