#!/usr/bin/env bash
# Installs the packages of the lists named (default: all that building and testing need) that are missing (Debian). Asks
# nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- samples/packages.txt tests/packages.txt
missing=()
while read -r package; do
  case $package in ''|'#'*) continue ;; esac
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done < <(cat "$@")
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
printf 'installing %s …\n' "${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
sudo=; if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
