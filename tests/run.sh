#!/usr/bin/env bash
# Installs what is needed, builds, and runs every test. Asks nothing; may be run again.
#   build/dev      the unit tests, under the address and undefined-behaviour sanitizers
#   build/release  the program as users run it, on the samples and on the commands of README.md; its Debian package.
# tests/package/run.sh --static --twice makes the program in one file, too, and compares two builds.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/install.sh
export TZ=UTC
build() {  # PRESET [OPTION…]
  local log=build/$1.log
  mkdir -p build
  printf 'building %s …\n' "build/$1"
  { cmake --preset "$1" -G Ninja && cmake --build --preset "$@"; } >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }
}
build dev
ctest --test-dir build/dev --output-on-failure
build release --target mtalens --target manual --target debian_changelog --target flood --target forbidden_calls
ctest --test-dir build/release --output-on-failure --exclude-regex '^(unit|fuzz_found)$'
tests/package/run.sh build/release || [ $? = 77 ]
CLUSTER_HOSTS=${CLUSTER_HOSTS:-6} tests/cluster/run.sh build/release/mtalens || [ $? = 77 ]
