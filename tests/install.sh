#!/usr/bin/env bash
# Installs the packages of a list (default: tests/packages.txt) that are missing (Debian). Asks nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=()
while read -r package; do
  case $package in ''|'#'*) continue ;; esac
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done < "${1:-tests/packages.txt}"
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
printf 'installing %s …\n' "${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
sudo=; if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
