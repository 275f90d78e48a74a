# Everything runs in .venv with the locked dependencies. `make run` and `make test` are all that a newcomer needs.
SHELL := /bin/bash
PORT ?= 8000
ARGS ?=
PY := .venv/bin/python
DEV := deploy/requirements-dev.lock
STAMP := .venv/.installed
SPARK := .venv/.installed-spark
CATALOGUES := $(wildcard marketplace/locale/*/LC_MESSAGES/*.po)
COMPILED := $(CATALOGUES:.po=.mo)
LOCK = $(PY) -m uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header

.PHONY: setup run test fuzz histories everybody bench peers services engine lint lint-code lint-format lint-templates lint-imports lint-types lock messages

setup: $(STAMP) $(COMPILED)

$(STAMP): $(DEV)
	@bash deploy/venv.sh .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Half a gigabyte that only the tests of the distributed engine need, and only where there is a Java.
$(SPARK): deploy/requirements-spark.lock | $(STAMP)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

%.mo: %.po | $(STAMP)
	$(PY) -c 'import polib, sys; polib.pofile(sys.argv[1]).save_as_mofile(sys.argv[2])' $< $@

run: setup  ## the site on http://127.0.0.1:$(PORT)/
	@exec $(PY) manage.py up --port $(PORT)

test: setup $(if $(shell command -v java),$(SPARK))  ## on SQLite; on PostgreSQL and Redis where DATABASE_URL and REDIS_URL say so
	$(PY) -m pytest -n auto $(ARGS)

bench: setup  ## ratios against a peer and a bound: SCALE=small|medium|full, ONLY=search|lists|pages|gate|identifiers|attacks|suggest|sweep; on PostgreSQL where DATABASE_URL says so
	@if [ -n "$$DATABASE_URL" ]; then bash deploy/services.sh >/dev/null 2>&1; fi
	@$(PY) -m tests.bench --scale $(or $(SCALE),small) --only "$(ONLY)"

peers:  ## what the bench measures the engine against, in an environment of its own
	@bash deploy/venv.sh .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/peers-pycanon.lock

fuzz: setup  ## more than 10,000 requests to the API, each answer as described; some fifteen minutes
	API_EXAMPLES=60 API_STEPS=1000 $(PY) -m pytest -s -k "described" tests/api/test_schema.py $(ARGS)

histories: setup  ## random histories of three months against the plain model, each swept in three ways; a minute or two each
	SWEEP_EXAMPLES=$(or $(EXAMPLES),50) $(PY) -m pytest -s -k histories tests/supervision/test_time_travel.py $(ARGS)

everybody: setup  ## every person for every verb in every state, through the API as well, and at every address, where `make test` asks by turns
	MATRIX=all URL_ROLES=all $(PY) -m pytest -n auto tests/workflow/test_matrix.py tests/api/test_matrix.py tests/urls/test_roles.py $(ARGS)

engine:  ## the de-identification engine as one wheel in dist/, for a seller's own network; the same bytes each time
	@$(or $(wildcard $(PY)),python3) deploy/engine_wheel.py

services:  ## install and start PostgreSQL and Redis; prints the two lines to export
	@bash deploy/services.sh

lint: lint-code lint-format lint-templates lint-imports lint-types

lint-code: setup
	$(PY) -m ruff check .

lint-format: setup
	$(PY) -m ruff format --check .

lint-templates: setup
	$(PY) -m djlint --lint --quiet templates

lint-imports: setup
	.venv/bin/lint-imports --no-logo --no-cache

lint-types: setup
	$(PY) -m mypy

lock: setup  ## after a change of dependencies in pyproject.toml; ARGS=--upgrade takes newer versions
	@$(PY) -m uv --version >/dev/null 2>&1 || $(PY) -m pip install --quiet uv
	$(LOCK) $(ARGS) --extra dev pyproject.toml -o $(DEV)
	$(LOCK) $(ARGS) -c $(DEV) pyproject.toml -o deploy/requirements.lock
	$(LOCK) $(ARGS) -c $(DEV) --extra spark pyproject.toml -o deploy/requirements-spark.lock

messages: setup  ## collect the texts to translate; needs Debian's gettext
	$(PY) manage.py makemessages --locale zh_Hans --no-obsolete --no-wrap --add-location file --ignore .venv --ignore var --ignore tests
