#!/usr/bin/env bash
# Builds the workspace's programs and runs tajo-stack with the given arguments: up, demo, logs, sweep.
# `down` builds nothing if it can.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

if [ "${1:-}" = down ] && [ ! -e .local/processes.json ]; then
  say "nothing is running"
  exit 0
elif [ "${1:-}" != down ] || [ ! -x "$stack" ]; then
  scripts/tools.sh
  say "building the programs (the first time, this takes some minutes)"
  # The whole workspace, not one package: cargo unifies features over what is selected, and another selection would
  # compile the AWS SDK once more.
  cargo build --locked --workspace --bins --target "$host"
fi
exec "$stack" "$@"
