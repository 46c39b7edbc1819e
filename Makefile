# Needs Python >= 3.11, make and the package index. Another Python: make PYTHON=/path/to/python3 ...
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

BIN := .venv/bin
ARGS ?=
CHAOS_MINUTES ?= 10
TEST_PROCESSES ?= 3
CHECKED := src tests $(wildcard bench examples)

# A virtual environment that was moved, or whose Python is gone, is made anew.
ifneq ($(shell [ -x $(BIN)/python ] && cat .venv/.stamp 2>/dev/null),$(CURDIR))
.PHONY: .venv/.stamp
endif

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

.PHONY: setup
setup: .venv/.stamp ## Make .venv: the locked packages and rota itself, editable

.venv/.stamp: pyproject.toml requirements/dev.lock requirements/tools.lock scripts/setup.sh
	@./scripts/setup.sh

# Exit code 8 says that it ended with a task that is not done: the audit has one that never can be.
.PHONY: run
run: .venv/.stamp examples/stdlib_audit/tasks.jsonl ## Do the main job on real input (more: make run ARGS=--again)
	@$(BIN)/python -m rota run examples/stdlib_audit/fleet.toml examples/stdlib_audit/tasks.jsonl $(ARGS) || [ $$? -eq 8 ]

# Made anew with the environment too, since another Python has another standard library.
examples/stdlib_audit/tasks.jsonl: examples/stdlib_audit/make_tasks.py examples/stdlib_audit/library.py .venv/.stamp
	@$(BIN)/python $< > $@

.PHONY: test
test: lint types imports unit ## Everything that must pass: lint, types, import rules, all tests

.PHONY: lint
lint: .venv/.stamp ## Style and format
	@echo '== lint' && $(BIN)/ruff check $(CHECKED)
	@echo '== format' && $(BIN)/ruff format --check $(CHECKED)

.PHONY: format
format: .venv/.stamp ## Mend style and format
	@$(BIN)/ruff check --fix $(CHECKED)
	@$(BIN)/ruff format $(CHECKED)

.PHONY: types
types: .venv/.stamp ## Types, strictly
	@echo '== types' && $(BIN)/mypy src tests bench
	@cd examples/stdlib_audit && ../../$(BIN)/mypy --config-file ../../pyproject.toml --no-explicit-package-bases --no-namespace-packages .

.PHONY: imports
imports: .venv/.stamp ## Who may import whom
	@echo '== imports' && $(BIN)/lint-imports --no-logo

.PHONY: unit
unit: .venv/.stamp ## All tests (some of them: make unit ARGS='tests/unit -k lease')
	@echo '== tests' && $(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --session-timeout 840 $(ARGS)

.PHONY: chaos
chaos: .venv/.stamp ## Kill everything, for long (make chaos CHAOS_MINUTES=60)
	@$(BIN)/python -m pytest tests/chaos -q --timeout 0 --chaos-minutes $(CHAOS_MINUTES) $(ARGS)

.PHONY: chaos-mcp
chaos-mcp: .venv/.stamp ## 50 agents behind `rota mcp`, a third of them and owners killed
	@$(BIN)/python -m pytest tests/chaos/test_mcp.py -q --timeout 0 --chaos-minutes $(CHAOS_MINUTES) $(ARGS)

.PHONY: chaos-http
chaos-http: .venv/.stamp ## Three `rota serve` on one PostgreSQL, killed under load, for long
	@$(BIN)/python -m pytest tests/chaos/test_http.py -q --timeout 0 --chaos-minutes $(CHAOS_MINUTES) $(ARGS)

.PHONY: fuzz-http
fuzz-http: .venv/.stamp ## Whatever the OpenAPI document says can be asked, and more, for long
	@$(BIN)/python -m pytest tests/http/test_fuzz.py -q -s --timeout 0 --chaos-minutes $(CHAOS_MINUTES) $(ARGS)

.PHONY: walk
walk: ## README.md as a newcomer walks it: a fresh clone in an empty folder, its commands as they stand
	@$(or $(PYTHON),python3) scripts/walk.py

.PHONY: bench
bench: .venv/.stamp-bench ## Speed and memory, beside others (some of it: make bench ARGS=--help)
	@$(BIN)/python -m bench $(ARGS)

.PHONY: theory
theory: .venv/.stamp ## The engine and the reference simulator against analytic results, 200,000 tasks each
	@$(BIN)/python -m rota.simulator.proof $(ARGS)
	@$(BIN)/python -m bench.reference

.PHONY: scoreboard
scoreboard: .venv/.stamp ## The goals of scheduling, met or not, beside simpler policies (make scoreboard ARGS=--quick)
	@$(BIN)/python -m bench.scoreboard $(ARGS)

.venv/.stamp-bench: .venv/.stamp requirements/bench.lock
	@./scripts/setup.sh bench

.PHONY: lock
lock: ## Write the locks anew from pyproject.toml (newest versions: make lock ARGS=--upgrade)
	@./scripts/setup.sh lock $(ARGS)

.PHONY: clean
clean: ## Remove everything that make made; databases stay
	@rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
