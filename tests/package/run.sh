#!/usr/bin/env bash
# The Debian package: made by cpack from a release build, looked at by lintian, installed in a fresh chroot, used there,
# and removed without a trace.
#   tests/package/run.sh [OPTION…] [BUILD]    BUILD: where the release build is; else build/release
#   --static    builds the static program, too, and runs it in a root that holds nothing else
#   --twice     builds everything a second time in another folder, and compares the bytes
# 77: this machine has no debootstrap, no lintian, or no root.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
presets=release twice=no
while [[ "${1:-}" = --* ]]; do
  case $1 in
    --static) presets="release static" ;;
    --twice) twice=yes ;;
    *) sed -n '2,7s/^# *//p' "$0"; exit 2 ;;
  esac
  shift
done
build=$(realpath "${1:-$top/build/release}")
work=$(mktemp -d /var/tmp/mtalens-package.XXXXXX)
root=$work/root
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf "$work"' EXIT
skip() { echo "skipped: $*"; exit 77; }
fail() { echo "FAILED: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || skip "a chroot needs root"
for tool in lintian debootstrap cpack dpkg-shlibdeps; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
# The newest change dates the files, so that the same sources make the same package.
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l "$top/contrib/debian/changelog" -S Timestamp)
export SOURCE_DATE_EPOCH

package_of() {  # BUILD: makes its package and says where it is
  (cd "$1" && rm -f ./*.deb && cpack >cpack.log) || { cat "$1/cpack.log" >&2; fail "cpack"; }
  ls "$1"/*.deb
}

build_of() {  # PRESET FOLDER, without the unit tests
  (cd "$2" && cmake --preset "$1" -G Ninja -DCMAKE_DISABLE_FIND_PACKAGE_Catch2=ON && cmake --build --preset "$1") >"$work/log" 2>&1 ||
    { tail -n 30 "$work/log" >&2; fail "the $1 build in $2"; }
}

deb=$(package_of "$build")
lintian --allow-root --fail-on error,warning "$deb" || fail "lintian"
echo "lintian: nothing to say"

# In a root of its own there is no library, no /etc, no /proc: what it says must be what the other one says.
if [[ $presets = *static ]]; then
  build_of static "$top"
  static=$top/build/static/mtalens
  readelf --dynamic "$static" | grep -q NEEDED && fail "the static program needs a library"
  mkdir "$work/empty"
  cp "$static" "$work/empty/mtalens"
  xz -dc "$top/samples/week/sendmail/maillog.xz" >"$work/empty/plain"
  for tool in gzip bzip2 xz zstd lz4; do
    if command -v $tool >/dev/null; then $tool -c "$work/empty/plain" >"$work/empty/$tool"; fi
  done
  for log in $(cd "$work/empty" && ls -I mtalens); do
    (cd "$work/empty" && "$build/mtalens" --year 2026 --timezone UTC --format json "$log") >"$work/expected"
    chroot "$work/empty" /mtalens --year 2026 --timezone UTC --format json "$log" | cmp - "$work/expected" ||
      fail "the static program says something else of the log as $log"
  done
  echo "the static program: alone in its root it says the same, of" $(cd "$work/empty" && ls -I mtalens)
fi

if [ $twice = yes ]; then
  mkdir -p "$work/another/folder"
  tar -C "$top" --exclude=./build --exclude=./.git -cf - . | tar -C "$work/another/folder" -xf -
  for preset in $presets; do build_of "$preset" "$work/another/folder"; done
  package_of "$work/another/folder/build/release" >/dev/null
  cmp "$deb" "$work"/another/folder/build/release/*.deb || fail "two builds make two packages"
  if [[ $presets = *static ]]; then cmp "$static" "$work/another/folder/build/static/mtalens" || fail "two static builds differ"; fi
  echo "two builds in two folders: the same bytes"
fi

# The mirror is the one this machine uses.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+) .*/\2/p' | head -n 1 || true)
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 || { tail "$work/log"; skip "debootstrap did not work"; }
for file in /etc/resolv.conf /etc/apt/apt.conf.d /etc/apt/sources.list /etc/apt/sources.list.d; do
  [ -e "$file" ] && cp -rL "$file" "$root$(dirname "$file")/"
done
mount -t proc proc "$root/proc" 2>/dev/null || skip "/proc cannot be mounted in a chroot here"
cp "$deb" "$root/tmp/mtalens.deb"
cp "$top/samples/a/postfix/maillog" "$root/tmp/maillog"
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C TZ=UTC "$@"; }

find "$root" -xdev \( -path "$root/proc" -o -path "$root/var" -o -path "$root/tmp" \) -prune -o -type f -print | sort >"$work/before"
inside apt-get -qq update >"$work/log" 2>&1 && inside apt-get -qq install -y /tmp/mtalens.deb >>"$work/log" 2>&1 ||
  { tail -n 30 "$work/log"; fail "apt-get install"; }
inside mtalens --version
inside mtalens --year 2026 /tmp/maillog | grep -q "BT Internet" || fail "the installed program does not tell of BT Internet"
inside sh -n /etc/cron.daily/mtalens || fail "the cron file"
inside dpkg -L mtalens >"$work/files"
for file in /usr/share/man/man1/mtalens.1.gz /usr/share/bash-completion/completions/mtalens \
            /usr/lib/systemd/system/mtalens.timer; do
  grep -qx "$file" "$work/files" || fail "the package brings no $file"
done
inside apt-get -qq purge -y mtalens >>"$work/log" 2>&1 || fail "apt-get purge"
left=$(while read -r file; do [ -f "$root$file" ] && ! grep -qxF "$root$file" "$work/before" && echo "$file"; done <"$work/files" || true)
[ -z "$left" ] || fail "left behind: $left"
echo "installed, used and removed in a fresh chroot"
