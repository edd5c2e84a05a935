#!/usr/bin/env bash
# `sam local invoke` of every function with its envelope from events/sam/, against the stack that `make up` started.
#
# Needs a container engine (docker, or podman through DOCKER_HOST). Without one it says SKIPPED and succeeds, unless
# REQUIRE_ALL=1. INVOKE_ARGS is passed on to SAM (for example --skip-pull-image).
set -euo pipefail
source "$(dirname "$0")/lib.sh"

[ -e .local/stack.json ] || { echo "error: no stack is running: start one with \`make up\`" >&2; exit 1; }
scripts/tools.sh
export PATH=$root/.tools/sam/bin:$PATH SAM_CLI_TELEMETRY=0
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
python=$root/.tools/sam/bin/python

if ! "$python" -c 'import docker; docker.from_env().ping()' 2>/dev/null; then
  echo "SKIPPED sam local invoke: no container engine answers"
  [ "${REQUIRE_ALL:-0}" != 1 ]
  exit
fi

work=$(mktemp -d)
forwarders=()
trap 'kill "${forwarders[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

value() { "$python" -c 'import json, sys
value = json.load(open(".local/stack.json"))
for key in sys.argv[1].split("."): value = value[key]
print(value)' "$1"; }

# The stack listens on loopback; a container comes from elsewhere.
reachable() {
  local name=$1 port
  port=$("$python" -c 'import sys, urllib.parse; print(urllib.parse.urlsplit(sys.argv[1]).port)' "$2")
  "$python" scripts/forward.py "$port" 900 >"$work/$name" &
  forwarders+=($!)
  for _ in $(seq 50); do [ -s "$work/$name" ] && break; sleep 0.1; done
}
machine=${CONTAINER_HOST_NAME:-host.containers.internal}
reachable aws "$(value aws_endpoint_url)"
reachable sandbox "$(value sandbox_url)"
aws=http://$machine:$(cat "$work/aws")
brevo=http://$machine:$(cat "$work/sandbox")/v3

cat >"$work/env.json" <<JSON
{"Parameters": {
  "AWS_ENDPOINT_OVERRIDE": "$aws", "STATE_TABLE": "$(value table)", "LIVE_QUEUE_URL": "$(value queues.live)",
  "KEYRING_SECRETS": "$(value keyring_secret)", "STORE_SECRETS_PREFIX": "$(value store_secrets_prefix)",
  "DEAD_LETTERS_ARN": "$(sed -n 's/.*"eventSourceARN": "\([^"]*\)".*/\1/p' events/sam/dead-letters.json | head -1)",
  "BREVO_API_URL": "$brevo"}}
JSON

# The programs that `make up` deployed.
template=.local/build/template.yaml
for pair in WebhookIngress:webhook BrevoSync:live BrevoSync:dead-letters CartSweeper:schedule; do
  function=${pair%%:*} event=events/sam/${pair##*:}.json
  say "sam local invoke $function ($event)"
  # A failed handler answers with errorType, and SAM still succeeds.
  answer=$(sam local invoke "$function" --template "$template" --event "$event" --env-vars "$work/env.json" \
    --parameter-overrides "Architecture=$(uname -m | sed 's/aarch64/arm64/')" ${INVOKE_ARGS:-})
  echo "$answer"
  case $answer in *'"errorType"'*) echo "error: $function failed" >&2; exit 1 ;; esac
done
say "local-invoke: all functions answered"
