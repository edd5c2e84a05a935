#!/usr/bin/env bash
# Coverage-guided fuzzing of parsers and verifiers, FUZZ_SECONDS each (default 60). What is found stays in
# .local/fuzz; a crash ends the run and names the input.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

scripts/tools.sh fuzz
export PATH=$root/.tools/cargo/bin:$PATH
# The sanitizer's flags want a compiler that allows unstable ones; the code itself uses none.
export RUSTC_BOOTSTRAP=1
# `cargo fuzz` has no --locked of its own.
cargo metadata --locked --format-version 1 --manifest-path tests/fuzz/Cargo.toml >/dev/null
seconds=${FUZZ_SECONDS:-60}
found=$root/.local/fuzz
for target in ${FUZZ_TARGETS:-body notice signature settings query envelope}; do
  corpus=$found/$target
  mkdir -p "$corpus"
  # Seeds: our own samples. For `body` a byte in front chooses the topic.
  case $target in
    body)
      for file in events/shopify/*.json; do
        name=$(basename "$file")
        for topic in 0 1 2 3 4 5 6; do { printf "\\x0$topic"; cat "$file"; } >"$corpus/$topic-$name"; done
      done ;;
    notice) cp events/shopify/*.json events/sam/*.json "$corpus" ;;
    envelope) cp events/sam/*.json "$corpus" ;;
    settings) grep -rhoE '^[a-z_ ]+:.*' README.md >"$corpus/readme" || true ;;
    query) printf 'code=0a1b&host=aG9zdA&shop=some-shop.myshopify.com&state=s&ids[]=1&ids[]=2' >"$corpus/callback" ;;
    signature) printf '\x05\x2ckeyed%044d{"id":1}' 0 >"$corpus/forged" ;;
  esac
  say "fuzzing $target for $seconds s"
  log=$found/$target.log
  cargo fuzz run --fuzz-dir tests/fuzz --target-dir "$target_dir/fuzz" "$target" "$corpus" -- \
    -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$found/$target-" >"$log" 2>&1 || {
    tail -40 "$log" >&2
    echo "error: fuzzing $target found an input that fails, see $found" >&2
    exit 1
  }
  grep -E 'number_of_executed_units|new_units_added' "$log"
done
say "fuzz: nothing found"
