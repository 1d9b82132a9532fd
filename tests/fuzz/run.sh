#!/usr/bin/env bash
# Builds the fuzz targets with clang and runs them, one after the other, over pieces of samples/ and all that was ever
# found (tests/fuzz/found). A crash ends it with 1; what crashed lies in build/fuzz/crashes.
#   tests/fuzz/run.sh                       a fixed number of runs of each, the same ones each time; some 15 s of each
#   tests/fuzz/run.sh SECONDS [TARGET…]     so long each (all of them); what is learned stays in build/fuzz/corpus
# 77: there is no clang.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v clang++ >/dev/null || { echo "fuzzing: left out, there is no clang++"; exit 77; }
export TZ=UTC UBSAN_OPTIONS=print_stacktrace=1
# Runs of each target in 15 CPU-seconds, under the sanitizers.
declare -A runs=([header]=60000 [journal_json]=300000 [journal_export]=150000 [source]=20000 [postfix]=100000
  [sendmail]=60000 [exim]=100000 [described]=20000 [reply]=15000 [patterns]=10000 [options]=8000 [expectation]=15000
  [state]=10000 [log]=3000 [joining]=6000 [report]=4000 [flow]=2500)
declare -A longest=([header]=1024 [journal_json]=1024 [postfix]=1024 [sendmail]=1024 [exim]=1024 [described]=1024
  [reply]=1024 [options]=512 [flow]=512)
all="header journal_json journal_export source postfix sendmail exim described reply patterns options expectation state
  log joining report flow"
seconds=${1:-}
targets=${*:2}
mkdir -p build/fuzz/crashes
{ cmake --preset fuzz -G Ninja && cmake --build --preset fuzz --target fuzzers; } >build/fuzz.log 2>&1 || { tail -n 40 build/fuzz.log; exit 1; }
bin=build/fuzz/tests/fuzz
seeds=build/fuzz/seeds
rm -rf "$seeds"
$bin/fuzz_seeds "$seeds" samples/a/*/maillog samples/a/*/mainlog samples/remedy/*/maillog samples/remedy/*/mainlog $(ls samples/courier/* samples/opensmtpd/* | grep log)
mkdir -p "$seeds/patterns" "$seeds/expectation" && find patterns -name '*.json' -size -8k -exec cp -t "$seeds/patterns" {} +
cp samples/a/postfix/expect.json "$seeds/expectation/"
for target in ${targets:-$all}; do
  corpus=build/fuzz/corpus/$target
  [ -n "$seconds" ] || corpus=build/fuzz/fresh/$target
  [ -n "$seconds" ] || rm -rf "$corpus"
  mkdir -p "$corpus" "$seeds/$target"
  for found in tests/fuzz/found/"$target"-*; do [ ! -f "$found" ] || cp "$found" "$seeds/$target/"; done
  limit=(-seed=1 -runs="${runs[$target]}")
  [ -z "$seconds" ] || limit=(-max_total_time="$seconds")
  printf '%-15s' "$target"
  if ! $bin/fuzz_"$target" "${limit[@]}" -max_len="${longest[$target]:-4096}" -timeout=30 -rss_limit_mb=2048 \
    -dict=tests/fuzz/words.dict -artifact_prefix="build/fuzz/crashes/$target-" -print_final_stats=1 \
    "$corpus" "$seeds/$target" >"build/fuzz/$target.log" 2>&1; then
    echo "failed"
    grep -aE 'does not hold|ERROR|runtime error|SUMMARY|Test unit written' "build/fuzz/$target.log" | head -n 20
    exit 1
  fi
  awk '/number_of_executed_units/ {runs = $2} /average_exec_per_sec/ {speed = $2} /cov: / {for (i = 1; i < NF; ++i) if ($i == "cov:") covered = $(i + 1)}
    END {printf "%9d runs, %6d a second, %5d edges\n", runs, speed, covered}' "build/fuzz/$target.log"
done
