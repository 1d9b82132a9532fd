#!/usr/bin/env bash
# Two ClickHouse servers on loopback as the shards of one cluster, the week's recordings as many hosts, and every figure
# of the cluster against the reports of the files. Servers and clients are killed meanwhile; nothing may be lost or doubled.
#   tests/cluster/run.sh [MTALENS]        exit 77: ClickHouse cannot be had here
# Debian's packages are unpacked below build/cluster, nothing is installed; the servers end with the script.
# CLUSTER_HOSTS (default 51): how many hosts.
set -euo pipefail
cd "$(dirname "$0")/../.."
mtalens=$(realpath "${1:-build/release/mtalens}")
hosts=${CLUSTER_HOSTS:-51}
store=$PWD/build/cluster
export TZ=UTC
for tool in curl apt-get dpkg python3 xz; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done

unpack_clickhouse() {
  mkdir -p "$store/deb" "$store/root"
  [ ! -x "$store/root/usr/sbin/clickhouse-server" ] || return 0
  local wanted
  wanted=$(apt-get -s --no-install-recommends install clickhouse-server clickhouse-client 2>/dev/null | awk '/^Inst/ { print $2 }')
  [ -n "$wanted" ] || return 1
  (cd "$store/deb" && apt-get -qq download $wanted 2>/dev/null) || return 1
  for package in "$store"/deb/*.deb; do dpkg -x "$package" "$store/root"; done
}
unpack_clickhouse || { echo "skipped: ClickHouse's packages cannot be had"; exit 77; }
LD_LIBRARY_PATH=$(dirname "$(find "$store/root/usr/lib" -name 'libclickhouse.so.*' | head -n 1)")

work=$(mktemp -d "$store/run.XXXXXX")
declare -A pids=()
clean_up() {
  for shard in "${!pids[@]}"; do kill -9 "${pids[$shard]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

http_port() { echo $((18200 + $1)); }
tcp_port() { echo $((19200 + $1)); }
shard_entry() { echo "<shard><replica><host>127.0.0.1</host><port>$(tcp_port "$1")</port></replica></shard>"; }

configure() {  # SHARD
  local folder=$work/$1
  mkdir -p "$folder/data" "$folder/tmp"
  cat >"$folder/users.xml" <<XML
<yandex><profiles><default/></profiles><quotas><default/></quotas><users><default><password></password>
<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>
XML
  cat >"$folder/config.xml" <<XML
<yandex><logger><level>warning</level><log>$folder/log</log><errorlog>$folder/errors</errorlog></logger>
<http_port>$(http_port "$1")</http_port><tcp_port>$(tcp_port "$1")</tcp_port><listen_host>127.0.0.1</listen_host>
<path>$folder/data/</path><tmp_path>$folder/tmp/</tmp_path><users_config>$folder/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database><timezone>UTC</timezone>
<mark_cache_size>200000000</mark_cache_size>
<remote_servers><mail>$(shard_entry 1)$(shard_entry 2)</mail></remote_servers></yandex>
XML
}
ask() { curl -sS --fail-with-body --data-binary "$2" "http://127.0.0.1:$(http_port "$1")/"; }  # SHARD SQL
start() {  # SHARD
  LD_LIBRARY_PATH=$LD_LIBRARY_PATH "$store/root/usr/sbin/clickhouse-server" "--config-file=$work/$1/config.xml" \
    >"$work/$1/out" 2>&1 9>&- &
  pids[$1]=$!
  for _ in $(seq 300); do
    ask "$1" "SELECT 1" >/dev/null 2>&1 && return
    kill -0 "${pids[$1]}" 2>/dev/null || break
    sleep 0.2
  done
  cat "$work/$1/out" "$work/$1/errors"
  echo "skipped: ClickHouse does not start here"
  exit 77
}
kill_shard() { kill -9 "${pids[$1]}"; wait "${pids[$1]}" 2>/dev/null || true; }
tell() {  # SHARD, statements from standard input
  LD_LIBRARY_PATH=$LD_LIBRARY_PATH "$store/root/usr/bin/clickhouse-client" --host 127.0.0.1 --port "$(tcp_port "$1")" --multiquery "${@:2}"
}
seconds() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }'; }

for shard in 1 2; do configure "$shard"; start "$shard"; done
echo "ClickHouse $(ask 1 'SELECT version()') on ports $(http_port 1) and $(http_port 2)"
for shard in 1 2; do
  "$mtalens" sql schema | tell "$shard"
  "$mtalens" sql views --cluster mail | tell "$shard"
done

# Each host has a recording under its own name and sending address, in two files: the second one comes later.
recordings=(postfix sendmail exim)
xz -dc samples/week/postfix/maillog.xz >"$work/postfix"
xz -dc samples/week/sendmail/maillog.xz >"$work/sendmail"
xz -dc samples/week/exim/mainlog.xz >"$work/exim"
log_of() {  # NUMBER: its log, as two files
  local lines recording=${recordings[$(($1 % 3))]}
  mkdir -p "$work/logs/$1"
  sed -e "s/ lab / mx$1 /" -e "s/ from 127\.0\.0\.1/ from 10.0.0.$1/" "$work/$recording" >"$work/logs/$1/all"
  lines=$(wc -l <"$work/logs/$1/all")
  head -n $((lines / 2)) "$work/logs/$1/all" >"$work/logs/$1/mail.log"
  tail -n +$((lines / 2 + 1)) "$work/logs/$1/all" >"$work/logs/$1/rest"
  rm "$work/logs/$1/all"
}
upload() {  # NUMBER
  MTALENS=$mtalens MTALENS_CLICKHOUSE=http://127.0.0.1:$(http_port $(($1 % 2 + 1))) MTALENS_HOST=mx$1 \
    MTALENS_UPLOADS=$work/uploads/$1 contrib/clickhouse-upload --year 2026 "$work/logs/$1/mail.log"
}
killed_upload() {  # NUMBER, after so many seconds: it and what it started
  setsid bash -c "$(declare -f upload http_port); mtalens=$mtalens work=$work; upload $1" >/dev/null 2>&1 &
  local client=$!
  sleep "$2"
  kill -9 -- "-$client" 2>/dev/null || true
  wait "$client" 2>/dev/null || true
}

begin=$(date +%s.%N)
for ((n = 1; n <= hosts; ++n)); do
  log_of "$n"
  upload "$n"
  cat "$work/logs/$n/rest" >>"$work/logs/$n/mail.log"
  case $n in
    2 | 5 | 6) for wait in 0.1 0.4 0.8 1.2 1.6 2; do killed_upload "$n" "$wait"; done ;;
    3)  # its shard dies while it uploads
      upload "$n" >/dev/null 2>&1 &
      client=$!
      sleep 0.8
      kill_shard $((n % 2 + 1))
      wait "$client" || echo "killed shard $((n % 2 + 1)) while mx$n uploaded: the upload failed, as it must"
      start $((n % 2 + 1))
      ;;
  esac
  upload "$n"
  upload "$n"  # nothing is new
  rm -r "${work:?}/logs/$n"
done
rows=$(ask 1 "SELECT count() FROM mtalens.all_events")
uncounted=$(($(ask 1 "SELECT count() FROM mtalens.events") + $(ask 2 "SELECT count() FROM mtalens.events") - rows))
echo "loaded $hosts hosts in $(seconds "$begin") s: $rows rows that count, $uncounted of uploads that were cut off"

python3 tests/cluster/compare.py "$mtalens" "http://127.0.0.1:$(http_port 1)/" "$hosts" "$work"/{postfix,sendmail,exim}

for shard in 1 2; do
  begin=$(date +%s.%N)
  "$mtalens" sql findings | tell "$shard" >"$work/findings.$shard"
  echo "the findings, asked of shard $shard: $(seconds "$begin") s"
done
cmp "$work/findings.1" "$work/findings.2"
"$mtalens" sql findings | tell 1 --format PrettyCompactMonoBlock | sed -n 's/\x1b\[[0-9;]*m//g; 1,24p'

# Half a cluster tells nothing rather than half the truth.
kill_shard 2
if answer=$(ask 1 "SELECT sum(accepted) FROM mtalens.providers_by_day" 2>&1); then
  echo "fails: with shard 2 down the sum was '$answer'"
  exit 1
fi
echo "shard 2 down: ${answer:0:160}…"
echo "the cluster says what the files say"
