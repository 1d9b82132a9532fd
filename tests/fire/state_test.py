#!/usr/bin/env python3
"""A state under fire: killed, without room, without rights, twice at once, damaged, of another version.

state_test.py MTALENS [KILLS [SEED]]: nothing is ever counted twice or lost, and what cannot be done is said.
"""
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time

from fire import claim, command, done, environment, folder, numbers, run, sample

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 40
CHANCE = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
LOG = sample("a/postfix/maillog")


def killed_at_random(kills):
    """The log grows; each run is killed somewhere, then done again: the same numbers as a run that nobody disturbed."""
    with folder() as name:
        place = pathlib.Path(name)
        log = place / "maillog"
        log.write_bytes(LOG)
        begun = time.monotonic()
        run("--state", "trial", "maillog", cwd=place)
        took = time.monotonic() - begun
        died = 0
        ends = sorted(CHANCE.randrange(len(LOG)) for _ in range(max(1, kills // 5) - 1)) + [len(LOG)]
        for end in ends:
            log.write_bytes(LOG[:end])
            for _ in range(5):
                process = subprocess.Popen(command("--state", "state", "maillog"), cwd=place, env=environment(),
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(CHANCE.random() * took)
                process.kill()
                died += process.wait() == -signal.SIGKILL
            after = run("--state", "state", "maillog", cwd=place)
            undisturbed = run("--state", "fresh", "maillog", cwd=place)
            (place / "fresh").unlink()
            claim("kill -9", f"after {end} bytes: exit 0 and the undisturbed run's numbers",
                  after.returncode == 0 and numbers(after) == numbers(undisturbed), after.stderr)
        print(f"kill -9: {died} of {5 * len(ends)} runs died of it, the others were through before")
        left = sorted(path.name for path in place.iterdir())
        claim("kill -9", "only the state, its lock and a half-written one may lie there",
              set(left) <= {"maillog", "state", "state.lock", "state.new", "trial", "trial.lock", "fresh.lock"}, left)


def killed_between_calls():
    """strace kills it at the n-th of the calls that write the state: before it, half-way, before and after the rename."""
    if shutil.which("strace") is None:
        return
    with folder() as name:
        place = pathlib.Path(name)
        log = place / "maillog"
        log.write_bytes(LOG[: len(LOG) // 2])
        run("--state", "half", "maillog", cwd=place)
        log.write_bytes(LOG)
        whole = numbers(run("maillog", cwd=place))
        for call, most in [("write", 3), ("fsync", 2), ("rename,renameat,renameat2", 1), ("unlink", 1)]:
            for when in range(1, most + 1):
                shutil.copy(place / "half", place / "state")
                subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                                "-e", f"inject={call}:signal=KILL:when={when}", *command("--state", "state", "maillog")],
                               cwd=place, env=environment(), stdin=subprocess.DEVNULL, capture_output=True)
                after = run("--state", "state", "maillog", cwd=place)
                claim("power cut", f"killed at {call} {when}: the next run has the whole", numbers(after) == whole, after.stderr)


def written_in_order():
    """What is renamed is on the disk before, and the folder's entry after: what a power cut may not undo."""
    if shutil.which("strace") is None:
        return
    with folder() as name:
        place = pathlib.Path(name)
        (place / "maillog").write_bytes(LOG[:100_000])
        subprocess.run(["strace", "-f", "-qq", "-o", "calls", "-e", "trace=openat,write,fsync,rename,renameat,renameat2",
                        *command("--state", "state", "maillog")], cwd=place, env=environment(), capture_output=True)
        calls = (place / "calls").read_text()
        made = re.search(r'openat\([^"]*"state\.new", [^\n]*O_EXCL[^\n]*= (\d+)', calls)
        order = made and re.search(rf"fsync\({made[1]}\)\s+= 0.*rename[a-z0-9]*\([^\n]*\"state\.new\"[^\n]*\"state\"[^\n]*= 0.*"
                                   r'openat\([^"]*"\.", [^\n]*O_DIRECTORY[^\n]*= (\d+).*fsync\(\1\)\s+= 0', calls[made.end():], re.DOTALL)
        claim("power cut", "write, fsync of the file, rename, fsync of the folder", bool(order), calls[-2000:])
        claim("power cut", "nothing is written to it after its fsync",
              bool(made) and not re.search(rf"fsync\({made[1]}\).*write\({made[1]},.*rename", calls[made.end():], re.DOTALL))


def no_room():
    with folder() as name:
        place = pathlib.Path(name)
        log = place / "maillog"
        log.write_bytes(LOG[: len(LOG) // 2])
        run("--state", "state", "maillog", cwd=place)
        before = (place / "state").read_bytes()
        log.write_bytes(LOG)
        whole = numbers(run("maillog", cwd=place))

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        told = run("--state", "state", "maillog", cwd=place, before=small_files)
        claim("disk full", "the state cannot grow: exit 2, said in one line", told.returncode == 2 and told.stderr.count(b"\n") == 1, told.stderr)
        claim("disk full", "the old state is as it was, and nothing half-written lies about",
              (place / "state").read_bytes() == before and not (place / "state.new").exists())
        claim("disk full", "with room again nothing is lost or counted twice", numbers(run("--state", "state", "maillog", cwd=place)) == whole)
        told = run("--state-out", "/dev/full", "maillog", cwd=place)
        claim("disk full", "--state-out /dev/full: exit 2", told.returncode == 2, told.returncode, told.stderr)
        with open("/dev/full", "wb") as full:
            told = subprocess.run(command("maillog"), cwd=place, stdout=full, stderr=subprocess.PIPE, env=environment())
        claim("disk full", "a report that cannot be written: exit 2", told.returncode == 2, told)

        disk = place / "disk"
        disk.mkdir()
        if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode == 0:
            try:
                (disk / "filler").write_bytes(b"x" * 60_000)
                told = run("--state", disk / "state", "maillog", cwd=place)
                claim("disk full", "no space left on the device: exit 2, said", told.returncode == 2 and b"No space left" in told.stderr, told.stderr)
                claim("disk full", "and no half of a state stays", [p.name for p in disk.iterdir() if p.name.startswith("state") and not p.name.endswith(".lock")] == [])
                (disk / "filler").unlink()
                small = run("--state", disk / "state", "maillog", cwd=place)
                claim("disk full", "with room for it: the whole", small.returncode != 0 or numbers(small) == whole, small.stderr)
            finally:
                subprocess.run(["umount", disk], check=True)


def as_nobody():
    os.setgid(65534)
    os.setuid(65534)


def read_only():
    with folder() as name:
        place = pathlib.Path(name)
        log = place / "maillog"
        log.write_bytes(LOG)
        before = as_nobody if os.geteuid() == 0 else None
        log.chmod(0o644)
        place.chmod(0o555)
        told = run("--state", "state", "maillog", cwd=place, before=before)
        claim("read-only", "a folder that nothing can be written to: exit 2, said in one line",
              told.returncode == 2 and b"state" in told.stderr and told.stderr.count(b"\n") == 1, told.stderr)
        place.chmod(0o755)
        if os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", place], capture_output=True).returncode == 0:
            try:
                told = run("--state", place / "state", "/dev/null")
                claim("read-only", "a file system that is read-only: exit 2, said", told.returncode == 2 and b"Read-only" in told.stderr, told.stderr)
            finally:
                subprocess.run(["umount", place], check=True)


def two_at_once():
    with folder() as name:
        place = pathlib.Path(name)
        (place / "maillog").write_bytes(LOG)
        os.mkfifo(place / "slow")
        first = subprocess.Popen(command("--state", "state", "maillog", "slow"), cwd=place, env=environment(),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        writer = open(place / "slow", "wb")  # opens when the first run reads it: it holds the state by then
        told = run("--state", "state", "maillog", cwd=place)
        claim("two at once", "the second: exit 2, no report, says that another is at work",
              told.returncode == 2 and told.stdout == b"" and b"another mtalens is at work" in told.stderr, told.stderr)
        writer.close()
        out, errors = first.communicate(timeout=60)
        claim("two at once", "the first goes on undisturbed", first.returncode == 0 and json.loads(out)["totals"]["messages"] > 0, errors)
        claim("two at once", "the lock of one that is gone holds nobody up", run("--state", "state", "maillog", cwd=place).returncode == 0)
        rushed = [subprocess.Popen(command("--state", "rush", "maillog"), cwd=place, env=environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)]
        codes = []
        for process in rushed:
            process.communicate(timeout=120)
            codes.append(process.returncode)
        after = run("--state", "rush", "maillog", cwd=place)
        claim("two at once", "eight in a rush: each did it whole or not at all", set(codes) <= {0, 2} and 0 in codes
              and numbers(after) == numbers(run("maillog", cwd=place)), codes)


def damaged():
    with folder() as name:
        place = pathlib.Path(name)
        (place / "maillog").write_bytes(LOG)
        whole = numbers(run("--state", "state", "maillog", cwd=place))
        state = (place / "state").read_bytes()
        samples = [0, 8, 12, 20, 28, 36, 43, 44, len(state) - 1] + [CHANCE.randrange(len(state)) for _ in range(12)]
        broken = {f"byte {at} changed": state[:at] + bytes([state[at] ^ (1 << CHANCE.randrange(8))]) + state[at + 1:] for at in samples}
        broken.update({f"cut to {size} bytes": state[:size] for size in (0, 1, 43, 44, len(state) // 2, len(state) - 1)})
        broken["a byte more"] = state + b"\0"
        broken["zeros"] = bytes(len(state))  # what a file system may leave after a power cut
        broken["another file"] = LOG[:5000]
        for what, content in broken.items():
            (place / "state").write_bytes(content)
            told = run("--state", "state", "maillog", cwd=place)
            claim("damaged state", f"{what}: exit 2, set aside, named, and begun anew from the logs",
                  told.returncode == 2 and b"state.damaged" in told.stderr and (place / "state.damaged").read_bytes() == content
                  and numbers(told) == whole, told.returncode, told.stderr)
            again = run("--state", "state", "maillog", cwd=place)
            claim("damaged state", f"{what}: the run after is whole and content", again.returncode == 0 and numbers(again) == whole, again.stderr)


def crc64(content):
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xC96C5795D7870F42 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFFFFFFFFFF


def of_another_version():
    """A newer program's state is no damage: it stays, and who reads it is told."""
    with folder() as name:
        place = pathlib.Path(name)
        (place / "maillog").write_bytes(LOG[:50_000])
        run("--state", "state", "maillog", cwd=place)
        state = (place / "state").read_bytes()
        for what, head in [("a newer version", state[:8] + struct.pack("<I", 999) + state[12:36]),
                           ("another build", state[:12] + struct.pack("<Q", 1) + state[20:36])]:
            newer = head + struct.pack("<Q", crc64(head)) + state[44:]
            (place / "state").write_bytes(newer)
            told = run("--state", "state", "maillog", cwd=place)
            claim("another version", f"{what}: exit 2, left as it is, said", told.returncode == 2 and told.stdout == b""
                  and b"left as it is" in told.stderr and (place / "state").read_bytes() == newer, told.stderr)
        (place / "state").unlink()
        (place / "state").mkdir()
        told = run("--state", "state", "maillog", cwd=place)
        claim("another version", "a folder of that name: exit 2, said", told.returncode == 2 and b"is no file" in told.stderr, told.stderr)


def main():
    os.umask(0o022)
    written_in_order()
    killed_between_calls()
    no_room()
    read_only()
    two_at_once()
    damaged()
    of_another_version()
    killed_at_random(KILLS)
    done()


main()
