# Everything the project does, each target working alone on a fresh machine: make help

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
# The first of these that is new enough builds the environment; name another with: make PYTHON=/path/to/python
PYTHON ?= $(shell for one in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	command -v $$one >/dev/null 2>&1 && $$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$one; break; }; done)
INSTALLED := $(VENV)/.installed
# A validator of FHIR that is not ours; tests that ask it skip with a reason where npm could not fetch it.
PEER := tests/peers/medplum/node_modules/.installed
KIT := tests/peers/fhir-kit/node_modules/.installed
LIGHT := tests/peers/lighthouse/node_modules/.installed
# The viewer OHIF as it is published, 50 MB: make ohif; without it the test that runs it skips.
OHIF := tests/peers/ohif/node_modules/@ohif/app/dist/index.html

# What runs in the browser, built from web/ where npm is; the pages work without it, but plainly.
WEB := src/suwen/server/assets/.vite/manifest.json

# What `make run` serves, and which tests `make test` runs: make test TESTS=tests/datasets
PORT ?= 8443
DEMO ?= serve --demo --folder demo --port $(PORT)
TESTS ?= tests
JOBS ?= 2
LEAVE ?= --ignore=tests/test_docs.py  # the documentation is run by make check
BENCHMARKS ?= rare-disease similar-cases records fhir phenotype-text chinese-text notes \
	pneumonia adrenal hippocampus chest chest-lesions lesion-measures image-reading risk-equations heart-disease qrs rhythm screen admet activity-cliffs workstation heat-maps surrogate constraints label-noise

.PHONY: run test check bench siege recipes docs web pages ohif clean help

help: ## Show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(INSTALLED) $(WEB) ## Set up what is missing, then serve the workstation with a made-up ward: https://localhost:8443
	$(BIN)/suwen $(DEMO)

test: $(INSTALLED) $(PEER) $(KIT) $(LIGHT) $(WEB) ## Run the tests, but for the documentation (make check)
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(TESTS) $(LEAVE)  # a file's tests stay together: what they share is made once

check: $(INSTALLED) ## Check style, types, floors and documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src $(wildcard recipes/*.py)  # named here: mypy refuses a folder that has no recipe yet
	$(BIN)/lint-imports
	$(BIN)/pytest tests/test_docs.py

bench: $(INSTALLED) ## Run every benchmark whose data are here, results into bench/results
	@mkdir -p bench/results
	@for name in $(BENCHMARKS); do echo "== $$name"; \
	  $(BIN)/suwen bench $$name --json bench/results/$$name.json || test $$? -eq 2; done  # 2: its data are not here

siege: $(INSTALLED) ## Kill stores 200 times and flip 1,000 bits of them, where make test does a few
	SUWEN_KILLS=200 SUWEN_FLIPS=1000 $(BIN)/pytest -s tests/records/test_kills.py tests/records/test_flips.py

recipes: $(INSTALLED) ## Rebuild every shipped weight from the data
	@shopt -s nullglob; for recipe in recipes/[!_]*.py; do echo "== $$recipe"; $(BIN)/python $$recipe; done

recipe-%: $(INSTALLED) ## Rebuild one shipped weight: make recipe-pneumonia, -adrenal, -hippocampus, -chest_anatomy, -chest_shadows, -clear_lungs, -chest, -qrs, -fibrillation, -ecg_signs, -heart_disease
	$(BIN)/python recipes/$*.py

docs: $(INSTALLED) ## Run the documentation: its code, its commands, its option lists
	$(BIN)/pytest tests/test_docs.py -v

pages: $(INSTALLED) $(LIGHT) $(WEB) ## Score the workstation's pages with Lighthouse, result into bench/results
	$(BIN)/python bench/lighthouse_peer.py bench/results/lighthouse.json

ohif: $(INSTALLED) $(OHIF) ## Fetch the viewer OHIF, which a test runs against the server

web: $(WEB) ## Build what runs in the browser (needs Node 20 and npm)

clean: ## Remove the environment and everything that can be made again
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis report.html report.pdf demo src/suwen/server/assets web/node_modules \
	  tests/peers/medplum/node_modules tests/peers/fhir-kit/node_modules tests/peers/ohif/node_modules tests/peers/lighthouse/node_modules
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# The environment is made once and again whenever what it is made from has changed.
$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Suwen needs Python 3.11 or newer, and $(or $(PYTHON),no Python on this machine) is not; install it, or: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make an environment (no ensurepip); on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# A failure is said and leaves nothing behind, so that the next run tries again.
$(PEER): tests/peers/medplum/package-lock.json
	@{ command -v npm >/dev/null 2>&1 && \
	  npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/peers/medplum && touch $@; } || \
	  echo "the FHIR peer could not be installed (npm); the tests that ask it skip" >&2

$(WEB): web/package-lock.json web/vite.config.js $(wildcard web/src/*) $(wildcard web/public/*)
	@{ command -v npm >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' && \
	  npm ci --silent --no-audit --no-fund --ignore-scripts --prefix web && npm run --silent --prefix web build -- --logLevel error && touch $@; } || \
	  echo "what runs in the browser was not built: it needs Node 20 or newer and npm; pages work without, but plainly" >&2

$(LIGHT): tests/peers/lighthouse/package-lock.json
	@{ command -v npm >/dev/null 2>&1 && \
	  npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/peers/lighthouse && touch $@; } || \
	  echo "Lighthouse could not be installed (npm); the test that asks it skips" >&2

$(OHIF): tests/peers/ohif/fetch.py
	@$(BIN)/python $< || echo "the viewer OHIF could not be fetched (npm); the test that runs it skips" >&2

$(KIT): tests/peers/fhir-kit/package-lock.json
	@{ command -v npm >/dev/null 2>&1 && \
	  npm ci --silent --no-audit --no-fund --ignore-scripts --prefix tests/peers/fhir-kit && touch $@; } || \
	  echo "the client of FHIR could not be installed (npm); the test that it runs skips" >&2
