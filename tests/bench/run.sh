#!/usr/bin/env bash
# Installs the peers, builds release, and measures mtalens beside them. README.md here says how to read the table.
#   tests/bench/run.sh [--mib 1024] [--quick] [--memory | --patterns] [--only postfix-week] [--keep]
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/install.sh
tests/install.sh tests/bench/packages.txt
cmake --preset release -G Ninja >/dev/null
cmake --build --preset release --target mtalens >/dev/null
"${CXX:-c++}" -std=c++20 -O3 -o build/release/grow tests/bench/grow.cc
exec python3 tests/bench/bench.py --mtalens build/release/mtalens --grow build/release/grow "$@"
