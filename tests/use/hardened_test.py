#!/usr/bin/env python3
"""Whether the release binary is hardened, as readelf sees it.

    hardened_test.py BINARY      exit 1 where a claim fails; 77 where there is no readelf
"""
import shutil, subprocess, sys

if shutil.which("readelf") is None:
    print("no readelf: nothing was looked at")
    sys.exit(77)


def seen(*options):
    return subprocess.run(["readelf", "--wide", *options, sys.argv[1]], capture_output=True, text=True, check=True).stdout


dynamic, segments, symbols = seen("--dynamic"), seen("--segments"), seen("--dyn-syms")
stack = next(line for line in segments.splitlines() if "GNU_STACK" in line)
claims = {
    "position-independent": "Flags:" in dynamic and "PIE" in dynamic,
    "relocations read-only": "GNU_RELRO" in segments,
    "and bound at once": "NOW" in dynamic,
    "the stack not executable": " RWE " not in stack and " RW " in stack,
    "stack protectors": "__stack_chk_fail" in symbols,
    "checked string functions": "_chk@" in symbols,
}
wrong = [what for what, holds in claims.items() if not holds]
for what in wrong:
    print(f"fails: {what}")
sys.exit(1 if wrong else 0)
