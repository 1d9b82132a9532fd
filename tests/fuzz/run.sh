#!/usr/bin/env bash
# Builds the fuzzers with clang and runs each of them for so many seconds, over what is found in samples/ and patterns/
# and over all that was ever found (tests/fuzz/found). A crash ends it with 1; what crashed lies in build/fuzz/crashes.
#   tests/fuzz/run.sh [SECONDS]     15 where none are said; 77: there is no clang
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v clang++ >/dev/null || { echo "no clang++: nothing was fuzzed"; exit 77; }
seconds=${1:-15}
log=build/fuzz.log
mkdir -p build
{ cmake --preset fuzz -G Ninja && cmake --build --preset fuzz --target fuzz_log fuzz_state fuzz_patterns; } >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }
seeds=build/fuzz/seeds
rm -rf "$seeds" && mkdir -p "$seeds"/{log,state,patterns} build/fuzz/crashes
# Pieces of a few lines each: a fuzzer learns more from small ones.
for file in samples/a/*/{maillog,mainlog}; do
  [ -f "$file" ] || continue
  name=$(basename "$(dirname "$file")")
  head -n 600 "$file" | split -l 12 - "$seeds/log/$name-"
done
find patterns -name '*.json' -size -8k -exec cp {} "$seeds/patterns/" \;
cp tests/fuzz/found/log-* "$seeds/log/" 2>/dev/null || true
cp tests/fuzz/found/state-* "$seeds/state/" 2>/dev/null || true
cp tests/fuzz/found/patterns-* "$seeds/patterns/" 2>/dev/null || true
for target in log state patterns; do
  printf '%-9s ' "$target"
  if ! build/fuzz/tests/fuzz/fuzz_$target -max_total_time="$seconds" -max_len=8192 -timeout=20 -rss_limit_mb=2048 \
    -dict=tests/fuzz/words.dict -artifact_prefix="build/fuzz/crashes/$target-" -print_final_stats=1 \
    "$seeds/$target" >"build/fuzz/$target.log" 2>&1; then
    tail -n 40 "build/fuzz/$target.log"
    exit 1
  fi
  sed -n 's/^stat::number_of_executed_units: */executions: /p' "build/fuzz/$target.log"
done
