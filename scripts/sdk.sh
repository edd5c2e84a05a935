#!/usr/bin/env bash
# Builds and tests the SDK; with TAJO_STACK also runs the README's samples against that stack, in a store of their own.
# Without Node it skips, with a line in TAJO_SKIP_FILE.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

skip() {
  say "skipped: $*"
  echo "sdk: $*" >>"${TAJO_SKIP_FILE:-/dev/null}"
  exit 0
}

command -v node >/dev/null || skip "node is not there (Debian: apt-get install nodejs npm)"
command -v npm >/dev/null || skip "npm is not there (Debian: apt-get install npm)"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || skip "node $(node --version) is older than 20"

cd sdk/js
# Again only when the pinned versions change.
if ! cmp -s package-lock.json node_modules/.pinned; then
  say "installing what the SDK is built and tested with"
  npm ci --ignore-scripts --no-audit --no-fund --silent
  cp package-lock.json node_modules/.pinned
fi
say "the SDK's own tests"
npm test --silent

[ -n "${TAJO_STACK:-}" ] || exit 0
say "the samples of the README on the deployed stack"
field() { node -p "JSON.parse(require('fs').readFileSync(process.env.TAJO_STACK))['$1']"; }
sandbox=$(field sandbox_url)
tajo=$target_dir/$host/debug/tajo
export BREVO_API_KEY=xkeysib-of-your-store SHOPIFY_API_KEY=client-of-your-store SHOPIFY_API_SECRET=secret-of-your-store
tell() { curl --silent --show-error --fail --output /dev/null --json "$2" "$sandbox/_sandbox/$1"; }
tell accounts "{\"api_key\": \"$BREVO_API_KEY\", \"name\": \"your-store\", \"ecommerce_active\": true, \"rate_limits\": false}"
tell shopify/shops "{\"shop\": \"your-store.myshopify.com\", \"app\": {\"client_id\": \"$SHOPIFY_API_KEY\",
  \"client_secrets\": [\"$SHOPIFY_API_SECRET\"], \"own_organisation\": true}}"
TAJO_URL=$(field api_url)
export TAJO_URL
# Bound to one store: there are others on this stack, and the samples name none.
TAJO_API_KEY=$(TAJO_API_KEY=$(field api_key) "$tajo" keys create --name samples --scope admin --store your-store --shop your-store.myshopify.com)
export TAJO_API_KEY
node samples/run.js
