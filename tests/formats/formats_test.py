#!/usr/bin/env python3
"""The formats as those who take them read them: csv, XML, MIME and promtool, on a sample and on a hostile log.

    formats_test.py BINARY
"""
import csv, email, email.policy, io, json, os, pathlib, re, shutil, subprocess, sys, tempfile
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLE = "samples/week/postfix/maillog.xz"
NAMES = ["=cmd|calc.example", "@sum.example", "+1.example", "-1.example"]
REPLY = 'Too many messages \x1b[31m </failure>]]> "q" `rm` |x| \u202e <b>'


def hostile():
    lines = []
    for i, name in enumerate(NAMES):
        lines.append(f"Dec  9 10:00:0{i} mx postfix/smtp[9]: AAAA111{i}: to=<a@{name}>, relay=mx.evil.example[192.0.2.1]:25, delay=1, "
                     f"delays=0/0/0/1, dsn=4.7.0, status=deferred (host mx.evil.example[192.0.2.1] said: 421 4.7.0 {REPLY} "
                     "(in reply to end of DATA command))\n")
    return "".join(lines)


def report(binary, form, log, *more):
    return subprocess.run([binary, "--timezone", "UTC", "--year", "2026", "--format", form, *more, str(log)], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def check_csv(text, wanted):
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [int(r["accepted"]) for r in rows] == [p["accepted"] for p in wanted["providers"]]
    assert [int(r["queued"]) for r in rows] == [p["queue"]["queued"] for p in wanted["providers"]]
    for row, provider in zip(rows, wanted["providers"], strict=True):
        assert row["provider"][:1] not in set("=+-@\t\r"), row
        assert row["provider"].removeprefix("'") == provider["provider"], row


def check_junit(text, wanted):
    suite = xml.fromstring(text)
    assert suite.tag == "testsuite" and int(suite.get("tests")) == len(suite.findall("testcase"))
    failed = [c.find("failure").get("message") for c in suite if c.find("failure") is not None]
    assert failed == [f["title"] for f in wanted["findings"] if f["severity"] != "info"], failed
    assert int(suite.get("failures")) == len(failed)


def check_mail(text, wanted):
    assert text.isascii() and max(map(len, text.split("\n"))) <= 78, "a line too long or a byte beyond ASCII"
    message = email.message_from_string(text, policy=email.policy.default)
    assert not message.defects and message["To"] == "a@example.org, b@example.org" and message["From"] == "mta@example.org"
    assert message["Auto-Submitted"] == "auto-generated" and message["MIME-Version"] == "1.0" and message["Date"].datetime
    assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", message["Message-ID"])
    assert wanted["findings"][0]["title"] in message["Subject"], message["Subject"]
    plain, html = message.iter_parts()
    assert [plain.get_content_type(), html.get_content_type()] == ["text/plain", "text/html"]
    assert "<script" not in html.get_content() and "\u202e" not in html.get_content() + plain.get_content()
    for finding in wanted["findings"][:1]:
        assert finding["title"] in " ".join(plain.get_content().split()), finding["title"]


def check_prometheus(text, wanted):
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    for provider in wanted["providers"]:
        assert float(values[f'mtalens_provider_accepted_messages{{provider="{provider["provider"]}"}}']) == provider["accepted"]
    assert sum(float(v) for k, v in values.items() if k.startswith("mtalens_findings{")) == len(wanted["findings"])
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
        assert done.returncode == 0 and not done.stderr, done.stderr


def check_contrib(text):
    known = set(re.findall(r"^# TYPE (\S+)", text, re.M))
    folder = ROOT / "contrib/prometheus"
    json.loads((folder / "grafana-dashboard.json").read_text())
    for name in ["alerts.yml", "grafana-dashboard.json"]:
        used = set(re.findall(r"\bmtalens_\w+", (folder / name).read_text()))
        assert used and used <= known, used - known
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "rules", folder / "alerts.yml"], text=True, capture_output=True)
        assert done.returncode == 0, done.stderr


def check_markdown(text, wanted):
    assert text.count("\n## ") == len(wanted["findings"]) + 1
    outside = re.sub(r"^(```+)$.*?^\1$", "", text, flags=re.M | re.S)
    assert not re.search(r"(?<!\\)[<>]", outside) and "\u202e" not in text and "\x1b" not in text


def check_addresses(binary):
    for address in ["a@example.org\nBcc: x@example.net", "a@example.org, b@example.org", "<a@example.org>", ""]:
        done = subprocess.run([binary, "--format", "mail", "--to=" + address, "/dev/null"], capture_output=True)
        assert done.returncode == 2 and not done.stdout, address
    assert subprocess.run([binary, "--format", "mail", "/dev/null"], capture_output=True).returncode == 2


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        evil = pathlib.Path(folder) / "evil.log"
        evil.write_text(hostile())
        for log in [SAMPLE, evil]:
            wanted = json.loads(report(binary, "json", log))
            assert wanted["findings"] and wanted["providers"]
            check_csv(report(binary, "csv", log), wanted)
            check_junit(report(binary, "junit", log), wanted)
            check_mail(report(binary, "mail", log, "--from", "mta@example.org", "--to", "a@example.org", "--to", "b@example.org"), wanted)
            check_prometheus(report(binary, "prometheus", log), wanted)
            check_markdown(report(binary, "markdown", log), wanted)
        check_contrib(report(binary, "prometheus", SAMPLE))
        check_addresses(binary)
    print("csv, junit, mail, prometheus and markdown read as they should")


main()
