#!/usr/bin/env bash
# Mutation testing of what must never be wrong: consent, ledger, planner, verifiers, mapping. Each package is tested by its own
# tests; what survives there and is only held by a journey (`tests/flows`) is named in the report.
# MUTANTS replaces the selection (for example "-p tajo-domain"), MUTANTS_JOBS is how many run at once.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

scripts/tools.sh mutants
export PATH=$root/.tools/cargo/bin:$PATH CARGO_INCREMENTAL=0
selection=(-p tajo-domain -p tajo-mapping -p tajo-platforms -p tajo-app -p tajo-brevo
  -f 'shared/domain/src/{consent,ledger}.rs' -f 'shared/mapping/src/*.rs'
  -f 'shared/platforms/src/shopify/webhook.rs' -f 'shared/platforms/src/shopify/change/{consent,person}.rs'
  -f 'shared/app/src/{keyring,ingest}.rs' -f 'shared/brevo/src/{plan,ticket,batch,bucket}.rs')
# shellcheck disable=SC2206
[ -z "${MUTANTS:-}" ] || selection=($MUTANTS)
cargo mutants --cargo-arg=--locked --output "$target_dir" --jobs "${MUTANTS_JOBS:-2}" --timeout 120 --baseline skip "${selection[@]}" \
  -- --target "$host" --lib --tests
