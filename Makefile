# Set-up happens once, by whichever command comes first; `make` alone prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

DATA ?=
MAPPING ?=
AGREEMENT ?=
AS_OF ?=
export SQL ?=
export PERSON ?=
export KEY ?=
MODEL ?=
VALUES ?=
LOOK ?=
PORT ?= 3000
PEOPLE ?=
DAYS ?=
HISTORIES ?=
SEEDS ?=
FROM ?=
UNTIL ?=

# Only what was given on the command line overrides the environment.
GIVEN := $(if $(DATA),UNIFIED_FUNNEL_DATA='$(DATA)') \
	$(if $(MAPPING),UNIFIED_FUNNEL_MAPPING='$(MAPPING)') \
	$(if $(AGREEMENT),UNIFIED_FUNNEL_AGREEMENT='$(AGREEMENT)') \
	$(if $(AS_OF),UNIFIED_FUNNEL_AS_OF='$(AS_OF)')

export DAGSTER_DISABLE_TELEMETRY := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12
	@echo
	@echo 'DATA=<folder of exports>  MAPPING=<file>  AGREEMENT=<file>  AS_OF=<day>  go with run, ui, query, report, export, erase and agreement;'
	@echo 'DATA and MAPPING also with timeline, trace, diff and what-if.'

.PHONY: run
run: $(READY) ## run the pipeline; on the sample company, or on DATA=<folder of exports>
	@$(GIVEN) $(BIN)/python -m orchestration.run

.PHONY: backfill
backfill: $(READY) ## FROM=<day> UNTIL=<day> a run that reads connected systems over these days once more
	@[ -n '$(FROM)' ] && [ -n '$(UNTIL)' ] || { echo 'Give both days: make backfill FROM=2026-03-01 UNTIL=2026-03-31' >&2; exit 2; }
	@$(GIVEN) $(BIN)/python -m orchestration.run --read-from '$(FROM)' --read-until '$(UNTIL)'

.PHONY: query
query: $(READY) ## SQL="select …" over the tables published last
	@$(GIVEN) $(BIN)/python -m orchestration.query "$$SQL"

.PHONY: report
report: $(READY) ## a site for both teams, of the tables published last; RUN=<publication> of another one
	@$(GIVEN) $(BIN)/python -m orchestration.report $(if $(RUN),--run '$(RUN)')

.PHONY: export
export: $(READY) ## what changed of the rejected leads, as files for the automation system
	@$(GIVEN) $(BIN)/python -m orchestration.rejected_leads

.PHONY: timeline
timeline: $(READY) ## PERSON=<key or e-mail> one person's story, and what they lack for the next stage
	@$(GIVEN) $(BIN)/python -m orchestration.timeline "$$PERSON"

.PHONY: trace
trace: $(READY) ## KEY=<key> the delivered rows behind a person, account or opportunity; VALUES=yes
	@$(GIVEN) $(BIN)/python -m orchestration.trace "$$KEY" $(if $(VALUES),--values)

.PHONY: diff
diff: $(READY) ## the marts as the project makes them now, beside those published; MODEL=<model>
	@$(GIVEN) $(BIN)/python -m orchestration.diff $(MODEL)

.PHONY: what-if
what-if: $(READY) ## AGREEMENT=<file> all history under an agreement that nobody signed yet
	@$(if $(DATA),UNIFIED_FUNNEL_DATA='$(DATA)') $(if $(MAPPING),UNIFIED_FUNNEL_MAPPING='$(MAPPING)') \
		$(BIN)/python -m orchestration.what_if $(or $(AGREEMENT),$(UNIFIED_FUNNEL_AGREEMENT),agreement.yml)

.PHONY: propose-profile
propose-profile: $(READY) ## the buyer profile that the data support, as an agreement to try with what-if
	@$(GIVEN) $(BIN)/python -m orchestration.profile_proposal

# By standard input: a command line is seen by everybody on the machine.
.PHONY: erase
erase: $(READY) ## PERSON=<key or e-mail> erase a person; without PERSON it asks. LOOK=1 only tells
	@if [ -n "$$PERSON" ]; then \
		printf '%s\n' "$$PERSON" | $(GIVEN) $(BIN)/python -m orchestration.erase $(if $(LOOK),--look); \
	else $(GIVEN) $(BIN)/python -m orchestration.erase $(if $(LOOK),--look); fi

.PHONY: agreement
agreement: $(READY) ## check the agreement and write the document that both teams sign
	@$(BIN)/python -m ingestion.agreement $(or $(AGREEMENT),$(UNIFIED_FUNNEL_AGREEMENT),agreement.yml)

.PHONY: ui
ui: $(READY) ## Dagster's pages on 127.0.0.1, PORT=3000
	@$(GIVEN) $(BIN)/python -m orchestration.ui --port $(PORT)

.PHONY: test
test: $(READY) browser ## the tests; with REAL_DATA=<folder> also those on real exports, with LONG=1 the long ones
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST)

.PHONY: browser
browser: ## whether Chromium is there, which the tests of the report look with; as root on Debian it is installed
	@sh .browser.sh

.PHONY: company
company: $(READY) ## COMPANY=<folder> simulate a company and write its exports and its truth
	@$(BIN)/python -m ingestion.sandbox $(COMPANY) $(if $(PEOPLE),--people $(PEOPLE)) \
		$(if $(SEED),--seed $(SEED)) $(if $(MESS),--mess $(MESS)) $(if $(SET_UP),--set-up $(SET_UP)) \
		$(if $(DAILY_FROM),--daily-from $(DAILY_FROM))

.PHONY: portrait
portrait: $(READY) ## draw the simulated company anew, for docs/simulated_company.md
	@$(BIN)/python -m tests.portrait

.PHONY: check-sources
check-sources: $(READY) ## whether each connected source can be read, all that the mapping needs is there, what is left
	@$(GIVEN) $(BIN)/python -m orchestration.check_sources

.PHONY: sandbox
sandbox: $(READY) ## serve stand-ins of Salesforce and Marketo; PEOPLE=2000, SANDBOX="--fault cut=0.1"
	@$(BIN)/python -m ingestion.sandbox.apis $(if $(PEOPLE),--people $(PEOPLE)) $(SANDBOX)

.PHONY: truth
truth: $(READY) ## how much of what simulated companies really did is found; PEOPLE=2000
	@$(BIN)/python -m tests.truth $(if $(PEOPLE),--people $(PEOPLE)) $(TRUTH)

.PHONY: profiles
profiles: $(READY) ## whether the traits that really make good customers are found; SEEDS=20, PEOPLE=8000
	@$(BIN)/python -m tests.truth.profiles $(if $(PEOPLE),--people $(PEOPLE)) $(if $(SEEDS),--seeds $(SEEDS))

.PHONY: increments
increments: $(READY) ## whether daily increments, with erasures, equal a full refresh; PEOPLE=500 DAYS=30
	@$(BIN)/python -m tests.truth.increments $(if $(PEOPLE),--people $(PEOPLE)) $(if $(DAYS),--days $(DAYS))

.PHONY: oracle
oracle: $(READY) ## compare the engine with an independent one; HISTORIES=20000, SEED=1, LOADS=3; PEOPLE=20000: companies
	@$(BIN)/python -m tests.oracle $(if $(HISTORIES),--histories $(HISTORIES)) $(if $(SEED),--seed $(SEED)) \
		$(if $(LOADS),--loads $(LOADS)) $(if $(PEOPLE),--people $(PEOPLE)) $(if $(MESS),--mess $(MESS)) \
		$(if $(SET_UP),--set-up $(SET_UP))

.PHONY: lint
lint: $(READY) ## formats, types, imports, SQL, dbt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd dbt_project && ../$(BIN)/dbt --warn-error parse --quiet --target-path ../workspace/lint
	UNIFIED_FUNNEL_DEV_WAREHOUSE=:memory: $(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests

# One page of 6 MB. The types are those of the tables that a run built.
.PHONY: docs
docs: $(READY) ## every table and column on one page for a browser; call it after `make run`
	@[ -f workspace/sample_company/warehouse.duckdb ] || { echo 'Nothing is built yet: call make run first' >&2; exit 2; }
	@cd dbt_project && ../$(BIN)/dbt docs generate --static --quiet --target pipeline \
		--target-path ../workspace/docs --log-path ../workspace/docs
	@echo "$(CURDIR)/workspace/docs/static_index.html"

.PHONY: bench
bench: $(READY) ## what each phase takes; PEOPLE=100000 (of 18 signals each; BENCH=--lean: of 11), RUNS=3
	@$(BIN)/python -m tests.bench $(if $(PEOPLE),--people $(PEOPLE)) $(if $(RUNS),--runs $(RUNS)) $(BENCH)

.PHONY: bench-report
bench-report: $(READY) ## what the report of many people takes, of the workspace's publication multiplied; PEOPLE=1000000, RUNS=3
	@$(BIN)/python -m tests.bench.report $(if $(PEOPLE),--people $(PEOPLE)) $(if $(RUNS),--runs $(RUNS))

.PHONY: bench-ingest
bench-ingest: $(READY) ## Salesforce and Marketo from their APIs to the landing, beside dlt and read_csv; ROWS=1000000, RUNS=3
	@$(BIN)/python -m tests.bench.ingest $(if $(ROWS),--rows $(ROWS)) $(if $(RUNS),--runs $(RUNS)) $(BENCH)

.PHONY: setup
setup: $(READY) ## install what the lock names into .venv

$(READY): requirements.lock pyproject.toml
	@sh .setup.sh $(VENV)

.PHONY: clean
clean: ## remove .venv and every workspace: landings, warehouses and publications too
	rm -rf $(VENV) workspace dbt_project/target dbt_project/logs
