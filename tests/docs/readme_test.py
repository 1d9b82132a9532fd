#!/usr/bin/env python3
"""Runs the commands that the pages at the top show and compares what they say.

    readme_test.py BINARY

A ```console block whose first line is `$ mtalens …` or `$ build/release/mtalens …` (either may stand anywhere in the
command) is run from the project's root, in UTC. The lines below the command are its output, standard error included,
as it is on a page of 80 columns; no lines: it says nothing. A line `…` stands for any number of lines left out; a line that ends with ` …` shows
the beginning of a longer one. The exit code is 0, unless the block ends with `$ echo $?` and the code.
"""
import os, pathlib, re, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = ("README.md", "GUIDE.md", "ARCHITECTURE.md", "CONTRIBUTING.md")


def blocks(markdown):
    """(line number, command, lines shown, exit code) of each block that shows this program."""
    for found in re.finditer(r"^```console\n\$ (.*?)^```$", markdown, re.M | re.S):
        command, _, shown = found.group(1).partition("\n")
        if not re.match(r"(build/release/)?mtalens\b", command):
            continue
        shown, code = shown.splitlines(), 0
        if shown[-2:-1] == ["$ echo $?"]:
            code = int(shown[-1])
            shown = shown[:-2]
        yield markdown.count("\n", 0, found.start()) + 2, command, shown, code


def same(shown, said):
    return said.startswith(shown[:-2]) if shown.endswith(" …") else said == shown


def first_difference(shown, said):
    """None where `shown` is a fair excerpt of `said`, else the first line shown that does not stand where it should."""
    at, anywhere = 0, False  # anywhere: lines were left out before this one
    for number, line in enumerate(shown):
        if line == "…":
            anywhere = True
            continue
        if anywhere:
            rest = shown[number:]
            run = rest[: rest.index("…")] if "…" in rest else rest
            places = range(at, len(said) - len(run) + 1)
            at = next((i for i in places if all(map(same, run, said[i:]))), None)
            if at is None:
                return line
            anywhere = False
        if at >= len(said) or not same(line, said[at]):
            return line
        at += 1
    return None if anywhere or at == len(said) else said[at]


def main():
    binary = os.path.abspath(sys.argv[1])
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "80", "HOME": "/nonexistent"}
    failed = passed = 0
    pages = [(name, *block) for name in PAGES for block in blocks((ROOT / name).read_text())]
    for name, number, command, shown, code in pages:
        line = re.sub(r"(?<![\w./-])(build/release/)?mtalens(?= )", lambda _: f"'{binary}'", command)
        done = subprocess.run(["bash", "-c", line], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.splitlines()
        wrong = first_difference(shown, said)
        if done.returncode != code or wrong is not None:
            failed += 1
            print(f"{name}:{number}: {command}\n  exit {done.returncode}, {code} is shown")
            if wrong is not None:
                print(f"  the first difference: {wrong}\n  it says:\n    " + "\n    ".join(said[:60]))
        else:
            passed += 1
    print(f"{passed} commands of {', '.join(PAGES)} say what is shown, {failed} do not")
    return 1 if failed or not passed else 0


sys.exit(main())
