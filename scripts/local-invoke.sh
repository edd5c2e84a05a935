#!/usr/bin/env bash
# `sam local invoke` of every function with its envelope from events/sam/, against the stack that `make up` started (or
# that TAJO_STACK names): each must answer as the deployed function does.
#
# Needs a container engine (docker, or podman through DOCKER_HOST). Without one it says SKIPPED and succeeds, unless
# REQUIRE_ALL=1. INVOKE_ARGS is passed on to SAM (for example --skip-pull-image).
set -euo pipefail
source "$(dirname "$0")/lib.sh"

described=${TAJO_STACK:-$root/.local/stack.json}
[ -e "$described" ] || { echo "error: no stack is running: start one with \`make up\`" >&2; exit 1; }
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
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): value = value[key]
print(value)' "$described" "$1"; }

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
shops=http://$machine:$(cat "$work/sandbox")
brevo=$shops/v3
dead_letters=arn:aws:sqs:$(value region):000000000000:$(basename "$(value queues.dead_letters)")
gather=arn:aws:sqs:$(value region):000000000000:$(basename "$(value queues.gather)")

# A queue is addressed by where it is reached, so its URL is the container's, too.
reached() { sed "s#^http://[^/]*#$aws#" <<<"$1"; }

cat >"$work/env.json" <<JSON
{"Parameters": {
  "AWS_ENDPOINT_OVERRIDE": "$aws", "STATE_TABLE": "$(value table)", "LIVE_QUEUE_URL": "$(reached "$(value queues.live)")",
  "KEYRING_SECRETS": "$(value keyring_secret)", "STORE_SECRETS_PREFIX": "$(value store_secrets_prefix)",
  "GATHER_QUEUE_URL": "$(reached "$(value queues.gather)")", "GATHER_ARN": "$gather",
  "DEAD_LETTERS_ARN": "$dead_letters", "BREVO_API_URL": "$brevo",
  "BREVO_TRACKER_URL": "$shops/api/v2", "SHOPIFY_API_URL": "$shops",
  "PEPPER_SECRET": "$(value keyring_secret | sed 's#/keyring-0$#/pepper#')",
  "KEYRING_SECRET": "$(value keyring_secret)", "PUBLIC_URL": "$(value public_url)"}}
JSON

# Asks the deployed function; prints its answer.
deployed() {
  "$python" -c 'import json, sys, urllib.request
endpoint, function, region, event = sys.argv[1:]
url = f"{endpoint}/2015-03-31/functions/{function}/invocations"
key = f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/lambda/aws4_request, SignedHeaders=host, Signature=none"
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
request = urllib.request.Request(url, open(event, "rb").read(), {"authorization": key})
print(direct.open(request, timeout=60).read().decode())' "$(value aws_endpoint_url)" "$1" "$(value region)" "$2"
}

# By files: an answer may be longer than a command line.
same() { "$python" -c 'import json, sys
local, there = (json.load(open(file)) for file in sys.argv[1:])
sys.exit(local != there)' "$1" "$2"; }

# The programs that were deployed.
template=$(dirname "$described")/build/template.yaml
for row in WebhookIngress:webhook_ingress:webhook BrevoSync:brevo_sync:live BrevoSync:brevo_sync:dead-letters \
  CartSweeper:cart_sweeper:schedule OauthCallback:oauth_callback:install Management:management:management; do
  IFS=: read -r function name envelope <<<"$row"
  event=$work/$envelope.json
  # The queue of this stack instead of the envelope's example.
  sed "s#arn:aws:sqs:[a-z0-9-]*:[0-9]*:dead-letters#$dead_letters#" "events/sam/$envelope.json" >"$event"
  say "sam local invoke $function (events/sam/$envelope.json)"
  # The last line; SAM adds one of its own above when asked to be verbose.
  sam local invoke "$function" --template "$template" --event "$event" --env-vars "$work/env.json" \
    --parameter-overrides "Architecture=$(uname -m | sed 's/aarch64/arm64/')" ${INVOKE_ARGS:-} | grep . | tail -1 >"$work/local.json"
  deployed "$(value "functions.$name")" "$event" >"$work/there.json"
  echo "$function $envelope"
  echo "  sam local invoke  $(cut -c1-240 "$work/local.json")"
  echo "  deployed          $(cut -c1-240 "$work/there.json")"
  if grep -q '"errorType"' "$work/local.json"; then echo "error: $function failed" >&2; exit 1; fi
  same "$work/local.json" "$work/there.json" || { echo "error: $function answers differently when deployed" >&2; exit 1; }
done
say "local-invoke: every function answers as it does when deployed"
