#!/usr/bin/env bash
# Writes the hashes in scripts/requirements-*.txt anew, after a version in them was changed or a line was added by hand. Needs
# `uv`. No package is installed: the index names the hashes of all files of a version, so the result fits every processor.
set -euo pipefail
cd "$(dirname "$0")"

command -v uv >/dev/null || { echo "error: \`uv\` is not there: pip install uv" >&2; exit 1; }
for file in requirements-*.txt; do
  new=$(mktemp)
  trap 'rm -f "$new" "$new.in"' EXIT
  grep '==' "$file" | sed 's/ *\\$//' >"$new.in"
  { grep '^#' "$file"
    uv --no-config pip compile --quiet --universal --python-version 3.11 --only-binary :all: --generate-hashes --no-header \
      --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-build-options "$new.in"
  } >"$new"
  cat "$new" >"$file"
  echo "requirements: $file" >&2
done
