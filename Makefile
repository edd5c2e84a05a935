# Thin on purpose: the work is in scripts/ and tests/stack. CI runs these same targets.
.DEFAULT_GOAL := help
.PHONY: help demo up down test lint bench local-invoke mutants fuzz build tools clean

help: ## Lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## The first command: deploys everything on this machine and sends a morning of Shopify traffic (DEMO_SEED=n)
	@scripts/stack.sh demo --dir .local/demo --lifetime 1h

up: ## Leaves the deployed stack running for 4 hours; addresses in .local/stack.json (BREVO_API_URL=... for another Brevo)
	@scripts/stack.sh up

down: ## Ends what `make up` started
	@scripts/stack.sh down

test: ## Every test, end-to-end ones on the deployed stack (REQUIRE_ALL=1 allows no skipped test)
	@scripts/test.sh

lint: ## rustfmt, clippy, rustdoc, template, licences, advisories (REQUIRE_ADVISORIES=1 allows no unchecked ones)
	@scripts/lint.sh

bench: ## Prints the counted figures (BENCH_ARGS="--write" keeps them in docs/figures.md)
	@scripts/bench.sh

local-invoke: ## `sam local invoke` of each function against the stack of `make up`; needs a container engine
	@scripts/local-invoke.sh

fuzz: ## Coverage-guided fuzzing of parsers and verifiers (FUZZ_SECONDS=60 each)
	@scripts/fuzz.sh

mutants: ## Changes consent, ledger, verifiers and mapping at random and sees whether a test notices (MUTANTS="-p tajo-domain")
	@scripts/mutants.sh

build: ## `sam build` as for AWS (ARCH=arm64|x86_64)
	@scripts/tools.sh && PATH="$(CURDIR)/.tools/sam/bin:$$PATH" SAM_CLI_TELEMETRY=0 \
	  sam build --parameter-overrides Architecture=$(or $(ARCH),$(subst aarch64,arm64,$(shell uname -m)))

tools: ## Makes the pinned tools under .tools/
	@scripts/tools.sh

clean: down ## Ends the stack and removes what was built, tools included
	@rm -rf .aws-sam .local .tools target sdk/js/dist sdk/js/node_modules && echo "removed .aws-sam .local .tools target and what sdk/js was built with"
