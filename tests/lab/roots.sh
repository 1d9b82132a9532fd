# roots.sh: a bare Debian, and upon it one layer with each MTA. Sourced by run.sh, which sets $lab.
#   $lab/base          Debian 12 as debootstrap makes it, with a syslog daemon
#   $lab/MTA/upper     what installing that MTA added; a scenario runs in an overlay of its own above both

packages_of() {
  case $1 in
    postfix) echo postfix ;;
    exim) echo exim4-daemon-heavy ;;
    sendmail) echo sendmail-bin sendmail-base sendmail-cf m4 make ;;
  esac
}

make_base() {
  [ -e "$lab/base/.complete" ] && return
  # The mirror is the one this machine uses.
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+) .*/\2/p' | head -n 1)
  rm -rf "$lab/base"
  debootstrap --variant=minbase --include=rsyslog,openssl,ca-certificates bookworm "$lab/base" $mirror >"$lab/log" 2>&1 || return 1
  for file in /etc/resolv.conf /etc/apt/apt.conf.d /etc/apt/sources.list /etc/apt/sources.list.d; do
    [ ! -e "$file" ] || cp -rL "$file" "$lab/base$(dirname "$file")/"
  done
  chroot "$lab/base" apt-get -qq update >>"$lab/log" 2>&1 && touch "$lab/base/.complete"
}

# In a mount namespace: what is mounted goes with it. A package's own scripts must start no daemon.
make_layer() {
  [ -e "$lab/$1/.complete" ] && return
  rm -rf "${lab:?}/$1" && mkdir -p "$lab/$1/upper" "$lab/$1/work" "$lab/$1/root"
  unshare --mount bash -euc '
    mount -t overlay overlay -o "lowerdir=$1/base,upperdir=$1/$2/upper,workdir=$1/$2/work" "$1/$2/root"
    mount -t proc proc "$1/$2/root/proc"
    printf "#!/bin/sh\nexit 101\n" >"$1/$2/root/usr/sbin/policy-rc.d" && chmod +x "$1/$2/root/usr/sbin/policy-rc.d"
    chroot "$1/$2/root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq install -y --no-install-recommends $3
  ' - "$lab" "$1" "$(packages_of "$1")" >>"$lab/log" 2>&1 && touch "$lab/$1/.complete"
}
