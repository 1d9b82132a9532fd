#!/usr/bin/env python3
"""Whether ARCHITECTURE.md shows the house as it is.

    architecture_test.py

The picture: every room of src/ stands in it, above all rooms that it includes. The table: each room's row names exactly
what its files include. No files include each other in a circle. The way of a line: what it names is there.
"""
import pathlib, re, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "ARCHITECTURE.md").read_text()
VOCABULARY = "mtalens"  # include/mtalens/
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)


def room_of(path):
    return VOCABULARY if path.parts[0] == "include" else path.parts[1]


def files_and_includes():
    """{path: the project's own files that it includes}, paths from the root."""
    files = {p.relative_to(ROOT): p for top in ("src", "include") for p in (ROOT / top).rglob("*") if p.suffix in (".h", ".cc")}
    places = {str(p.relative_to("include" if p.parts[0] == "include" else "src")): p for p in files}
    return {path: [places[name] for name in INCLUDE.findall(file.read_text()) if name in places]
            for path, file in files.items()}


def circle_in(includes):
    """The files of a circle, or none."""
    done, way = set(), []

    def walk(file):
        if file in way:
            return way[way.index(file):] + [file]
        if file in done:
            return None
        way.append(file)
        found = next(filter(None, map(walk, includes[file])), None)
        way.pop()
        done.add(file)
        return found

    return next(filter(None, map(walk, includes)), None)


def rows(page):
    """The cells of every row of every table, and the code words in each."""
    for line in page.splitlines():
        if line.startswith("| `"):
            yield [re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|")]


def main():
    wrong = []
    includes = files_and_includes()
    used = {room_of(path): set() for path in includes}
    for path, others in includes.items():
        used[room_of(path)] |= {room_of(other) for other in others} - {room_of(path)}
    if circle := circle_in(includes):
        wrong.append("files include each other: " + " -> ".join(map(str, circle)))

    picture = re.search(r"^```\n(.*?│.*?)^```$", PAGE, re.M | re.S).group(1)
    floor = {word: number for number, line in enumerate(picture.splitlines()) for word in re.findall(r"\w+", line) if word in used}
    for room in sorted(used.keys() - floor.keys()):
        wrong.append(f"{room} is not in the picture")
    for room, others in used.items():
        for other in sorted(others):
            if room in floor and other in floor and floor[other] <= floor[room]:
                wrong.append(f"the picture: {room} includes {other}, which does not lie below it")

    told = {row[0][0]: set(row[2]) for row in rows(PAGE) if row[0][0] in used}
    for room, others in used.items():
        if told.get(room) != others:
            wrong.append(f"the table: {room} includes {' '.join(sorted(others)) or 'nothing'}")

    steps = [(row[0][0], row[1][0]) for row in rows(PAGE) if row[0][0].startswith("src/")]
    for file, name in steps:
        path = ROOT / file
        if not path.is_file() or not re.search(rf"\b{re.escape(name)}\(", path.read_text()):
            wrong.append(f"the way of a line: {file} has no {name}")
    for file in re.findall(r"`(src/[\w/]+\.\w+)`", PAGE):
        if not (ROOT / file).is_file():
            wrong.append(f"there is no {file}")

    for line in wrong:
        print(f"ARCHITECTURE.md: {line}")
    print(f"{len(used)} rooms, {sum(map(len, used.values()))} arrows between them, {len(steps)} steps of a line")
    return 1 if wrong or len(steps) < 5 else 0


sys.exit(main())
