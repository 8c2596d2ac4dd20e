# Longshore, for people who work on it. `make` alone lists the targets.
#
# Everything that is built or installed goes into one cache outside the checkout, so that a fresh clone starts warm.

export LONGSHORE_CACHE ?= $(HOME)/.cache/longshore
export CARGO_TARGET_DIR ?= $(LONGSHORE_CACHE)/target

# `make up AWS_ENDPOINT=http://127.0.0.1:PORT` uses what answers there instead of the simulator.
AWS_ENDPOINT ?=
up_arguments = $(if $(AWS_ENDPOINT),--aws-endpoint $(AWS_ENDPOINT))
demo = $(CARGO_TARGET_DIR)/debug/longshore-demo

version = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

.DEFAULT_GOAL := help
.PHONY: help build test faults bench planted fmt lint generate demo up down image

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build everything that the demo and the tests start
	@tests/setup
	cargo build --workspace

test: ## everything: format, lints, unit, property, simulator and end-to-end tests
	@tests/run

# `make faults ONLY=delete/crash-after` tries those whose names contain it; a whole name repeats that one trial.
# `make faults PART=2/5` tries a fifth of all, spread over all scenarios; the five parts together are the whole.
# What ONLY chooses runs on the libraries that `make test` has built, the rest optimised: half an hour of building, once.
faults_build = $(if $(ONLY),--config profile.dev.opt-level=1,--profile faults)
faults: ## let something go wrong at every call that the controller makes (hours; ONLY=NAME or PART=2/5 for some)
	@ONLY='$(ONLY)' PART='$(PART)' tests/lint test $(faults_build) --workspace --test faults -- --ignored --nocapture

bench: ## what 1,000 services cost, in a release build: calls to AWS, memory, how long an edit waits (minutes)
	@tests/setup
	@cargo build --release --workspace --bin longshore --bin longshore-bench
	@$(CARGO_TARGET_DIR)/release/longshore-bench

planted: ## plant faults in a copy of the code, one at a time; each must be caught by its test (minutes)
	@tests/planted/run

fmt: ## format all Rust code
	cargo fmt --all

lint: ## clippy over everything; warnings are errors
	@tests/lint

generate: ## write the generated files anew (the CRDs' YAML, what the charts take of it, the worlds that this version makes)
	cargo run --quiet --package longshore-crds --bin crds -- .
	LONGSHORE_RECORD_WORLDS=1 cargo test --quiet --workspace --test drivers recorded

image: ## the images longshore and longshore-simulator, of this version, by Docker (the first time compiles everything)
	docker build --target controller --tag longshore:$(version) .
	docker build --target simulator --tag longshore-simulator:$(version) .

demo: ## watch Longshore run a service: create, roll out, roll back, put right, delete
	@tests/setup
	@cargo build --package longshore --package longshore-simulator --package longshore-e2e
	@$(demo) run

up: ## start control plane, simulated AWS and controller, and leave them running
	@tests/setup
	@cargo build --package longshore --package longshore-simulator --package longshore-e2e
	@$(demo) up $(up_arguments)

down: ## end what `make up` started
	@if [ -x $(demo) ]; then $(demo) down; else echo "nothing was ever started"; fi
