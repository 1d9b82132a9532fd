#!/usr/bin/env bash
# Installs what is needed, builds, and shows the diagnosis of the samples. Asks nothing; may be run again.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/install.sh samples/packages.txt
mkdir -p build
printf 'building build/release …\n'
{ cmake --preset release -G Ninja && cmake --build --preset release --target mtalens --target manual; } >build/release.log 2>&1 ||
  { tail -n 60 build/release.log; exit 1; }
export TZ=UTC
show() {
  printf '\n$ mtalens %s\n\n' "$*"
  build/release/mtalens "$@"
}
for log in samples/week/postfix/maillog.xz samples/week/sendmail/maillog.xz samples/week/exim/mainlog.xz samples/a/*/ma*log; do
  show --year 2026 "$log"
done
show queue --year 2026 --at 2026-11-23T17:46:30Z samples/a/exim/mainlog
