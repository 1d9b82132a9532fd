#!/bin/bash
# The long tests of this folder: hours at full size, minutes at a small part of it.
#
#   tests/fire/run.sh MTALENS FLOOD [SCALE]
#
# MTALENS is the program to test, FLOOD the build's tests/flood. SCALE 1 (the default) is all of it: 500 kills, 500 rotations,
# a hundred million distinct things of each kind, ten million messages that never end, lines and bombs of 1 GiB. 0.01 is a
# hundredth of each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$1 flood=$2 scale=${3:-1}
part() { awk -v of="$1" -v scale="$scale" 'BEGIN { n = int(of * scale); print n < 1 ? 1 : n }'; }

failed=0
try() { echo "== $*"; python3 "$here/$1" "$program" "${@:2}" || failed=1; }
try state_test.py "$(part 500)"
try logs_test.py "$(part 500)"
try bounds_test.py "$flood" 1000 "$(part 1024)"
for kind in destinations senders replies; do try bounds_test.py "$flood" "$(part 100000000)" 1 "$kind"; done
for kind in open deferred recipients clients peers relays domains lists logins hosts instances; do
  try bounds_test.py "$flood" "$(part 10000000)" 1 "$kind"
done
try bounds_test.py "$flood" "$(part 1000000)" 1 hours
exit "$failed"
