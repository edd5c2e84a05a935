# Shared by the scripts in this folder: source it, do not run it.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { echo "== $*" >&2; }

# The explicit target of every build: `sam build` uses it, so this is the folder where dependencies are found again.
host=$(rustc -vV | sed -n 's/^host: //p')
target_dir=$(cargo metadata --no-deps --format-version 1 --offline | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
stack=$target_dir/$host/debug/tajo-stack
