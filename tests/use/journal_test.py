#!/usr/bin/env python3
"""systemd's journal read as its exports, its own files, and directly: the same report as from the text of its lines.

    journal_test.py BINARY      exit 1 where a claim fails; what needs root or systemd-journal-remote is left out without
"""
import gzip, json, os, pathlib, re, shutil, struct, subprocess, sys, tempfile, time
from datetime import datetime

BINARY = os.path.abspath(sys.argv[1])
LOG = pathlib.Path(__file__).resolve().parents[2] / "samples/a/postfix/iso-maillog.gz"
REMOTE = "/lib/systemd/systemd-journal-remote"
MACHINE = "0123456789abcdef0123456789abcde0"
failures = []


def claim(what, holds, *seen):
    if not holds:
        failures.append(what)
        print(f"fails: {what}", *seen)


def exported(lines):
    """As `journalctl -o export` writes them; every seventh text as bytes with its length."""
    out = []
    for number, line in enumerate(lines, 1):
        stamp, host, tag, pid, text = re.fullmatch(rb"(\S+) (\S+) ([^\s\[:]+)(?:\[(\d+)\])?: (.*)", line).groups()
        time_us = round(datetime.fromisoformat(stamp.decode()).timestamp() * 1e6)
        entry = b"__CURSOR=s=aa;i=%x;b=bb;m=%x;t=%x;x=%x\n" % (number, number, time_us, number)
        entry += b"__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n" % (time_us, number * 1000, MACHINE.encode())
        entry += b"_HOSTNAME=%s\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=%s\n" % (host, tag)
        entry += b"SYSLOG_PID=%s\n" % pid if pid else b""
        entry += b"MESSAGE\n" + struct.pack("<Q", len(text)) + text + b"\n" if number % 7 == 0 else b"MESSAGE=" + text + b"\n"
        out.append(entry + b"\n")
    return out


def report(*arguments, stdin=None):
    done = subprocess.run([BINARY, "report", "--format", "json", *arguments], input=stdin, capture_output=True)
    claim(f"report {arguments}: exit 0", done.returncode == 0, done.stderr.decode())
    return told(json.loads(done.stdout or "{}"))


def told(report):
    """What it says, without the name of what was read."""
    for source in report.get("input", {}).get("sources", []):
        del source["name"]
    for finding in report.get("findings", []):
        for evidence in finding["evidence"]:
            del evidence["source"]
    return report


def as_files(entries, expected):
    export = b"".join(entries)
    claim("an export through a pipe", report(stdin=export) == expected)
    claim("a compressed one", report(stdin=gzip.compress(export)) == expected)
    pathlib.Path("export").write_bytes(export)
    claim("a file of it", report("export") == expected)
    pathlib.Path("export").write_bytes(b"".join(entries[:500]))
    report("--state", "export.state", "export")
    pathlib.Path("export").write_bytes(export)
    through_state = report("--state", "export.state", "export")
    claim("through a state, grown between two runs", through_state["totals"] == expected["totals"] and through_state["input"]["lines"] == expected["input"]["lines"])
    if not os.path.exists(REMOTE):
        return print("left out: the journal's own files, for systemd-journal-remote is not installed")
    subprocess.run([REMOTE, "--output=own.journal", "export"], check=True, capture_output=True)
    claim("the journal's own file", report("own.journal") == expected)


def followed(entries):
    """Through a pipe, entry by entry, as `journalctl -f -o export`."""
    watch = subprocess.Popen([BINARY, "watch", "--plain"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for entry in entries:
        watch.stdin.write(entry)
        watch.stdin.flush()
    out = watch.communicate()[0].decode()
    claim("watch tells of BT Internet", "BT Internet takes 49 messages at a time" in out, out)


IN_A_PLACE_OF_ITS_OWN = """
mount -t tmpfs none /var/log/journal && mount --bind machine-id /etc/machine-id || exit 77
mkdir /var/log/journal/{machine}
write() {{ {remote} --output=/var/log/journal/{machine}/system.journal $1 2>/dev/null; }}
write first.export
"$1" report --format json --journal --state journal.state >1.json
"$1" watch --journal --plain >watched & watching=$!
for i in $(seq 100); do grep -q 'BT Internet' watched && break; sleep 0.1; done
write second.export
"$1" report --format json --journal --state journal.state >2.json
"$1" report --format json --journal --state journal.state >3.json
"$1" report --format json --journal >4.json
for i in $(seq 100); do grep -q 'waited 1m 10s and went back' watched && break; sleep 0.1; done
kill -INT $watching; wait $watching
"""


def this_machines(entries, expected):
    """The --journal of a machine of our own: its folder of journals and its id are ours alone meanwhile."""
    if os.geteuid() != 0 or not os.path.exists(REMOTE) or not shutil.which("unshare") or not os.path.exists("/etc/machine-id"):
        return print("left out: --journal, which wants root, unshare and systemd-journal-remote here")
    os.makedirs("/var/log/journal", exist_ok=True)
    pathlib.Path("machine-id").write_text(MACHINE + "\n")
    for name, some in (("first", entries[:600]), ("second", entries[600:])):
        pathlib.Path(name + ".export").write_bytes(b"".join(some))
    script = IN_A_PLACE_OF_ITS_OWN.format(machine=MACHINE, remote=REMOTE)
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", BINARY], timeout=60)
    if done.returncode == 77:
        return print("left out: --journal, for nothing may be mounted here")
    runs = [told(json.loads(pathlib.Path(f"{run}.json").read_bytes())) for run in (1, 2, 3, 4)]
    claim("--journal: what mail programs wrote", [r["input"]["lines"] for r in runs] == [599, 1251, 1251, 1251], [r["input"]["lines"] for r in runs])
    claim("--journal with --state: each entry once", runs[1]["totals"] == runs[2]["totals"] == runs[3]["totals"] == expected["totals"])
    told_of = pathlib.Path("watched").read_text()
    claim("watch --journal tells what the second half brings", "2 recipients for BT Internet waited 1m 10s and went back" in told_of, told_of)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    lines = gzip.decompress(LOG.read_bytes()).splitlines()
    pathlib.Path("text").write_bytes(b"\n".join(lines) + b"\n")
    expected = report("text")
    entries = exported(lines)
    as_files(entries, expected)
    followed(entries)
    # The first line is the log daemon's own: its facility is another.
    this_machines([entries[0].replace(b"FACILITY=2", b"FACILITY=5")] + entries[1:], expected)
sys.exit(1 if failures else 0)
