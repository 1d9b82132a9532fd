#!/usr/bin/env bash
# Installs what is needed, builds, and runs every test. Asks nothing; may be run again.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/install.sh
export TZ=UTC
for preset in dev release; do
  cmake --preset $preset -G Ninja >build-$preset.log 2>&1 || { cat build-$preset.log; exit 1; }
  cmake --build --preset $preset >build-$preset.log 2>&1 || { tail -n 60 build-$preset.log; exit 1; }
  rm -f build-$preset.log
done
ctest --test-dir build/dev --output-on-failure
ctest --test-dir build/release --output-on-failure
