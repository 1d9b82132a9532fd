#!/usr/bin/env python3
"""Bounds: floods of distinct things, lines without an end, bombs. Memory stays bounded, totals exact, folding is told.

bounds_test.py MTALENS FLOOD [COUNT [MIB]]: COUNT distinct things of each kind, lines of MIB MiB. Expected values come from
what flood.cc says it writes. The peak of the program's own memory (RssAnon) is printed for each kind.
"""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import zlib

from fire import PROGRAM, claim, command, done, environment, folder, run

FLOOD = os.path.abspath(sys.argv[2])
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
MIB = int(sys.argv[4]) if len(sys.argv) > 4 else 64
KINDS = sys.argv[5].split(",") if len(sys.argv) > 5 else ["destinations", "relays", "domains", "senders", "lists", "logins", "replies", "open", "deferred",
                                                          "clients", "peers", "hosts", "instances", "recipients", "hours"]
MOST_MIB = 3072  # whatever comes: README.md, "Bounds"


class Peak(threading.Thread):
    """The most anonymous memory that a process ever had, looked at every 50 ms."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.kib = pid, 0
        self.start()

    def run(self):
        try:
            while True:
                for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
                    if line.startswith("RssAnon"):
                        self.kib = max(self.kib, int(line.split()[1]))
                time.sleep(0.05)
        except OSError:
            return


def piped(feed, *arguments):
    """The report on what `feed` writes, its peak in MiB, and its seconds."""
    begun = time.monotonic()
    process = subprocess.Popen(command(*arguments), stdin=feed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    peak = Peak(process.pid)
    out, errors = process.communicate()
    try:
        report = json.loads(out)
    except ValueError:
        report = None
    return report, peak.kib // 1024, time.monotonic() - begun, process.returncode, errors


def truth(kind, count):
    """messages, recipients, delivered, queued; accepted and refusals of all providers; handshakes that failed, of peers that did."""
    if kind == "recipients":
        return (1, count, 0, count), (0, count), 0
    if kind == "clients":
        return (0, 0, 0, 0), (0, 0), (count + 1) // 2
    delivered = 0 if kind in ("open", "deferred") else count
    refused = count if kind in ("domains", "replies", "deferred") else 0
    return (count, count, delivered, count - delivered), (delivered, refused), (count + 1) // 2 if kind == "peers" else 0


def flood(kind, count):
    feed = subprocess.Popen([FLOOD, kind, str(count)], stdout=subprocess.PIPE)
    report, mib, seconds, code, errors = piped(feed.stdout)
    feed.stdout.close()
    feed.wait()
    print(f"flood of {count} {kind}: {report and report['input']['lines']} lines, {mib} MiB, {seconds:.1f} s, folded {report and report.get('folded')}", flush=True)
    claim("flood", f"{count} {kind}: exit 0 and a report", code == 0 and report is not None, code, errors[-500:])
    if report is None:
        return
    totals, providers, failed = truth(kind, count)
    told = report["totals"]
    claim("flood", f"{count} {kind}: totals are exact", (told["messages"], told["recipients"], told["delivered"], told["queued"]) == totals, told, totals)
    of_all = tuple(sum(p[key] for p in report["providers"]) for key in ("accepted", "refusals"))
    claim("flood", f"{count} {kind}: the providers' sums are exact", of_all == providers, of_all, providers)
    failures = sum(p["failed"] for p in report["tls"])
    claim("flood", f"{count} {kind}: failed handshakes are exact", failures == failed, failures, failed)
    claim("flood", f"{count} {kind}: every line is understood", report["input"]["unrecognized_lines"] == 0)
    claim("flood", f"{count} {kind}: at most {MOST_MIB} MiB", mib <= MOST_MIB, mib)
    folded = report.get("folded", {})
    beyond = {"destinations": ("destinations", 1 << 17), "domains": ("destinations", 1 << 17), "relays": ("providers", 1 << 16),
              "senders": ("people", 1 << 18), "lists": ("people", 1 << 18), "logins": ("people", 1 << 18), "hosts": ("hosts", 1 << 16),
              "clients": ("tls_peers", 1 << 15), "peers": ("tls_peers", 1 << 15), "open": ("messages", 1 << 21), "deferred": ("messages", 1 << 21)}
    if kind in beyond:
        key, most = beyond[kind]
        claim("flood", f"{count} {kind}: what was folded is told", (folded.get(key, 0) > 0) == (count > most) or count <= most, folded)
        if count > 2 * most and key in ("destinations", "hosts", "messages"):
            claim("flood", f"{count} {kind}: it is told how many, to 5 %", abs(folded[key] - (count - most)) < 0.05 * count, folded)


def text_tells_it():
    count = (1 << 15) + 8192
    feed = subprocess.Popen([FLOOD, "peers", str(count)], stdout=subprocess.PIPE)
    said = subprocess.run([PROGRAM, "report"], stdin=feed.stdout, capture_output=True, env=environment()).stdout.decode()
    feed.wait()
    claim("flood", "the report for people says that something was folded", "too many to be told apart" in said and "further peers" in said, said[:2000])


def one_long_line(mib):
    """A line of so many MiB between two short ones, in each of the forms; then one that never ends."""
    line = b"Dec  6 22:15:32 lab postfix/qmgr[4985]: 272BB1064C9: removed\n"
    for name, begin in [("of a header", b"Dec  6 22:15:32 lab postfix/smtp[1]: 272BB1064C9: to=<"), ("of zeros", b"\0"), ("of JSON", b'{"MESSAGE":"'),
                        ("of Exim", b"2026-12-06 22:15:32 1abcde-000001-AB => "), ("of quotes", b'Dec  6 22:15:32 lab sm-mta[1]: x: to="')]:
        def write(out):
            piece = begin[-1:] * (1 << 20)
            try:
                out.write(line + begin)
                for _ in range(mib):
                    out.write(piece)
                out.write(b"\n" + line)
                out.close()
            except BrokenPipeError:
                pass

        reader, writer = os.pipe()
        feeding = threading.Thread(target=write, args=(os.fdopen(writer, "wb"),))
        feeding.start()
        report, peak, seconds, code, errors = piped(reader)
        os.close(reader)
        feeding.join()
        print(f"line {name}, {mib} MiB: {peak} MiB, {seconds:.1f} s", flush=True)
        claim("long line", f"{name}: cut, counted, its neighbours read", code == 0 and (report["input"]["lines"], report["input"]["cut_lines"]) == (3, 1), code, errors)
        claim("long line", f"{name}: at most 256 MiB", peak <= 256, peak)


def many_in_a_line():
    """A mebibyte of recipients in one line of sendmail, again and again: neither time nor memory runs away."""
    names = ",".join(f"<a{i:x}@b>" for i in range(100_000))[: (1 << 20) - 400]
    names = names[: names.rfind(",")]
    count = names.count(",") + 1
    line = f"Dec  6 22:15:32 lab sm-mta[1]: tB6AAAAA000001: to={names}, delay=00:00:01, mailer=esmtp, relay=mx.b. [192.0.2.1], dsn=4.0.0, stat=Deferred: 451 later\n"
    with folder() as name:
        log = pathlib.Path(name) / "maillog"
        log.write_text(line * 4 + "Dec  6 22:15:33 lab last message repeated 2 times\n" * 2000)
        begun = time.monotonic()
        process = subprocess.Popen(command(log), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        peak = Peak(process.pid)
        out, errors = process.communicate()
        seconds = time.monotonic() - begun
        print(f"{count} recipients in a line: {peak.kib // 1024} MiB, {seconds:.1f} s", flush=True)
        claim("many in a line", f"{count} recipients: a report", process.returncode == 0 and json.loads(out)["totals"]["recipients"] == count, errors,
              json.loads(out)["totals"] if out else "")
        claim("many in a line", "at most 2 GiB", peak.kib <= 2 << 20, peak.kib)


def bombs(mib):
    """A few KiB that become much: memory follows neither."""
    with folder() as name:
        place = pathlib.Path(name)
        flat = zlib.compressobj(9, zlib.DEFLATED, 31)
        with open(place / "zeros.gz", "wb") as out:
            for _ in range(mib):
                out.write(flat.compress(bytes(1 << 20)))
            out.write(flat.flush())
        once = (place / "zeros.gz").read_bytes()
        (place / "twice.gz").write_bytes(gzip.compress(once))
        flat = zlib.compressobj(9, zlib.DEFLATED, 31)
        with open(place / "newlines.gz", "wb") as out:
            for _ in range(mib):
                out.write(flat.compress(b"\n" * (1 << 20)))
            out.write(flat.flush())
        for file in ("zeros.gz", "twice.gz", "newlines.gz"):
            begun = time.monotonic()
            process = subprocess.Popen(command(place / file), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
            peak = Peak(process.pid)
            out, errors = process.communicate()
            print(f"bomb {file} of {(place / file).stat().st_size} bytes: {peak.kib // 1024} MiB, {time.monotonic() - begun:.1f} s", flush=True)
            report = json.loads(out) if out else None
            claim("bomb", f"{file}: a report, no crash", process.returncode in (0, 2) and report is not None, process.returncode, errors)
            claim("bomb", f"{file}: at most 256 MiB", peak.kib <= 256 << 10, peak.kib)


def exploding_pattern():
    """A user's regular expression that takes for ever on some reply: it is stopped, and the entry is named and set aside."""
    with folder() as name:
        place = pathlib.Path(name)
        (place / "patterns" / "replies").mkdir(parents=True)
        (place / "patterns" / "replies" / "mine.json").write_text(json.dumps({"replies": [
            {"id": "mine/explodes", "meaning": "throttle/rate", "literal": "aaaa", "regex": "(a+a+)+b"},
            {"id": "mine/sound", "meaning": "greylisting", "literal": "aaaa"}]}))
        line = ("Dec  6 22:15:32 lab postfix/smtp[1]: 272BB1064C9: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, dsn=4.0.0, "
                "status=deferred (host mx.b.example[192.0.2.1] said: 451 %s)\n")
        (place / "maillog").write_text("".join(line % ("a" * 1000 + "c" * i) for i in range(300)))
        begun = time.monotonic()
        told = run("--patterns", place / "patterns", place / "maillog")
        seconds = time.monotonic() - begun
        report = json.loads(told.stdout)
        print(f"exploding pattern, 300 replies: {seconds:.1f} s: {told.stderr.decode().strip()}", flush=True)
        claim("pattern", "a report, every refusal counted", sum(p["refusals"] for p in report["providers"]) == 300, told.stderr)
        claim("pattern", "the entry and its file are named, once", told.stderr.count(b"mine/explodes") == 1 and b"mine.json" in told.stderr and b"too many steps" in told.stderr, told.stderr)
        claim("pattern", "exit 2: not all that was asked", told.returncode == 2, told.returncode)


def main():
    for kind in KINDS:
        flood(kind, COUNT)
    if len(sys.argv) > 5:
        done()
    text_tells_it()
    one_long_line(MIB)
    many_in_a_line()
    bombs(MIB)
    exploding_pattern()
    done()


main()
