#!/usr/bin/env bash
# The counted figures: builds the functions as `sam build` does for AWS, and the bench itself without optimisation (it
# only counts). BENCH_ARGS is passed on, for example "--write", "--only day", "--orders 1000", "--json".
set -euo pipefail
source "$(dirname "$0")/lib.sh"

case " ${BENCH_ARGS:-} " in
  *" --only day "*) ;;
  *) make --no-print-directory build >&2 ;;
esac
say "building the bench"
cargo build --locked --workspace --bins --target "$host"
# Every process that is played keeps its connections open.
ulimit -n "$(ulimit -Hn)"
# shellcheck disable=SC2086
exec "$target_dir/$host/debug/tajo-bench" ${BENCH_ARGS:-}
