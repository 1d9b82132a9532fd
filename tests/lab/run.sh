#!/usr/bin/env bash
# The lab: real Postfix, Exim and sendmail send mail to a provider that throttles and breaks STARTTLS, while `mtalens watch`
# follows the log; then `mtalens report` is held against what the provider counted.
#   tests/lab/run.sh [--quick] [--binary MTALENS] [SCENARIO…]     without names: all; --quick: those for every build
#   tests/lab/run.sh --list
# Each MTA lives in an overlay over a bare Debian under $LAB_DIR (else /var/tmp/mtalens-lab), made the first time, and
# in network, mount and process namespaces of its own: loopback only, and nothing of it is left when a scenario ends.
# What a scenario wrote stays in $LAB_DIR/out/SCENARIO. 77: not to be had on this machine, and why.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
lab=${LAB_DIR:-/var/tmp/mtalens-lab}
binary=$here/../../build/release/mtalens
names=()
quick=no
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=yes ;;
    --list) exec python3 "$here/scenarios.py" ;;
    --binary) binary=$2; shift ;;
    -*) sed -n '2,9s/^# //p' "$0"; exit 2 ;;
    *) names+=("$1") ;;
  esac
  shift
done
. "$here/roots.sh"
skip() { echo "skipped: $*"; exit 77; }

[ "$(id -u)" = 0 ] || skip "namespaces and a chroot need root"
for tool in debootstrap unshare ip python3; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -x "$binary" ] || { echo "no program at $binary: build it, or name it with --binary" >&2; exit 2; }
mkdir -p "$lab/try"/{lower,upper,work,root}
unshare --net --uts --mount --pid --fork --mount-proc bash -euc 'ip link set lo up
  mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/root"' - "$lab/try" 2>/dev/null ||
  skip "this kernel gives no network namespace or no overlay"

exec 9>"$lab/lock"
flock 9
make_base || skip "debootstrap did not work: $(tail -n 1 "$lab/log")"
for mta in postfix exim sendmail; do
  make_layer "$mta" || skip "$mta could not be installed: $(tail -n 1 "$lab/log")"
done
[ $quick = no ] || mapfile -t names < <(python3 "$here/scenarios.py" --quick)
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(python3 "$here/scenarios.py" --names)

failed=0
for name in "${names[@]}"; do
  rm -rf "${lab:?}/out/$name"
  mkdir -p "$lab/out/$name"
  unshare --net --uts --mount --pid --fork --mount-proc --kill-child \
    python3 "$here/lab.py" "$binary" "$lab" "$lab/out/$name" "$name" || failed=$((failed + 1))
  rm -rf "$lab/out/$name/over" "$lab/out/$name/root"
done
echo "${#names[@]} scenarios, $failed failed"
[ $failed = 0 ]
