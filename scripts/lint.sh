#!/usr/bin/env bash
# Everything that can be said about the code without running it. REQUIRE_ADVISORIES=1: also that no advisory is known.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

scripts/tools.sh deny
export PATH=$root/.tools/sam/bin:$root/.tools/cargo/bin:$PATH
# SAM wants a region even to validate, and no account.
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1

say "rustfmt"
cargo fmt --all --check
say "clippy"
cargo clippy --locked --workspace --all-targets --all-features --target "$host" -- -D warnings
# Not among all targets, since `cargo test` leaves it out: it wants a stack.
cargo clippy --locked --workspace --test e2e --all-features --target "$host" -- -D warnings
say "rustdoc"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --all-features --target "$host"
say "sam validate --lint"
sam validate --lint --template template.yaml
say "cfn-lint"
cfn-lint template.yaml
say "cargo deny: bans, licences, sources"
cargo deny --locked --log-level error check bans licenses sources
say "lint: all well, advisories apart"
# Last, so that what could not be checked is read.
scripts/advisories.sh
