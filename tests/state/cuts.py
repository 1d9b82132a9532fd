#!/usr/bin/env python3
"""Recordings cut at random points, read run by run through --state: the last report equals the one of a single run.

cuts.py MTALENS [SEED [ROUNDS]]: the logs grow by random stretches that end anywhere, in the middle of a line too; between
runs they are rotated in each of the ways logrotate knows. Every report is compared to the byte, but for `input`.
"""
import datetime
import gzip
import json
import lzma
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"
LOGS = ["week/postfix/maillog", "week/sendmail/maillog", "week/exim/mainlog",
        "a/postfix/maillog", "a/sendmail/maillog", "a/exim/mainlog", "opensmtpd/maillog", "courier/maillog"]


def plain(name):
    packed = SAMPLES / (name + ".xz")
    return lzma.decompress(packed.read_bytes()) if packed.exists() else (SAMPLES / name).read_bytes()


def run(folder, *arguments, expect=0):
    done = subprocess.run([PROGRAM, "report", "--format", "json", "--year", "2026", *arguments], cwd=folder, capture_output=True,
                          stdin=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC", "HOME": str(folder)})
    if done.returncode != expect:
        sys.exit(f"{arguments}: exit {done.returncode}, not {expect}: {done.stderr.decode()}")
    return done


def report(folder, *arguments):
    told = json.loads(run(folder, *arguments).stdout)
    del told["input"]
    return json.dumps(told, indent=1)


def in_order(folder, name="maillog"):
    """The log's files, the oldest first."""
    files = sorted(folder.glob(name + ".*"), key=lambda path: -int(path.name[len(name) + 1:].split(".")[0]))
    return [path.name for path in files if not path.name.endswith(".lock")] + [name]


def rotate(folder, way, name="maillog"):
    """mail.log.1 becomes mail.log.2 and so on; the way says what becomes of the log itself and of its first rotation."""
    for file in in_order(folder, name)[:-1]:
        number, *packed = file[len(name) + 1:].split(".")
        target = folder / ".".join([name, str(int(number) + 1), *packed])
        (folder / file).rename(target)
        if way == "gz" and not packed:
            with gzip.open(str(target) + ".gz", "wb") as out:
                out.write(target.read_bytes())
            shutil.copystat(target, str(target) + ".gz")  # as gzip does
            target.unlink()
        if way == "zst" and not packed:
            subprocess.run(["zstd", "-q", "--rm", str(target)], check=True)
    log = folder / name
    if way == "copytruncate":
        shutil.copyfile(log, folder / (name + ".1"))
        os.truncate(log, 0)
    else:
        log.rename(folder / (name + ".1"))
        log.touch()


def cut_at_line(data, at):
    return data.rfind(b"\n", 0, at) + 1


def one_log(log, ways, rounds, chance):
    """The log grows and is rotated; what a single run says of the files that lie there at the end is the truth."""
    data = plain(log)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "maillog").touch()
        cuts = sorted(chance.randrange(len(data)) for _ in range(rounds)) + [len(data)]
        begin = 0
        for number, end in enumerate(cuts):
            rotates = ways and number > 0 and chance.random() < 0.5
            if rotates:  # a daemon finishes its line before it opens the new file
                whole = cut_at_line(data, end) if chance.random() < 0.5 else data.find(b"\n", begin) + 1
                whole = max(begin, min(whole, end))
                if data[whole - 1:whole] == b"\n":
                    with open(folder / "maillog", "ab") as out:
                        out.write(data[begin:whole])
                    begin = whole
                    rotate(folder, chance.choice(ways))
            with open(folder / "maillog", "ab") as out:
                out.write(data[begin:end])
            begin = end
            files = in_order(folder)
            last = report(folder, "--state", "state", *(files if chance.random() < 0.5 or end == len(data) else ["maillog"]))
        files = in_order(folder)
        once = report(folder, *files)
        size = (folder / "state").stat().st_size
        if last != once:
            (pathlib.Path(tempfile.gettempdir()) / "state-last.json").write_text(last)
            (pathlib.Path(tempfile.gettempdir()) / "state-once.json").write_text(once)
            sys.exit(f"{log}: {len(cuts)} runs over {files} do not agree with one (state-last.json, state-once.json)")
        again = report(folder, "--state", "state", *files)
        if again != once:
            sys.exit(f"{log}: one more run without new lines counted something again")
        return len(cuts), size


def two_logs_at_once(chance):
    """What comes in stands in one log, what goes out in another; both end at the same second, or in the middle of a line
    of the next."""
    lines = plain("a/postfix/maillog").splitlines(keepends=True)
    split = {"in.log": [line for line in lines if b"/smtpd[" in line or b"/cleanup[" in line]}
    split["out.log"] = [line for line in lines if line not in set(split["in.log"])]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        moments = sorted(chance.choice(lines)[:15] for _ in range(6)) + [b"~"]
        for moment in moments:
            for log, all_lines in split.items():
                whole = [line for line in all_lines if line[:15] < moment]
                torn = all_lines[len(whole)][:chance.randrange(40)] if len(whole) < len(all_lines) else b""
                (folder / log).write_bytes(b"".join(whole) + torn)
            last = report(folder, "--state", "state", "in.log", "out.log")
        if last != report(folder, "in.log", "out.log"):
            sys.exit("two logs that grow at once do not agree with one run")


def the_same_lines_twice(chance):
    """mail.log and mail.info of one host hold the same lines; each counts once, wherever the runs end."""
    data = plain("a/postfix/maillog")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for end in sorted(chance.randrange(len(data)) for _ in range(6)) + [len(data)]:
            (folder / "mail.log").write_bytes(data[:end])
            (folder / "mail.info").write_bytes(data[:max(0, end - chance.randrange(300)) if end < len(data) else end])
            last = report(folder, "--state", "state", "mail.log", "mail.info")
        once = report(folder, "mail.log", "mail.info")
        if last != once:
            sys.exit("the same lines in two logs were counted twice")


def rotated_twice(chance):
    """Only the log is named, and it was rotated twice since the last run: what lies beside it is found."""
    data = plain("a/postfix/maillog")
    cuts = [0, *sorted(cut_at_line(data, chance.randrange(len(data))) for _ in range(2)), len(data)]
    for first in (0, 20, cuts[1] // 2):  # the first run saw an empty log, half a line, half a log
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "maillog").write_bytes(data[:first])
            run(folder, "--state", "state", "maillog")
            for begin, end in zip(cuts, cuts[1:]):
                with open(folder / "maillog", "ab") as out:
                    out.write(data[max(begin, first if begin == 0 else 0):end])
                if end != len(data):
                    rotate(folder, "gz")
            if report(folder, "--state", "state", "maillog") != report(folder, *in_order(folder)):
                sys.exit(f"rotated twice after a run over {first} bytes: {sorted(os.listdir(folder))}")


def damage(chance):
    """A state with a wrong byte is set aside and begun anew from the logs; one of a newer version stays."""
    data = plain("a/exim/mainlog")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "maillog").write_bytes(data)
        once = report(folder, "--state", "state", "maillog")
        state = (folder / "state").read_bytes()
        if (folder / "state").stat().st_mode & 0o777 != 0o600:
            sys.exit("the state is not the owner's alone")
        for at in [0, 9, 30, 40, len(state) - 1] + [chance.randrange(len(state)) for _ in range(20)]:
            broken = bytearray(state)
            broken[at] ^= 1 << chance.randrange(8)
            (folder / "state").write_bytes(broken)
            done = run(folder, "--state", "state", "maillog", expect=2)
            if b"damaged" not in done.stderr or (folder / "state.damaged").read_bytes() != broken:
                sys.exit(f"byte {at}: not set aside: {done.stderr.decode()}")
            told = json.loads(done.stdout)
            del told["input"]
            if json.dumps(told, indent=1) != once:
                sys.exit(f"byte {at}: not begun anew from the logs")


def since_the_last_run(chance):
    """--since a moment after the state's end is as exact as over all the log; before it, it says that it cannot be told."""
    data = plain("a/postfix/maillog")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        middle = cut_at_line(data, len(data) // 2)
        (folder / "maillog").write_bytes(data[:middle])
        end = json.loads(run(folder, "--state", "state", "maillog").stdout)["input"]["to"]
        since = (datetime.datetime.fromisoformat(end[:19]) + datetime.timedelta(seconds=1)).isoformat() + "Z"
        (folder / "maillog").write_bytes(data)
        once = report(folder, "--since", since, "maillog")
        if once == report(folder, "maillog") or report(folder, "--state", "state", "--since", since, "maillog") != once:
            sys.exit(f"--since {since}: not what one run says (the state ended {end})")
        done = run(folder, "--state", "state", "--since", since[:10], "maillog", expect=2)
        if b"counted already" not in done.stderr:
            sys.exit(f"--since before the state's end: {done.stderr.decode()}")


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    chance = random.Random(seed)
    ways = ["rename", "copytruncate", "gz"] + (["zst"] if shutil.which("zstd") else [])
    runs = 0
    for _ in range(rounds):
        for log in LOGS:
            some, size = one_log(log, [], 4, chance)
            print(f"{log}: state of {size} bytes")
            more, _ = one_log(log, ways, 8, chance)
            runs += some + more
        two_logs_at_once(chance)
        the_same_lines_twice(chance)
        since_the_last_run(chance)
        rotated_twice(chance)
    damage(chance)
    print(f"{runs} runs over {len(LOGS)} logs agree with one")


main()
