#!/usr/bin/env python3
"""Logs under fire: rotated, truncated, growing while they are read; with holes, in small pieces, from writers that die.

logs_test.py MTALENS [ROUNDS [SEED]]: never a crash, never a line counted twice, and what could not be read is said.
"""
import gzip
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

from fire import claim, command, counts, done, environment, folder, numbers, run, sample

ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 12
CHANCE = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
LOG = sample("week/postfix/maillog")
SMALL = sample("a/postfix/maillog")


def begun(place, *arguments):
    return subprocess.Popen(command(*arguments), cwd=place, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def ended(process):
    out, errors = process.communicate(timeout=300)
    return subprocess.CompletedProcess([], process.returncode, out, errors)


def lines_of(done):
    return json.loads(done.stdout)["input"]["lines"]


def rotated_during_a_run(way):
    """Somewhere in a run the log is rotated and written on; the run after it has all of it, once."""
    with folder() as name:
        place = pathlib.Path(name)
        log = place / "maillog"
        end = LOG.rfind(b"\n", 0, CHANCE.randrange(len(LOG) // 2, len(LOG))) + 1
        log.write_bytes(LOG[: end // 2])
        run("--state", "state", "maillog", cwd=place)  # from here on the log is known, whatever it is called
        with open(log, "ab") as out:
            out.write(LOG[end // 2:end])
        first = begun(place, "--state", "state", "maillog")
        time.sleep(CHANCE.random() * 0.3)
        if way == "copytruncate":
            shutil.copyfile(log, place / "maillog.1")
            os.truncate(log, 0)
        else:
            log.rename(place / "maillog.1")
            log.touch()
        if way == "compressed":
            with gzip.open(place / "maillog.1.gz", "wb", compresslevel=1) as out:
                out.write(LOG[:end])
            shutil.copystat(place / "maillog.1", place / "maillog.1.gz")
            (place / "maillog.1").unlink()
        with open(log, "ab") as out:
            out.write(LOG[end:])
        told = ended(first)
        claim("rotation", f"{way} during the run: it ends well, or says what it could not read", told.returncode in (0, 2), told)
        last = run("--state", "state", "maillog", cwd=place)
        files = [p.name for p in sorted(place.glob("maillog.1*"))] + ["maillog"]
        whole = run(*files, cwd=place)
        claim("rotation", f"{way} at byte {end}: nothing lost, nothing twice", counts(last) == counts(whole), last.stderr, lines_of(whole))


def truncated_while_read():
    """No SIGBUS: what is gone is not read, the rest is reported."""
    with folder() as name:
        place = pathlib.Path(name)
        log = place / "maillog"
        for size in (0, 1, len(LOG) // 3):
            log.write_bytes(LOG * 4)
            process = begun(place, "maillog")
            time.sleep(CHANCE.random() * 0.2)
            os.truncate(log, size)
            told = ended(process)
            claim("truncation", f"to {size} bytes while it is read: exit 0 and a report",
                  told.returncode == 0 and lines_of(told) <= 4 * LOG.count(b"\n"), told.returncode, told.stderr)


def growing():
    """A log that is written all the while: each run reads whole lines, the last one all of them."""
    with folder() as name:
        place = pathlib.Path(name)
        log = place / "maillog"
        log.touch()

        def write():
            with open(log, "ab", buffering=0) as out:
                at = 0
                while at < len(SMALL):
                    size = CHANCE.randrange(1, 40_000)
                    out.write(SMALL[at:at + size])
                    at += size
                    time.sleep(0.02)

        writer = threading.Thread(target=write)
        writer.start()
        seen = []
        while writer.is_alive():
            told = run("--state", "state", "maillog", cwd=place)
            seen.append(lines_of(told) if told.returncode == 0 else -1)
        writer.join()
        last = run("--state", "state", "maillog", cwd=place)
        claim("growing", f"{len(seen)} runs while it grew: none fails, none goes back", seen == sorted(seen) and -1 not in seen, seen)
        claim("growing", "the last one is as one run over the whole", numbers(last) == numbers(run("maillog", cwd=place)))


def with_holes():
    """A sparse file: 256 MiB of nothing between two halves are one line of zeros, cut and counted."""
    with folder() as name:
        place = pathlib.Path(name)
        half = SMALL.rfind(b"\n", 0, len(SMALL) // 2) + 1
        with open(place / "maillog", "wb") as out:
            out.write(SMALL[:half])
            out.seek(256 << 20, os.SEEK_CUR)
            out.write(b"\n" + SMALL[half:])
        told = run("maillog", cwd=place)
        (place / "maillog").write_bytes(SMALL)
        read = json.loads(told.stdout)["input"]
        claim("sparse", "both sides of the hole are read, the hole is one line that was cut",
              counts(told) == counts(run("maillog", cwd=place)) and (read["cut_lines"], read["unreadable_lines"]) == (1, 1), read)
        (place / "hole").touch()
        os.truncate(place / "hole", 1 << 30)
        told = run("hole", cwd=place)
        claim("sparse", "1 GiB of nothing is one line", told.returncode == 0 and lines_of(told) == 1, told.stderr)


def short_reads():
    """A pipe that gives a few bytes at a time, and reads that are interrupted, as a network's disk does."""
    with folder() as name:
        place = pathlib.Path(name)
        (place / "maillog").write_bytes(SMALL[:200_000])
        whole, whole_counts = numbers(run("maillog", cwd=place)), counts(run("maillog", cwd=place))
        process = subprocess.Popen(command("-"), env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        data, at = SMALL[:200_000], 0
        while at < len(data):
            size = CHANCE.choice([1, 2, 7, 100, 4096])
            os.write(process.stdin.fileno(), data[at:at + size])
            at += size
        process.stdin.close()
        process.stdin = None
        told = ended(process)
        claim("short reads", "a pipe in pieces of 1 to 4096 bytes reads as the file does", counts(told) == whole_counts, told.stderr)
        if shutil.which("strace"):
            for error, when in [("EINTR", "2+3"), ("EIO", "30+1000")]:
                told = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-P", "maillog", "-e", "trace=read",
                                       "-e", f"inject=read:error={error}:when={when}", *command("--jobs", 2, "maillog")],
                                      cwd=place, env=environment(), stdin=subprocess.DEVNULL, capture_output=True)
                if error == "EINTR":
                    claim("short reads", "interrupted reads are done again", numbers(told) == whole, told.stderr)
                else:
                    claim("short reads", "a disk that fails: the file is named, exit 2, what was read is reported or all of it was",
                          (told.returncode == 2 and b"maillog" in told.stderr) or numbers(told) == whole, told.returncode, told.stderr)


def writer_dies():
    """A FIFO's writer is killed in the middle of a line: what came is reported."""
    with folder() as name:
        place = pathlib.Path(name)
        os.mkfifo(place / "fifo")
        process = begun(place, "fifo")
        cut = SMALL.rfind(b"\n", 0, 150_000) + 30
        (place / "part").write_bytes(SMALL[:cut])
        writer = subprocess.Popen([sys.executable, "-c", "import os, sys, time; f = os.open('fifo', os.O_WRONLY)\n"
                                   "d = open(sys.argv[1], 'rb').read()\nwhile d: d = d[os.write(f, d):]\ntime.sleep(60)", "part"],
                                  cwd=place)
        time.sleep(1.5)
        writer.kill()
        writer.wait()
        told = ended(process)
        claim("dead writer", "all that it wrote is reported, exit 0", told.returncode == 0 and lines_of(told) == SMALL[:cut].count(b"\n") + 1, told.stderr)


def as_nobody():
    os.setgid(65534)
    os.setuid(65534)


def permission_lost():
    """Half-way: of two files one is taken away between two runs; an opened one is read on."""
    before = as_nobody if os.geteuid() == 0 else None
    with folder() as name:
        place = pathlib.Path(name)
        place.chmod(0o777)
        half = SMALL.rfind(b"\n", 0, len(SMALL) // 2) + 1
        (place / "maillog").write_bytes(SMALL[half:])
        (place / "maillog.1").write_bytes(SMALL[:half])
        for file in place.iterdir():
            file.chmod(0o644)
        whole = numbers(run("maillog.1", "maillog", cwd=place, before=before))
        first = run("--state", "state", "maillog.1", cwd=place, before=before)
        (place / "maillog").chmod(0)
        told = run("--state", "state", "maillog.1", "maillog", cwd=place, before=before)
        claim("permission", "a file that may not be read: named, exit 2, the rest reported as it was",
              told.returncode == 2 and b"maillog: Permission denied" in told.stderr and numbers(told) == numbers(first), told.stderr)
        (place / "maillog").chmod(0o644)
        told = run("--state", "state", "maillog.1", "maillog", cwd=place, before=before)
        claim("permission", "it may be read again: the whole, each line once", told.returncode == 0 and numbers(told) == whole, told.stderr)
        process = subprocess.Popen(command("maillog.1", "maillog"), cwd=place, env=environment(), preexec_fn=before, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(CHANCE.random() * 0.02)
        (place / "maillog").chmod(0)
        told = ended(process)
        claim("permission", "lost during a run: all of it, or named and exit 2",
              (told.returncode == 0 and numbers(told) == whole) or (told.returncode == 2 and b"Permission denied" in told.stderr), told.stderr)
        (place / "maillog").unlink()
        told = run("--state", "state", "maillog.1", "maillog", cwd=place, before=before)
        claim("permission", "gone: named, exit 2, and what was counted stays", told.returncode == 2 and numbers(told) == whole, told.stderr)


def main():
    truncated_while_read()
    growing()
    with_holes()
    short_reads()
    writer_dies()
    permission_lost()
    for number in range(ROUNDS):
        rotated_during_a_run(["rename", "copytruncate", "compressed"][number % 3])
    done()


main()
