#!/usr/bin/env bash
# Asks the management API of a running stack (TAJO_STACK, else that of `make up`) all that its document allows, and much that it
# does not: no answer may be a 5xx or one that the document does not know, and every operation must have succeeded.
#
# Without schemathesis, which comes from PyPI, it says so and succeeds, unless REQUIRE_ALL=1.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

TAJO_STACK=$(realpath -m "${TAJO_STACK:-$root/.local/stack.json}")
export TAJO_STACK
[ -e "$TAJO_STACK" ] || { echo "error: no stack is running: start one with \`make up\`" >&2; exit 1; }
if ! scripts/tools.sh schemathesis; then
  line="schemathesis: it could not be installed from PyPI, so the management API was not held against its document"
  echo "SKIPPED $line"
  [ -z "${TAJO_SKIP_FILE:-}" ] || echo "$line" >>"$TAJO_SKIP_FILE"
  [ "${REQUIRE_ALL:-0}" != 1 ]
  exit
fi
python=$root/.tools/schemathesis/bin/python
value() { "$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$TAJO_STACK" "$1"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TAJO_FUZZ_COUNTS=$work/counts.json PYTHONPATH=$root/tests/schemathesis SCHEMATHESIS_HOOKS=hooks
export NO_PROXY=127.0.0.1,localhost PYTHONDONTWRITEBYTECODE=1
say "schemathesis: the management API against its document"
# The seed and the number of examples bound the run; the timeout is for a stack that does not answer any more.
# One worker: Python's compiler does not take several at once everywhere.
cd "$work"
status=0
timeout 300 "$root/.tools/schemathesis/bin/schemathesis" --config-file "$root/tests/schemathesis/schemathesis.toml" run "$root/docs/openapi.json" \
  --url "$(value api_url)" --header "Authorization: Bearer $(value api_key)" \
  --phases examples,coverage,fuzzing --max-examples "${API_EXAMPLES:-8}" --seed 2026 --workers 1 --generation-database none \
  --continue-on-failure --no-color --warnings off --request-timeout 60 ${API_ARGS:-} || status=$?
"$python" - "$TAJO_FUZZ_COUNTS" "$root/docs/openapi.json" <<'PYTHON'
import json, sys
counts, document = (json.load(open(path)) for path in sys.argv[1:])
operations = [one["operationId"] for path in document["paths"].values() for one in path.values()]
print("answers by operation (2xx, 4xx, 5xx):")
failed = []
for name in operations:
    of = counts.get(name, {})
    kinds = [sum(n for status, n in of.items() if status.startswith(first)) for first in "245"]
    print(f"  {name:18}", *(f"{n:5}" for n in kinds))
    if not kinds[0] or kinds[2]:
        failed.append(name)
if failed:
    sys.exit(f"error: these never succeeded, or failed by the connector's fault: {', '.join(failed)}")
PYTHON
[ "$status" = 0 ] || { echo "error: schemathesis found an answer that the document does not know (above)" >&2; exit 1; }
say "schemathesis: all well"
