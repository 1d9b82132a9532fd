#!/usr/bin/env python3
"""What strangers write into a mail log is not taken for what the MTA wrote, and nothing of it gets out unescaped.

    forgery_test.py BINARY [WORD…]      WORD: only the cases with it in their claim

Each *.cases file here is a list of cases, one a paragraph:

    # what the case claims; then who writes such a line: the MTA's source file
    Dec  9 10:00:01 mx postfix/smtp[9]: 4F1A2B3C4D: to=<…      a line, as the MTA writes it
    = {"kind": "attempt", "outcome": "delivered"}              an event it gives: these fields have these values;
                                                               null: the event does not bear the field
    = none                                                     it gives no event
    report {"totals": {"delivered": 1}, "findings": []}        what the report on these lines says

A line with neither behind it is only there for the report. Without `findings` in its report a case has none. In the
lines ⟨1B⟩ stands for a byte, ⟨U+202E⟩ for a character.
"""
import csv, email, email.policy, html.parser, io, json, pathlib, re, subprocess, sys, tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
OPTIONS = ["--timezone", "UTC", "--year", "2026"]
FORMATS = ["text", "json", "html", "markdown", "csv", "prometheus", "junit", "mail"]
# The elements that a page with findings has and one without has not.
OWN_TAGS = set("article details h3 li pre rect summary svg table td tr ul".split())
# Unicode's Bidi_Control, zero width and tag characters, line separators, C0 and C1 controls.
UNSAFE = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


class Case:
    def __init__(self, name, paragraph):
        self.lines, self.events, self.report = [], {}, {}
        claim = []
        for row in paragraph.splitlines():
            if row.startswith("#"):
                claim.append(row[1:].strip())
            elif row == "= none":
                self.events[len(self.lines)] = []
            elif row.startswith("= "):
                self.events.setdefault(len(self.lines), []).append(json.loads(row[2:]))
            elif row.startswith("report "):
                self.report = json.loads(row[7:])
            else:
                self.lines.append(unescaped(row))
        self.claim = f"{name}: {' '.join(claim)}"
        self.log = b"".join(line + b"\n" for line in self.lines)


def unescaped(row):
    row = re.sub("⟨U\\+([0-9A-F]+)⟩", lambda m: chr(int(m[1], 16)), row)
    return b"".join(bytes.fromhex(part) if i % 2 else part.encode() for i, part in enumerate(re.split("⟨([0-9A-F]{2})⟩", row)))


def cases_of(path):
    paragraphs = re.split(r"\n\s*\n", path.read_text().strip())
    return [Case(path.stem, p) for p in paragraphs if any(not row.startswith("#") for row in p.splitlines())]


def run(binary, log, *arguments):
    command = [binary, *arguments, *OPTIONS, "--quiet", str(log)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()  # what gets out is UTF-8


def differences(wanted, got, at=""):
    """Where `got` is not as `wanted` says, which names only what matters."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [d for key, value in wanted.items() for d in differences(value, got.get(key), f"{at}.{key}")]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [d for i, (w, g) in enumerate(zip(wanted, got)) for d in differences(w, g, f"{at}[{i}]")]
    return [] if wanted == got else [f"{at}: wanted {wanted!r}, got {got!r}"]


def wrong_in(case, binary, log):
    log.write_bytes(case.log)
    got = {}
    for row in run(binary, log, "events").splitlines():
        event = json.loads(row)
        got.setdefault(event["line"], []).append(event)
    wrong = [d for line, wanted in case.events.items() for d in differences(wanted, got.get(line, []), f"line {line}")]
    report = json.loads(run(binary, log, "report", "--format", "json"))
    report["findings"] = [finding["id"] for finding in report["findings"]]
    return wrong + differences({"findings": [], **case.report}, report, "report")


# ---- what gets out ---------------------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    """The elements of a page and the attributes that run or load something."""
    def __init__(self, text):
        super().__init__()
        self.tags, self.active = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.active += [a for a in attributes if a[0].startswith("on") or a[0] in ("src", "href", "srcdoc", "action")]


def markup_in(text, plain):
    """Elements that are not the page's own, scripts beyond those of the page on an empty log, handlers and links."""
    page = Page(text)
    strange = set(page.tags) - set(Page(plain).tags) - OWN_TAGS
    scripts = page.tags.count("script") - Page(plain).tags.count("script")
    active = [a for a in page.active if not a[1].startswith("#")]
    return sorted(strange) + ["script"] * scripts + active


def markdown_in(text):
    """What is not escaped outside of fenced blocks, where Markdown would read it."""
    rest, fence = [], ""
    for row in text.splitlines():
        mark = re.match("`{3,}", row)
        if fence:
            fence = "" if row == fence else fence
        elif mark:
            fence = mark[0]
        else:
            rest.append(re.sub(r"\\.", "", row))
    return re.findall(r"[<>\[\]`]|https?://\S+", "\n".join(rest))


def formulas_in(text):
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    return [cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and not re.fullmatch(r"-?[0-9]+", cell)]


def mail_parts(text):
    """A mail's subject and bodies, decoded: what its reader sees."""
    message = email.message_from_string(text, policy=email.policy.default)
    return [message["Subject"], *(part.get_content() for part in message.iter_parts())]


def unsafe_in(form, text, plain):
    if form == "mail":
        subject, body, page = mail_parts(text)
        return UNSAFE.findall(text + subject + body) + unsafe_in("html", page, mail_parts(plain)[-1])
    found = UNSAFE.findall(text.replace("\r\n", "\n") if form == "csv" else text)
    if form == "html":
        found += markup_in(text, plain)
    if form == "markdown":
        found += markdown_in(text)
    if form == "csv":
        found += formulas_in(text)
    return found


def wrong_outputs(name, cases, binary, log):
    report = lambda form: run(binary, log, "report", "--verbose", "--format", form, *(["--to", "root@example.org"] if form == "mail" else []))
    log.write_bytes(b"")
    plain = {form: report(form) for form in FORMATS}
    log.write_bytes(b"".join(case.log for case in cases))
    for form in FORMATS:
        if found := unsafe_in(form, report(form), plain[form]):
            yield f"{name}: {form}: {found}"
    events = run(binary, log, "events")
    ids = {event["queue_id"] for event in map(json.loads, events.splitlines()) if "queue_id" in event}
    others = [["queue"], ["queue", "--format", "json"], ["compare", "--at", "2026-12-09T10:00:01"], *(["trace", i] for i in sorted(ids))]
    for text, command in [(events, "events"), *((run(binary, log, *other), other) for other in others)]:
        if found := UNSAFE.findall(text):
            yield f"{name}: {command}: {found}"


def main(binary, *words):
    files = {path.stem: cases_of(path) for path in sorted(FOLDER.glob("*.cases"))}
    count, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "mail.log")
        for name, cases in files.items():
            for case in cases:
                if any(word not in case.claim for word in words):
                    continue
                count += 1
                wrong += [f"{case.claim}\n    {d}" for d in wrong_in(case, binary, log)]
            if not words:
                wrong += wrong_outputs(name, cases, binary, log)
    print(*wrong, f"{count} cases, {len(set(w.split(chr(10))[0] for w in wrong))} fail", sep="\n")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
