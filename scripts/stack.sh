#!/usr/bin/env bash
# Builds the workspace's programs and runs tajo-stack with the given arguments: up, demo, logs, sweep.
# `down` builds nothing.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

if [ "${1:-}" = down ]; then
  [ -x "$stack" ] || { say "nothing was started here"; exit 0; }
else
  scripts/tools.sh
  say "building the programs (the first time, this takes some minutes)"
  # The whole workspace, not one package: cargo unifies features over what is selected, and another selection would
  # compile the AWS SDK once more.
  cargo build --workspace --bins --target "$host"
fi
exec "$stack" "$@"
