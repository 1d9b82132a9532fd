#!/usr/bin/env python3
"""mtalens watch while its log grows, is rotated, comes through a pipe, and ends.

    watch_test.py BINARY      exit 1 where a claim fails

The log is the week's (samples/week/postfix): when its forward began and ended and until when the client failed its
handshakes stands in story.json; what BT took each day in truth.json.
"""
import datetime, json, lzma, os, pathlib, pty, re, select, signal, subprocess, sys, tempfile, time

BINARY = os.path.abspath(sys.argv[1])
WEEK = pathlib.Path(__file__).parents[2] / "samples/week/postfix"
LINES = lzma.open(WEEK / "maillog.xz").read().splitlines(keepends=True)
STORY = json.loads((WEEK / "story.json").read_text())
ENVIRONMENT = {**os.environ, "TZ": "UTC", "HOME": "/nonexistent", "TERM": "xterm"}
failures = []


def claim(what, holds, *seen):
    if not holds:
        failures.append(what)
        print(f"fails: {what}", *seen)


def watch(*arguments, **more):
    return subprocess.Popen([BINARY, "watch", "--year", "2026", *arguments], env=ENVIRONMENT, **more)


def time_of(line):
    return datetime.datetime.strptime("2026 " + line[:12].strip(), "%Y %d %b %H:%M").replace(tzinfo=datetime.timezone.utc).timestamp()


def wait_for(condition, seconds):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def read_until(file, text, seconds):
    return wait_for(lambda: text in file.read_text(), seconds)


def through_rotations(folder):
    """Day by day, renamed on one noon, copied and truncated on another: what is told when, against the story."""
    log, out = folder / "maillog", folder / "out"
    log.write_bytes(b"")
    with open(out, "wb") as to:
        watching = watch(str(log), stdout=to, stderr=subprocess.PIPE)
        step = 700
        for piece, begin in enumerate(range(0, len(LINES), step)):
            with open(log, "ab") as file:
                file.write(b"".join(LINES[begin:begin + step]))
            time.sleep(0.05)
            if piece == 30:
                time.sleep(0.5)
                log.rename(folder / "maillog.1")
                log.write_bytes(b"")
            if piece == 60:
                time.sleep(0.5)
                (folder / "maillog.2").write_bytes(log.read_bytes())
                os.truncate(log, 0)
        claim("the cure is told", read_until(out, "the cure: the forward of fred@customer.example ended", 10))
        time.sleep(1)
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=10)
    claim("Ctrl-C is a good end", watching.returncode == 0, watching.returncode)
    claim("nothing on standard error", errors == b"", errors)
    said = out.read_text().splitlines()

    def told(word, text):
        return [line for line in said if f"  {word} " in line and text in line]

    began = told("begins", "the cause: the forward of fred@customer.example began")
    claim("the forward's begin is the cause, once", len(began) == 1, began)
    claim("not before it began", began and time_of(began[0]) >= STORY["forward_begins"], began)
    cure = told("begins", "the cure: the forward of fred@customer.example ended")
    claim("its end is the cure, once", len(cure) == 1, cure)
    claim("not before it ended", cure and time_of(cure[0]) >= STORY["forward_ends"], cure)
    claim("BT's refusals begin once", len(told("begins", "BT Internet takes 49") + told("begins", "BT Internet refuses you")) == 1, said)
    ended = told("ends", "mail-qg0-f50.google.com fails STARTTLS")
    claim("the client that was mended ends", len(ended) == 1, ended)
    failed = [line for line in LINES if b"mail-qg0-f50.google.com" in line and b"SSL_accept error" in line]
    last = datetime.datetime.strptime("2026 " + failed[-1][:15].decode(), "%Y %b %d %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    claim("not before its last failure", ended and time_of(ended[0]) >= last.timestamp(), ended, last)
    claim("the one that never succeeds does not end", not told("ends", "mx.nocipher"), told("ends", "mx.nocipher"))


def within_two_seconds(folder):
    log, out = folder / "quick", folder / "quick.out"
    first = next(i for i, line in enumerate(LINES) if b"421 Too many messages" in line)
    log.write_bytes(b"".join(LINES[first - 300:first]))
    with open(out, "wb") as to:
        watching = watch(str(log), stdout=to)
        time.sleep(1)
        claim("no refusal yet", "BT Internet" not in out.read_text(), out.read_text())
        with open(log, "ab") as file:
            file.write(LINES[first])
        claim("told within two seconds", read_until(out, "BT Internet refuses you", 2), out.read_text())
        watching.terminate()
        claim("SIGTERM is a good end", watching.wait(timeout=10) == 0)


def a_pipe(folder):
    """All at once, the last line without its end, and the command gets each finding."""
    got = folder / "findings"
    done = subprocess.run([BINARY, "watch", "--year", "2026", "--format", "json", "--on-finding", f"cat >> {got}; echo >> {got}.n"],
                          input=b"".join(LINES)[:-1], env=ENVIRONMENT, capture_output=True)
    claim("the end of a pipe is a good end", done.returncode == 0, done)
    news = [json.loads(line) for line in done.stdout.splitlines()]
    claim("each is a finding with its news", news and all(n["news"] in ("stands", "begins", "worse", "ends") and n["id"] for n in news), done.stdout)
    claim("the command ran for each", len(open(f"{got}.n").readlines()) == len(news), len(news))
    words = open(got).read()
    claim("with the finding", all(json.dumps(n["title"], ensure_ascii=False) in words for n in news))


def a_terminal(folder):
    """The screen is taken and given back, and a log's escape sequences do not reach it."""
    log = folder / "evil"
    evil = LINES[next(i for i, line in enumerate(LINES) if b"421 Too many messages" in line)]
    log.write_bytes(evil.replace(b"421 Too many messages", b"421 \x1b]0;owned\x07 Too many messages"))
    master, slave = pty.openpty()
    watching = watch("--color", "never", str(log), stdout=slave, stderr=slave, stdin=slave)
    os.close(slave)
    time.sleep(1)
    watching.send_signal(signal.SIGINT)
    seen = b""
    while select.select([master], [], [], 3)[0]:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        seen += piece
        if not piece:
            break
    claim("ended well", watching.wait(timeout=10) == 0)
    claim("the other screen, and back", b"\x1b[?1049h" in seen and b"\x1b[?1049l" in seen, seen[:200])
    claim("it shows who refuses", b"BT Internet" in seen, seen)
    claim("nothing of the log's own", b"owned\x07" not in seen and b"\x1b]" not in seen, seen)


def hands(folder):
    missing = subprocess.run([BINARY, "watch", str(folder / "nothing")], env=ENVIRONMENT, capture_output=True, timeout=20)
    claim("a file that is not there ends it", missing.returncode == 2 and b"nothing" in missing.stderr, missing)
    for wrong in (["--since", "today"], ["-o", "x"]):
        refused = subprocess.run([BINARY, "watch", *wrong, "/dev/null"], env=ENVIRONMENT, capture_output=True, timeout=20)
        claim(f"{wrong[0]} makes no sense", refused.returncode == 2 and refused.stderr, refused)


with tempfile.TemporaryDirectory() as name:
    for test in (through_rotations, within_two_seconds, a_pipe, a_terminal, hands):
        test(pathlib.Path(name))
sys.exit(1 if failures else 0)
