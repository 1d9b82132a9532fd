#!/usr/bin/env python3
"""Help, manual and completions all tell of every option and command, and hold for those who read them.

    help_test.py MTALENS
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MTALENS = sys.argv[1]
wrong = []


def says(*arguments, **settings):
    environment = {**os.environ, "COLUMNS": "80", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    return subprocess.run([MTALENS, *arguments], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, **settings)


def holds(what, claim):
    if not claim:
        wrong.append(what)


short, full = says("--help").stdout, says("--help=all").stdout
commands = re.findall(r"^  ([a-z]+)  ", short.split("Commands\n")[1].split("\n\n")[0], re.M)
options = re.findall(r"^  (?:-\w,|   ) --([a-z-]+)", full, re.M)
holds("--help fits a screen of 80 by 24", len(short.splitlines()) <= 24)
holds("eight commands and twenty options at least are named", len(commands) >= 8 and len(options) >= 20)
pages = {"--help": short, "--help=all": full, **{f"{command} --help": says(command, "--help").stdout for command in commands}}
for name, page in pages.items():
    holds(f"{name}: no line of more than 80 columns", page and all(len(line) <= 80 for line in page.splitlines()))
for command in commands:
    holds(f"{command} --help shows an example", f"mtalens {command}" in pages[f"{command} --help"] or command == "report")

made = {what: says("--generate", what).stdout for what in ("man", "bash", "zsh", "fish", *(f"man-{command}" for command in commands))}
spelled = {"man": "Fl Fl {}", "bash": "--{}", "zsh": "--{}", "fish": "-l {}"}
for option in options:
    for what, spelling in spelled.items():
        holds(f"{what}: knows --{option}", re.search(re.escape(spelling.format(option)) + r"\b", made[what]))
for command in commands:
    for what in spelled:
        holds(f"{what}: knows {command}", re.search(rf"\b{command}\b", made[what]))

for given, meant in (("--sinze=1", "--since"), ("repotr", "report"), ("--quiet-when-claen", "--quiet-when-clean")):
    answer = says(given)
    holds(f"{given}: {meant} is suggested", answer.returncode == 2 and f"did you mean {meant}?" in answer.stderr)
for given in (["--to", "jo@example.com", "-"], ["queue", "--expect", "x"], ["events", "--state", "x"], ["--jobs", "many"], ["--units", "x"]):
    answer = says(*given)
    named = next(word for word in given if word.startswith("--"))
    holds(f"{' '.join(given)}: refused by its name", answer.returncode == 2 and answer.stderr.startswith(f"mtalens: {named}"))

with tempfile.TemporaryDirectory() as folder:
    if shutil.which("mandoc"):
        for what, page in made.items():
            if not what.startswith("man"):
                continue
            file = pathlib.Path(folder, what + ".1")
            file.write_text(page)
            lint = subprocess.run(["mandoc", "-T", "lint", str(file)], capture_output=True, text=True).stdout
            faults = [line for line in lint.splitlines() if "referenced manual not found" not in line]
            holds(f"{what}: mandoc has nothing to say: {faults[:3]}", not faults)

    def completed(line):
        words = line.split(" ")
        script = pathlib.Path(folder, "ask.bash")
        script.write_text(made["bash"] + f"\nCOMP_WORDS=({' '.join(repr(w) for w in words)})\nCOMP_CWORD={len(words) - 1}\n_mtalens\n"
                          'printf "%s\\n" "${COMPREPLY[@]}"\n')
        return subprocess.run(["bash", str(script)], capture_output=True, text=True, cwd=folder).stdout.split()

    holds("bash: `mtalens que` is queue", completed("mtalens que") == ["queue"])
    holds("bash: `mtalens --form` is --format", completed("mtalens --form") == ["--format"])
    holds("bash: `mtalens --format ht` is html", completed("mtalens --format ht") == ["html"])
    holds("bash: `mtalens patterns te` is test", "test" in completed("mtalens patterns te"))
    holds("bash: `mtalens queue --exp` is nothing: check's alone", completed("mtalens queue --exp") == [])
    for shell in ("zsh", "fish"):
        if shutil.which(shell):
            file = pathlib.Path(folder, shell)
            file.write_text(made[shell])
            checked = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True)
            holds(f"{shell}: the completion is a script: {checked.stderr}", checked.returncode == 0)

print("\n".join(wrong) or f"{len(options)} options and {len(commands)} commands stand in help, manual and completions")
sys.exit(1 if wrong else 0)
