#!/usr/bin/env python3
"""The first screen: on 80 columns what is wrong is told within 40 lines, and the week's story is all there.

    first_screen_test.py MTALENS
"""
import os
import pathlib
import subprocess
import sys

MTALENS = sys.argv[1]
SAMPLES = pathlib.Path(__file__).parents[2] / "samples"
LINES = 40
# What story.json and truth.json of the week tell: the limit, the forward, its begin and its end.
WEEK = [
    "BT Internet takes 49 messages a day from you",
    "348 of the 672 messages for BT Internet come from the forward of fred@customer.example",
    "the cause: the forward of fred@customer.example began",
    "the cure: the forward of fred@customer.example ended",
    "Yahoo takes 4 messages a day from you",
    "mail-qg0-f50.google.com fails STARTTLS with you",
]


def first_screen(log):
    environment = {**os.environ, "COLUMNS": "80", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    report = subprocess.run([MTALENS, "--year", "2026", str(log)], env=environment, check=True, capture_output=True, text=True)
    return report.stdout.split("\nProvider  ")[0].splitlines()


def main():
    wrong = []
    logs = sorted(log for folder in ("week", "a") for log in (SAMPLES / folder).glob("*/ma*log*") if "iso" not in log.name)
    if len(logs) < 6:
        wrong.append(f"only {len(logs)} samples were found")
    for log in logs:
        screen = first_screen(log)
        if len(screen) > LINES:
            wrong.append(f"{log}: {len(screen)} lines")
        if any(len(line) > 80 for line in screen):
            wrong.append(f"{log}: a line of more than 80 columns")
        told = " ".join(" ".join(screen).split())
        for words in WEEK if "week" in log.parts else WEEK[:1]:
            if (words if "week" in log.parts else "BT Internet") not in told:
                wrong.append(f"{log}: does not say {words!r}")
    print("\n".join(wrong) or f"{len(logs)} first screens fit {LINES} lines and tell the story")
    return 1 if wrong else 0


sys.exit(main())
