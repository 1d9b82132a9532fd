#!/usr/bin/env python3
"""Which lines of the rooms that read logs are run by the unit tests and by what the fuzzers found and learned.

  tests/coverage.py             builds build/coverage, runs it, prints a table of rooms and files
  tests/coverage.py --missing   and the lines that were not run
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/coverage"
ROOMS = ["input", "syslog", "parsers", "stream", "track", "state"]
FOLDERS_OF_INPUTS = [ROOT / "build/fuzz/corpus", ROOT / "build/fuzz/fresh", ROOT / "build/fuzz/seeds"]


def run(*command):
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "TZ": "UTC"})


def build():
    run("cmake", "-S", ".", "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
        "-DMTALENS_COVERAGE=ON")
    run("cmake", "--build", str(BUILD), "--target", "mtalens_tests", "fuzz_replay")
    for counts in BUILD.rglob("*.gcda"):
        counts.unlink()


def exercise():
    run(str(BUILD / "tests/mtalens_tests"))
    replay = str(BUILD / "tests/fuzz/fuzz_replay")
    run(replay, *sorted(str(file) for file in (ROOT / "tests/fuzz/found").iterdir()))
    for folder in FOLDERS_OF_INPUTS:
        for target in sorted(folder.iterdir()) if folder.is_dir() else []:
            files = sorted(str(file) for file in target.iterdir())
            for first in range(0, len(files), 1000):
                run(replay, "--as", target.name, *files[first:first + 1000])


def runs_of_lines():
    """{"src/parsers/exim.cc": {line: times}}"""
    lines = {}
    for counts in BUILD.rglob("*.gcda"):
        out = subprocess.run(["gcov", "--json-format", "--stdout", str(counts)], cwd=BUILD, check=True,
                             capture_output=True).stdout
        for document in out.splitlines():
            for file in json.loads(document)["files"]:
                name = file["file"].removeprefix("./").removeprefix(f"{ROOT}/")
                for line in file["lines"]:
                    known = lines.setdefault(name, {})
                    known[line["line_number"]] = max(known.get(line["line_number"], 0), line["count"])
    return lines


def numbers(missing):
    """[3, 4, 5, 9] as "3-5 9"."""
    ranges = []
    for number in missing:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def main():
    build()
    exercise()
    lines = runs_of_lines()
    for room in ROOMS:
        files = {name: of for name, of in sorted(lines.items()) if name.startswith(f"src/{room}/")}
        total = sum(len(of) for of in files.values())
        reached = sum(1 for of in files.values() for times in of.values() if times)
        print(f"{f'src/{room}':40} {reached:6} of {total:6} lines  {100 * reached / max(total, 1):5.1f} %")
        for name, of in files.items():
            missing = sorted(line for line, times in of.items() if not times)
            print(f"  {name:38} {len(of) - len(missing):6} of {len(of):6}        {100 - 100 * len(missing) / len(of):5.1f} %")
            if missing and "--missing" in sys.argv:
                print(f"    not run: {numbers(missing)}")


main()
