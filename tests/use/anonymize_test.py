#!/usr/bin/env python3
"""--anonymize: the same analysis under other names, and none of the old names anywhere.

    anonymize_test.py BINARY      exit 1 where a claim fails

What `events` says with and without it, side by side, tells which pseudonym stands for which name. The report with
pseudonyms, put back into names, must be the plain report, to the last word of its evidence.
"""
import json, os, pathlib, re, subprocess, sys, tempfile

BINARY = os.path.abspath(sys.argv[1])
SAMPLES = pathlib.Path(__file__).parents[2] / "samples"
LOGS = ["a/postfix/maillog", "a/exim/mainlog", "a/sendmail/maillog", "courier/maillog", "opensmtpd/maillog", "week2/exim/mainlog.xz"]
NAMES = {"host", "message_id", "sender", "recipient", "original_recipient", "client", "client_address", "auth_user", "local_user",
         "relay", "relay_address", "peer", "address"}
PEOPLE = """Nov 23 10:00:01 zarquon postfix/smtpd[11]: connect from laptop.magrathea.example[81.2.69.160]
Nov 23 10:00:01 zarquon postfix/smtpd[11]: 4A0000001: client=laptop.magrathea.example[81.2.69.160], sasl_method=PLAIN, sasl_username=slartibartfast
Nov 23 10:00:01 zarquon postfix/cleanup[12]: 4A0000001: message-id=<trillian-77@laptop.magrathea.example>
Nov 23 10:00:01 zarquon postfix/cleanup[12]: 4A0000001: warning: header Subject: fjords of Norway from laptop.magrathea.example[81.2.69.160]; from=<Slartibartfast@magrathea.example>
Nov 23 10:00:01 zarquon postfix/qmgr[13]: 4A0000001: from=<Slartibartfast@magrathea.example>, size=500, nrcpt=3 (queue active)
Nov 23 10:00:02 zarquon postfix/smtp[14]: 4A0000001: to=<zaphod@btinternet.com>, orig_to=<beeblebrox@magrathea.example>, relay=mx.bt.lon5.cpcloud.co.uk[65.20.0.49]:25, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (host mx.bt.lon5.cpcloud.co.uk[65.20.0.49] said: 421 Too many messages (1.5.6.1) from 81.2.69.142 (in reply to end of DATA command))
Nov 23 10:00:02 zarquon postfix/smtp[15]: 4A0000001: to=<"ford prefect"@betelgeuse.co.uk>, relay=mx1.betelgeuse.co.uk[2a02:db9:7::25]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx1.betelgeuse.co.uk[2a02:db9:7::25] said: 550 5.1.1 <"ford prefect"@betelgeuse.co.uk>: prefect is unknown to mx1.betelgeuse.co.uk, ask arthur.dent@betelgeuse.co.uk (in reply to RCPT TO command))
Nov 23 10:00:03 zarquon postfix/smtp[16]: 4A0000001: to=<deepthought@krikkit-com.mail.protection.outlook.com>, relay=krikkit-com.mail.protection.outlook.com[104.47.0.36]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)
Nov 23 10:00:04 zarquon postfix/smtp[17]: warning: what nobody described: agrajag@vogsphere.example at 203.0.113.77 and laptop.magrathea.example
"""
SECRETS = ["zarquon", "magrathea", "slartibartfast", "trillian", "fjords", "zaphod", "beeblebrox", "ford prefect", "betelgeuse", "arthur", "dent@", "deepthought",
           "krikkit", "agrajag", "vogsphere", "81.2.69", "65.20.0.49", "2a02:db9", "104.47.0.36", "203.0.113.77"]
FORMATS = ["text", "json", "html", "markdown", "csv", "prometheus", "junit", "mail"]
failures = []


def claim(what, holds, *seen):
    if not holds:
        failures.append(what)
        print(f"fails: {what}", *[str(s)[:600] for s in seen])


def run(*arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, env={**os.environ, "TZ": "UTC", "HOME": "/nonexistent", "COLUMNS": "120"})
    claim(f"{arguments}: nothing on standard error", done.stderr == b"", done.stderr)
    return done.stdout.decode()


def events_of(log, *more):
    return [json.loads(line) for line in run("events", "--year", "2026", *more, log).splitlines()]


class Names:
    """Pseudonyms to names, by the parts that they are made of."""

    def __init__(self):
        self.plain = {}
        self.clashes = []

    def learn(self, plain, pseudonym):
        if pseudonym == plain:
            return
        if "@" in plain:
            (user, domain), (other_user, other_domain) = plain.rsplit("@", 1), pseudonym.rsplit("@", 1)
            self.put(user, other_user)
            return self.learn(domain, other_domain)
        if re.fullmatch(r"[0-9.]+|.*:.*", plain) or plain.count(".") != pseudonym.count("."):
            return self.put(plain, pseudonym)
        for label, other in zip(plain.split("."), pseudonym.split(".")):
            self.put(label, other)

    def put(self, plain, pseudonym):
        if pseudonym == plain:
            return
        known = self.plain.setdefault(pseudonym.lower(), plain)
        if known.lower() != plain.lower():
            self.clashes.append((known, plain, pseudonym))

    def put_back(self, text):
        pattern = r"(?<![A-Za-z0-9.])(?:240|24[1-9]|25[0-5]|10)(?:\.\d+){3}(?![0-9.])|2001:db8:[0-9a-f:]+|[A-Za-z0-9]+"
        return re.sub(pattern, lambda m: self.plain.get(m[0].lower(), m[0]), text)


def sorted_throughout(value):
    """Lists of equals stand in the order of their names: put in one that both have."""
    if isinstance(value, dict):
        return {key: sorted_throughout(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return sorted((sorted_throughout(inner) for inner in value), key=lambda inner: json.dumps(inner))
    return value.lower() if isinstance(value, str) else value


def the_same_analysis(log, key):
    plain, other = events_of(log), events_of(log, "--anonymize", "--anonymize-key", key)
    claim(f"{log}: as many events", len(plain) == len(other) > 0)
    names = Names()
    for a, b in zip(plain, other):
        claim(f"{log}: all but names is the same", {k: v for k, v in a.items() if k not in NAMES | {"reply"}} == {k: v for k, v in b.items() if k not in NAMES | {"reply"}}, a, b)
        for field in NAMES & a.keys():
            names.learn(a[field], b[field])
    claim(f"{log}: one name for each pseudonym", not names.clashes, names.clashes[:5])
    claim(f"{log}: names were exchanged", len(names.plain) > 5, len(names.plain))
    for command in (["report"], ["queue"], ["compare", "--at", "2026-11-23T17:47:00"]):
        command = [*command, "--year", "2026", "--format", "json", log]
        before, after = json.loads(run(*command)), json.loads(names.put_back(run(*command, "--anonymize", "--anonymize-key", key)))
        first, second = sorted_throughout(before), sorted_throughout(after)
        claim(f"{log}: {command[0]} with the names put back is the plain one", first == second, difference(first, second))


def difference(a, b, path=""):
    if type(a) is not type(b) or not isinstance(a, (dict, list)):
        return None if a == b else (path, a, b)
    items = [(k, a.get(k), b.get(k)) for k in a.keys() | b.keys()] if isinstance(a, dict) else [(i, x, y) for i, (x, y) in enumerate(zip(a, b))]
    if isinstance(a, list) and len(a) != len(b):
        return path, len(a), len(b)
    return next((found for k, x, y in items if (found := difference(x, y, f"{path}/{k}"))), None)


def nobody_is_named(folder):
    log = folder / "people"
    log.write_text(PEOPLE)
    outputs = {f"report --format {form}": ["report", "--format", form, *(["--to", "root@localhost"] if form == "mail" else [])] for form in FORMATS}
    outputs |= {"report --verbose": ["report", "--verbose", "--quiet"], "queue": ["queue"], "queue, JSON": ["queue", "--format", "json"], "events": ["events"],
                "compare": ["compare", "--at", "2026-11-23T10:00:02"], "trace": ["trace", "zaphod@btinternet.com"], "trace by id": ["trace", "4A0000001"]}
    for name, arguments in outputs.items():
        plain, other = run(*arguments, "--year", "2026", str(log)), run(*arguments, "--year", "2026", "--anonymize", str(log))
        told = [secret for secret in SECRETS if secret in other.lower()]
        claim(f"{name}: tells no name", not told, told, other)
        claim(f"{name}: tells as much", len(other.splitlines()) >= len(plain.splitlines()) * 0.9 > 0, other)
    named = [secret for secret in SECRETS if secret in run("events", "--year", "2026", str(log)).lower() + run("trace", "4A0000001", "--year", "2026", str(log)).lower()]
    claim("without it, all are told", len(named) >= len(SECRETS) - 1, set(SECRETS) - set(named))
    report = run("report", "--year", "2026", "--anonymize", str(log))
    claim("the provider keeps its name", "BT Internet" in report and "421 Too many messages (1.5.6.1)" in report, report)


def keys(folder):
    log = str(folder / "people")
    (folder / "one").write_bytes(os.urandom(32))
    (folder / "two").write_bytes(os.urandom(32))
    (folder / "short").write_bytes(b"secret\n")

    def report(*more):
        return run("events", "--year", "2026", "--anonymize", *more, log)

    one = report("--anonymize-key", str(folder / "one"))
    claim("the same key, the same names", one == report("--anonymize-key", str(folder / "one")))
    claim("another key, other names", one != report("--anonymize-key", str(folder / "two")))
    claim("no key, other names each time", report() != report())
    claim("however many threads", run("events", "--jobs", "3", "--block-bytes", "100", "--year", "2026", "--anonymize", "--anonymize-key", str(folder / "one"), log) == one)
    for arguments in (["--anonymize", "--anonymize-key", str(folder / "short")], ["--anonymize", "--anonymize-key", "missing"], ["--anonymize-key", str(folder / "one")],
                      ["--anonymize", "--state", str(folder / "state")]):
        done = subprocess.run([BINARY, *arguments, log], capture_output=True)
        claim(f"{arguments[:2]}: refused in one sentence", done.returncode == 2 and b"--anonymize" in done.stderr and done.stdout == b"", done)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    (folder / "key").write_bytes(os.urandom(32))
    for log in LOGS:
        the_same_analysis(str(SAMPLES / log), str(folder / "key"))
    nobody_is_named(folder)
    keys(folder)
print(f"{len(failures)} claims fail" if failures else "all claims hold")
sys.exit(1 if failures else 0)
