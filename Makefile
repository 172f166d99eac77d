# Every verb does the set-up it needs. Verbs that pass arguments on take ARGS="...".
MAKEFLAGS += --no-print-directory
PYTHON_SOURCES := $(wildcard bots levtoken scripts tests tools)
RUN := .venv/bin/python -m
PORT ?= 8545

.DEFAULT_GOAL := help
.PHONY: help setup chain demo compile test deep mutants vectors gas lint audit format lock licences
.PHONY: clean constants bench

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install or check everything, inside this folder
	@PYTHON="$(PYTHON)" tools/setup.sh

chain: setup ## Start a local chain that stays: http://127.0.0.1:8545, or PORT=N; chain id 31337
	@.tools/bin/anvil --host 127.0.0.1 --port $(PORT) --chain-id 31337 --hardfork prague $(ARGS) || \
		{ echo "chain: anvil ended; if port $(PORT) is taken, stop what listens there," \
		"or take another: make chain PORT=8546" >&2; exit 1; }

demo: setup ## Deploy three tokens on a fresh chain and replay a price path
	@.venv/bin/ape run demo --network ethereum:local:foundry $(ARGS)

compile: setup ## Compile every contract anew
	@.venv/bin/ape compile --force $(ARGS)

test: setup ## Run the tests, for example make test ARGS="-k redeem"
	@$(RUN) pytest $(ARGS)

vectors: setup ## Replay vector files on the market, for example make vectors FILES="a.json b.json"
	@$(RUN) tests.vectors.replay $(FILES) $(ARGS)

deep: setup ## Walk token (300,000 random steps) and market (200,000), or ARGS="--seed 7 --steps 9000"
	@$(RUN) tests.property.deep $(ARGS)
	@$(RUN) tests.property.market.deep $(ARGS)

gas: setup ## Measure gas and code size into a snapshot; ARGS=--check compares with it
	@$(RUN) tests.gas $(ARGS)

constants: setup ## Check the constants of docs/policies.md on the contracts (some ten minutes)
	@$(RUN) levtoken.simulation.constants $(ARGS)

bench: setup ## Measure how many bars a second a replay does, in process and through RPC
	@$(RUN) tests.bench $(ARGS)

mutants: setup ## Break the contracts one line at a time; the tests must notice (some hours)
	@$(RUN) tests.mutants $(ARGS)

lint: setup ## Check style and types of Python and Solidity
	@$(RUN) ruff check $(PYTHON_SOURCES)
	@$(RUN) ruff format --check $(PYTHON_SOURCES)
	@$(RUN) mypy
	@.tools/foundry/forge fmt --check
	@.tools/foundry/forge lint --deny notes

audit: setup ## Analyse the contracts with slither; docs/audit.md explains what it finds
	@$(RUN) tools.audit $(ARGS)

format: setup ## Format Python and Solidity
	@$(RUN) ruff check --fix $(PYTHON_SOURCES)
	@$(RUN) ruff format $(PYTHON_SOURCES)
	@.tools/foundry/forge fmt

lock: setup ## Write the lock files anew; ARGS=--upgrade moves what no pin holds
	@tools/lock.sh $(ARGS)

licences: setup ## Write docs/licences.md from what is installed
	@$(RUN) tools.licences

clean: ## Remove everything that set-up and builds made
	rm -rf .venv node_modules .tools .ape .build contracts/.cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
