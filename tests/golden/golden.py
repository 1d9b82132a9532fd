#!/usr/bin/env python3
"""Holds what mtalens says of the samples against what really happened, and against what it said before.

    golden.py BINARY            runs every check; exit 1 where one fails
    golden.py BINARY --renew    writes the expected reports anew (read the diff before you commit it)

Checks of each sample:
  truth     accepted, refused and failed handshakes of each provider's host are what that host counted (truth.json)
  inbound   failed inbound handshakes are as many as clients that broke them
  queue     the queue at each moment holds the ids that the MTA itself listed (queue-*.txt, *.json)
  report    the JSON report is the expected one, byte for byte
  until     --until gives the report of a log that ends there (the week, and remedy)
  remedy    the configuration that the report suggested, given to the MTA on the third day: from the fourth on nothing is
            refused, and nearly as much as the limit allows is taken
  same      the same report from a pipe, with one thread and with four, and whatever the block size
  iso       the same syslog's second file, with ISO 8601 stamps (iso-maillog.gz): truth, inbound and queue hold for it too
A listing is no snapshot and the week's clock ran 600 times faster than life: a listing may be off by a quarter of
an hour there (two seconds else), and of the refusals 3 + 1 in 1000 reached an MTA that had just stopped listening.
"""
import datetime, io, json, lzma, os, pathlib, re, subprocess, sys, tarfile

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent / "samples"
# Clients whose handshake failed. Scenario a: six kinds once each, of which the one that knows only TLS 1.0 got through
# to Postfix ("established … TLSv1") and Exim, not to sendmail. The week: all that were not "good" in story.json.
INBOUND_FAILURES = {"a/postfix": 5, "a/exim": 5, "a/sendmail": 6, "week/postfix": 51, "week/exim": 51, "week/sendmail": 51, "week2/exim": 48,
                    "remedy/postfix": 0, "remedy/exim": 0, "remedy/sendmail": 0}
ENVIRONMENT = {**os.environ, "TZ": "UTC"}


def run(binary, *arguments, stdin=None):
    done = subprocess.run([binary, *map(str, arguments)], input=stdin, capture_output=True, env=ENVIRONMENT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def provider_counts(sample):
    """What each host of the provider counted: {host: {"accepted": n, "refusals": n, "failed": n}}."""
    truth = json.loads((sample / "truth.json").read_text())
    out = {}
    for listener in json.loads((sample / "provider.json").read_text())["listeners"]:
        counts = truth.get(listener["name"], {})
        total = lambda *starts: sum(n for name, n in counts.items() if name.startswith(starts))
        out[listener["host"]] = {
            "accepted": total("accepted"),
            "refusals": total("throttled"),
            "failed": total("tls_failed", "tls_dropped", "tls_garbage"),
        }
    return out


def check_truth(sample, report, fast):
    for host, counted in provider_counts(sample).items():
        mine = [p for p in report["providers"] if host in p["relays"]]
        said = {
            "accepted": sum(p["accepted"] for p in mine),
            "refusals": sum(p["refusals"] for p in mine),
            "failed": sum(t["failed"] for t in report["tls"] if t["peer"] == host and t["direction"] == "outbound"),
        }
        for what, number in counted.items():
            unheard = 3 + number // 1000 if fast and what == "refusals" else 0
            if not 0 <= number - said[what] <= unheard:
                yield f"{host}: {what} {said[what]}, the host itself counted {number}"
    if report["input"]["unrecognized_lines"] != 0:
        yield f"{report['input']['unrecognized_lines']} unrecognized lines"


def off_by(ids, listing):
    """Which ids differ. sendmail lists no more of a queue group than its Jobs, but tells how many there are."""
    listed, told = listing
    if told <= len(listed):
        return ids ^ listed
    return (listed - ids) | {f"{number + 1} of {told}" for number in range(min(told, len(ids)), max(told, len(ids)))}


def listings(sample):
    """{moment: [(set of queue ids, how many the MTA says there are), one for each time it was asked]}."""
    files = {path.name: path.read_text(errors="replace") for path in sample.glob("queue-*.*") if path.suffix != ".xz"}
    packed = sample / "queue-listings.tar.xz"
    if packed.exists():
        with tarfile.open(fileobj=io.BytesIO(lzma.decompress(packed.read_bytes()))) as archive:
            for member in archive.getmembers():
                files[member.name] = archive.extractfile(member).read().decode(errors="replace")
    exim = (sample.name == "exim")
    out = {}
    for name, text in files.items():
        moment, kind = name.removeprefix("queue-").rsplit(".", 1)
        if kind == "json":
            ids = {json.loads(line)["queue_id"] for line in text.splitlines() if line.strip()}
        elif exim:
            ids = set(re.findall(r"\b\w{6}-\w{6,11}-\w{2,4}\b", text))
        else:
            ids = set(re.findall(r"^(\w{10,15})[*!X-]? ", text, re.M))
        told = re.search(r"^\s*Total requests: (\d+)", text, re.M)
        out.setdefault(moment, []).append((ids, int(told[1]) if told else 0))
    return out


def check_queue(binary, sample, log, fast):
    listed = listings(sample)
    shifts = (0, 60, -60, 120, 300, -300, 600, 900) if fast else (0, 1, -1, 2)
    for line in (sample / "moments.txt").read_text().splitlines():
        moment, at = line.split()
        when = datetime.datetime.fromisoformat(at.replace("Z", "+00:00"))
        closest = None
        for shift in shifts:
            asked = (when + datetime.timedelta(seconds=shift)).strftime("%Y-%m-%dT%H:%M:%SZ")
            answer = json.loads(run(binary, "queue", "--format", "json", "--year", "2026", "--at", asked, log))
            ids = {entry["queue_id"] for entry in answer["entries"]}
            off = min((off_by(ids, listing) for listing in listed[moment]), key=len)
            if closest is None or len(off) < len(closest):
                closest = off
            if not closest:
                break
        if closest:
            yield f"queue at {moment}: {len(closest)} ids differ from the MTA's list: {sorted(closest)[:3]}"


def without_input(report):
    report = json.loads(report)
    del report["input"]
    for finding in report["findings"]:
        for line in finding["evidence"]:
            del line["source"]
    return report


def check_same(binary, log, plain, reference):
    for arguments in (["--jobs", "1"], ["--jobs", "4"], ["--jobs", "3", "--block-bytes", "4099"]):
        again = run(binary, "--format", "json", "--year", "2026", *arguments, log)
        if again != reference:
            yield f"{' '.join(arguments)}: another report"
    if without_input(run(binary, "--format", "json", "--year", "2026", "-", stdin=plain)) != without_input(reference):
        yield "another report from a pipe"


def check_until(binary, log, plain):
    """The stamps sort as text: every one is of December, in classic or Exim's form."""
    at = datetime.datetime(2026, 12, 11 if log.parts[0] == "remedy" else 13, 12)
    exim = log.name.startswith("mainlog")
    last = at.strftime("%Y-%m-%d %H:%M:%S" if exim else "%b %d %H:%M:%S").encode()
    kept = [line for line in plain.splitlines(keepends=True) if line[: len(last)] <= last]
    stamp = max(line[: len(last)] for line in kept).decode()
    until = datetime.datetime.fromisoformat(stamp) if exim else datetime.datetime.strptime("2026 " + stamp, "%Y %b %d %H:%M:%S")
    json_2026 = ["--format", "json", "--year", "2026"]
    whole = run(binary, *json_2026, "--until", until.strftime("%Y-%m-%dT%H:%M:%SZ"), log)
    if without_input(whole) != without_input(run(binary, *json_2026, "-", stdin=b"".join(kept))):
        yield f"--until {until} gives another report than the log that ends there"


def check_iso(binary, sample, inbound):
    log = sample / "iso-maillog.gz"
    report = json.loads(run(binary, "--format", "json", log))  # its stamps bear the year
    yield from check_truth(sample, report, fast=False)
    yield from check_queue(binary, sample, log, fast=False)
    said = sum(t["failed"] for t in report["tls"] if t["direction"] == "inbound")
    if said != inbound:
        yield f"{said} failed inbound handshakes, {inbound} clients broke theirs"


def check_remedy(binary, sample, log):
    story = json.loads((sample / "story.json").read_text())
    if "remedy" not in story:
        return
    applied = datetime.datetime.fromtimestamp(story["remedy"], datetime.timezone.utc)
    fourth = (applied + datetime.timedelta(days=1)).strftime("%Y-%m-%d")
    days = json.loads((sample / "truth.json").read_text())["days"]
    told = lambda *when: json.loads(run(binary, "--format", "json", "--year", "2026", *when, log))
    bt = lambda report: next(p for p in report["providers"] if p["provider"] == "BT Internet")
    before, after = bt(told("--until", fourth)), bt(told("--since", fourth))
    accepted = [day["bt"]["accepted_plain"] for name, day in days.items() if name >= fourth and "bt" in day]
    refused = sum(day["bt"].get("throttled_eod", 0) for name, day in days.items() if name >= fourth and "bt" in day)
    if before["refusals"] < 20 or refused != 0 or after["refusals"] != 0:
        yield f"{before['refusals']} refusals before it; after it {after['refusals']}, the provider counted {refused}"
    if min(accepted[:2]) < 44 or abs(after["accepted"] - sum(accepted)) > 1:  # midnight's own message
        yield f"taken a day after it: {accepted} of 49; the report says {after['accepted']}"


def check_expected(sample, report, renew):
    expected = HERE / f"{sample.parent.name}-{sample.name}.json"
    text = re.sub(r'"version": "[^"]*"', '"version": "-"', report.decode())
    if renew:
        expected.write_text(text)
    elif not expected.exists() or expected.read_text() != text:
        actual = expected.with_suffix(".actual")
        actual.write_text(text)
        yield f"the report is not the expected one: diff {expected} {actual}"


def check_described(binary):
    """Recordings of MTAs that a file in patterns/parsers/ describes. Courier names no host in what was refused, and
    nobody in a handshake that failed: its refusals are looked for under the recipients' domains."""
    domains = {"mx.bt.lon5.cpcloud.co.uk": ["btinternet.com", "talk21.com"], "mta7.am0.yahoodns.net": ["yahoo.co.uk"],
               "mx.strict.example.net": ["strict.example.net"], "mx.quiet.example.net": ["quiet.example.net"],
               "gmail-smtp-in.l.google.com": ["gmail.com"]}
    for mta in ("opensmtpd", "courier"):
        text = run(binary, "--format", "json", "--year", "2026", f"{mta}/maillog")
        run(binary, "--year", "2026", f"{mta}/maillog")  # and as text
        report = json.loads(text)
        yield from (f"{mta}: {what}" for what in check_same(binary, f"{mta}/maillog", (SAMPLES / mta / "maillog").read_bytes(), text))
        truth = json.loads((SAMPLES / mta / "truth.json").read_text())
        if report["input"]["unrecognized_lines"] or report["input"]["sources"][0]["mta"] != [mta]:
            yield f"{mta}: {report['input']['unrecognized_lines']} unrecognized lines, read as {report['input']['sources'][0]['mta']}"
        for listener in json.loads((SAMPLES / mta / "provider.json").read_text())["listeners"]:
            host, counts = listener["host"], truth.get(listener["name"], {})
            mine = [p for p in report["providers"] if host in p["relays"] or set(p["destinations"]) & set(domains.get(host, []))]
            total = lambda start: sum(n for name, n in counts.items() if name.startswith(start))
            throttled = 0 if listener["name"] == "strict" else total("throttled")
            told = {"accepted": total("accepted"), "refusals": total("throttled"), "throttled": throttled}
            said = {what: sum(p[what] for p in mine) for what in told}
            if mta == "opensmtpd":
                told["failed"] = total("tls_failed") + total("tls_dropped")
                said["failed"] = sum(t["failed"] for t in report["tls"] if t["peer"] == host)
            if said != told:
                yield f"{mta}: {host}: {said}, the host itself counted {told}"


def main():
    binary, renew = os.path.abspath(sys.argv[1]), "--renew" in sys.argv
    os.chdir(SAMPLES)
    failed = passed = 0
    for sample in sorted(SAMPLES.glob("*/*/")):
        log = next(path for path in sample.iterdir() if path.name.startswith(("maillog", "mainlog")))
        plain = lzma.decompress(log.read_bytes()) if log.suffix == ".xz" else log.read_bytes()
        fast, name = (sample / "story.json").exists(), log.relative_to(SAMPLES)
        text = run(binary, "--format", "json", "--year", "2026", name)
        report = json.loads(text)
        run(binary, "--year", "2026", name)  # as text: it runs to its end
        inbound = sum(t["failed"] for t in report["tls"] if t["direction"] == "inbound")
        expected = INBOUND_FAILURES[f"{sample.parent.name}/{sample.name}"]
        checks = {
            "truth": list(check_truth(sample, report, fast)),
            "inbound": [] if inbound == expected else [f"{inbound} failed inbound handshakes, {expected} clients broke theirs"],
            "queue": list(check_queue(binary, sample, name, fast)),
            "report": list(check_expected(sample, text, renew)),
            "until": list(check_until(binary, name, plain)) if fast else [],
            "remedy": list(check_remedy(binary, sample, name)) if fast else [],
            "same": list(check_same(binary, name, plain, text)),
            "iso": list(check_iso(binary, sample, expected)) if (sample / "iso-maillog.gz").exists() else [],
        }
        for check, complaints in checks.items():
            failed, passed = failed + bool(complaints), passed + (not complaints)
            for complaint in complaints:
                print(f"{sample.parent.name}/{sample.name} {check}: {complaint}")
    described = list(check_described(binary))
    failed, passed = failed + bool(described), passed + (not described)
    for complaint in described:
        print(complaint)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
