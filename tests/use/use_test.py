#!/usr/bin/env python3
"""What an admin's hands do to mtalens: files that are not there, readers that leave, broken lines, pattern files.

    use_test.py BINARY      exit 1 where a claim fails
"""
import gzip, json, os, pathlib, pty, signal, subprocess, sys, tempfile, time

SEED = rb"""Aug 26 20:33:31 mail sm-mta[84848]: STARTTLS=server, error: accept failed=-1, SSL_error=1, errno=0, retry=-1, relay=mail-qg0-f50.google.com [209.85.192.50]
Aug 26 20:33:31 mail sm-mta[84848]: STARTTLS=server: 84848:error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared cipher:/usr/src/secure/lib/libssl/../../../crypto/openssl/ssl/s3_srvr.c:1073:
Aug 26 20:33:31 mail sm-mta[84848]: t7QJXCPI084848: mail-qg0-f50.google.com [209.85.192.50] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA
Aug 26 20:34:01 mail sm-mta[84899]: t7QJY1aB084899: from=<news@shop.example>, size=2345, class=0, nrcpts=1, msgid=<1@shop.example>, proto=ESMTP, daemon=IPv4, relay=mx.shop.example [192.0.2.7]
Aug 26 20:34:02 mail sm-mta[84901]: t7QJY1aB084899: to=<fred@btinternet.com>, ctladdr=<fred@customer.example> (1001/1001), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120345, relay=mx.bt.lon5.cpcloud.co.uk. [65.20.0.49], dsn=4.0.0, stat=Deferred: 421 Too many messages (1.5.6.1) from 81.2.3.4
"""
OWN = """{"replies": [
{"id": "x/bt", "meaning": "throttle/rate", "literal": "too many messages"},
{"id": "x/bad", "meaning": "nonsense", "literal": "xyzzy one"}]}
"""
BINARY = os.path.abspath(sys.argv[1])
failures = []


def run(*arguments, stdin=None):
    environment = {**os.environ, "TZ": "UTC", "HOME": "/nonexistent"}
    return subprocess.run([BINARY, *arguments], input=stdin, capture_output=True, env=environment)


def claim(what, holds, *seen):
    if not holds:
        failures.append(what)
        print(f"fails: {what}", *seen)


def says_the_seed(done):
    """One throttled refusal by BT, one failed handshake that Google's host began, every line understood."""
    report = json.loads(done.stdout)
    bt = [p for p in report["providers"] if p["provider"] == "BT Internet"]
    tls = [(t["direction"], t["peer"], t["failed"], t["causes"]) for t in report["tls"]]
    return (
        report["input"]["mail_lines"] == 5
        and report["input"]["unrecognized_lines"] == 0
        and [(p["refusals"], p["throttled"]) for p in bt] == [(1, 1)]
        and tls == [("inbound", "mail-qg0-f50.google.com", 1, {"no-shared-cipher": 1})]
    )


def files_and_readers():
    pathlib.Path("seed").write_bytes(SEED)
    done = run("--year", "2015", "missing", "seed")
    complaints = done.stderr.decode().splitlines()
    claim("a missing file: one line, exit 2", done.returncode == 2 and complaints == ["mtalens: missing: No such file or directory"], complaints)
    claim("a missing file: the other is reported", b"BT Internet" in done.stdout)

    reader, writer = os.pipe()
    os.close(reader)
    gone = subprocess.run([BINARY, "--year", "2015", "seed"], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    claim("a reader that went away is a success", (gone.returncode, gone.stderr) == (0, b""), gone)

    parent, terminal = pty.openpty()
    done = subprocess.run([BINARY], stdin=terminal, capture_output=True, timeout=20)
    claim("no input on a terminal: the help, with --journal", b"--journal" in done.stdout, done.stdout[:200])
    for end in (parent, terminal):
        os.close(end)


def lines_of_any_kind():
    first, rest = SEED.splitlines(keepends=True)[:2], SEED.splitlines(keepends=True)[2:]
    junk = bytes(range(256)) * 64 + b"\n" + b"x" * 100_000 + b"\n" + b"\0\0\0\n"
    forms = {
        "CRLF": SEED.replace(b"\n", b"\r\n"),
        "no final newline": SEED.rstrip(b"\n"),
        "binary junk between lines": b"".join(first) + junk + b"".join(rest),
        "empty lines": SEED.replace(b"\n", b"\n\n"),
    }
    json_2015 = ("--year", "2015", "--format", "json")
    for name, data in forms.items():
        pathlib.Path("form").write_bytes(data)
        claim(f"{name}: the same, from a file", says_the_seed(run(*json_2015, "form")))
        claim(f"{name}: the same, from a pipe", says_the_seed(run(*json_2015, stdin=data)))
    pathlib.Path("empty").write_bytes(b"")
    claim("an empty file beside it changes nothing", says_the_seed(run(*json_2015, "empty", "seed")))
    claim("an empty file alone is no error", run("empty").returncode == 0)
    pathlib.Path("copy").write_bytes(SEED)
    done = run(*json_2015, "seed", "copy")
    claim("the same line in two files counts once", says_the_seed(done) and json.loads(done.stdout)["input"]["duplicate_lines"] == 5)
    for wanted in ("t7QJY1aB084899", "1@shop.example", "fred@btinternet.com"):
        lines = run("trace", wanted, "--year", "2015", "seed").stdout
        claim(f"trace {wanted} shows the message's lines", lines.count(b"t7QJY1aB084899") == 2, lines)


def patterns_of_ones_own():
    pathlib.Path("own").mkdir()
    pathlib.Path("own/own.json").write_text(OWN)
    done = run("--patterns", "own", "--year", "2015", "seed")
    complaints = done.stderr.decode().splitlines()
    claim("a broken entry: file, line, reason, exit 2", done.returncode == 2 and len(complaints) == 1 and complaints[0].startswith('mtalens: own/own.json:3: "x/bad"'), complaints)
    claim("the rest of the file goes on, and the report says so", b"comes too fast" in done.stdout and b"1 x x/bt (own/own.json)" in done.stdout, done.stdout)
    done = run("patterns", "test", "own")
    claim("patterns test names file and entry, exit 2", done.returncode == 2 and b"own/own.json: x/bt: has no example" in done.stdout, done.stdout)
    claim("patterns test of ours holds", run("patterns", "test").returncode == 0)
    claim("patterns test of a folder that is not there, exit 2", run("patterns", "test", "missing").returncode == 2)
    for known in ("bt/too-many-messages", "throttle/too-many-messages", "tls/no-shared-cipher", "openssl/no-shared-cipher", "bt-internet"):
        done = run("explain", known)
        claim(f"explain {known}", done.returncode == 0 and done.stdout.startswith(known.encode()), done.stdout[:100])


def folders_and_patterns():
    logs = pathlib.Path("log")
    (logs / "exim4").mkdir(parents=True)
    (logs / "apt").mkdir()
    (logs / "mail.log").write_bytes(SEED)
    (logs / "mail.log.2.gz").write_bytes(gzip.compress(SEED.replace(b"Aug 26", b"Aug 25").replace(b"t7Q", b"t6Q")))
    (logs / "exim4" / "mainlog").write_text("2015-08-26 20:35:00 1xVY79-0002qH-04 <= a@shop.example H=mx [192.0.2.7] P=esmtp S=304\n")
    (logs / "syslog").write_text("no mail log\n")
    (logs / "apt" / "mail.log").write_text("nor this\n")

    def sources(*names):
        return [s["name"] for s in json.loads(run("--year", "2015", "--format", "json", *names).stdout)["input"]["sources"]]

    claim("a folder: its mail logs and their rotations, and those of its mail folders", sources("log") == ["log/exim4/mainlog", "log/mail.log", "log/mail.log.2.gz"], sources("log"))
    claim("a pattern in quotes, each file once", sources("log/mail.log*", "log/mail.log") == ["log/mail.log", "log/mail.log.2.gz"], sources("log/mail.log*"))
    for name, why in (("log/apt/x*", "there is no such file"), ("log/empty", "no mail log is in this folder")):
        (logs / "empty").mkdir(exist_ok=True)
        done = run(name)
        claim(f"{name}: said, exit 2", done.returncode == 2 and why in done.stderr.decode(), done.stderr)


def interrupted_run():
    """Half a log comes through a pipe, then Ctrl-C: what was read until then is told."""
    lines = [SEED.replace(b"t7QJY1aB084899", b"t7QJY1aB%06d" % n) for n in range(4000)]
    process = subprocess.Popen([BINARY, "--year", "2015", "--format", "json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"".join(lines))
    process.stdin.flush()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    try:
        process.stdin.write(b"".join(lines))
    except BrokenPipeError:
        pass
    output, complaint = process.communicate()
    claim("Ctrl-C: exit 2, and why", process.returncode == 2 and b"stopped before the end" in complaint, process.returncode, complaint)
    told = json.loads(output)["input"]
    claim("Ctrl-C: what was read is told, marked as partial", told.get("interrupted") is True and 0 < told["lines"] < 2 * 5 * 4000, told["lines"])


def who_may_read_what_is_written():
    """Addresses are for the owner; metrics, which hold none, for their collector; what is replaced keeps its mode."""
    seed, mode = pathlib.Path("seed.log"), lambda name: os.stat(name).st_mode & 0o777
    seed.write_bytes(SEED)
    run("--year", "2015", "--quiet", "-o", "report.txt", "seed.log")
    run("--year", "2015", "--quiet", "--format", "prometheus", "-o", "mail.prom", "seed.log")
    claim("a report is its owner's", mode("report.txt") == 0o600, oct(mode("report.txt")))
    claim("metrics are everyone's", mode("mail.prom") == 0o644, oct(mode("mail.prom")))
    claim("and name nobody", b"@" not in pathlib.Path("mail.prom").read_bytes())
    os.chmod("report.txt", 0o640)
    run("--year", "2015", "--quiet", "-o", "report.txt", "seed.log")
    claim("what is replaced keeps its mode", mode("report.txt") == 0o640, oct(mode("report.txt")))
    pathlib.Path("precious").write_text("precious")
    os.symlink("precious", "page.html.new")
    refused = run("--year", "2015", "--quiet", "--format", "html", "-o", "page.html", "seed.log")
    claim("a link laid in the way is not followed", refused.returncode == 2 and pathlib.Path("precious").read_text() == "precious", refused)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    files_and_readers()
    lines_of_any_kind()
    patterns_of_ones_own()
    folders_and_patterns()
    interrupted_run()
    who_may_read_what_is_written()
    os.chdir("/")
print(f"{len(failures)} claims fail" if failures else "every claim holds")
sys.exit(1 if failures else 0)
