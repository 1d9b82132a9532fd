"""What the tests of this folder share: the program, a log, reports that can be compared."""
import json
import lzma
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"
failures = []
tried = {}


def claim(kind, what, holds, *seen):
    tried[kind] = tried.get(kind, 0) + 1
    if not holds:
        failures.append((kind, what))
        print(f"fails: {kind}: {what}", *seen, flush=True)


def done():
    """The table of what was tried, and the exit code."""
    for kind, count in tried.items():
        print(f"{kind}: {count} tried, {sum(1 for failed, _ in failures if failed == kind)} failed")
    sys.exit(1 if failures else 0)


def sample(name):
    packed = SAMPLES / (name + ".xz")
    return lzma.decompress(packed.read_bytes()) if packed.exists() else (SAMPLES / name).read_bytes()


def environment(**more):
    return {**os.environ, "TZ": "UTC", "HOME": "/nonexistent", **more}


def command(*arguments):
    return [PROGRAM, "report", "--format", "json", "--year", "2026", *map(str, arguments)]


def run(*arguments, cwd=None, before=None, **more):
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL, env=environment(),
                          preexec_fn=before, timeout=600, **more)


def numbers(done):
    """All of a report but `input`; None where there is none."""
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return None
    del told["input"]
    return told


def counts(done):
    """What of it does not name files and lines."""
    told = numbers(done)
    return told and {key: told[key] for key in ("totals", "providers", "tls")}


def folder():
    return tempfile.TemporaryDirectory(prefix="mtalens-fire.")
