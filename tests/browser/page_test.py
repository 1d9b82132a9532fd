#!/usr/bin/env python3
"""Drives the page of --format html in a real Chromium: nothing on its console, nothing from the network, the numbers of
the JSON report, sorting, filtering and zooming, and a hostile log that stays text. Skipped (77) without Chromium.

    page_test.py BINARY [--screenshots DIR]
"""
import base64, json, os, pathlib, shutil, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLES = ["samples/week/postfix/maillog.xz", "samples/week/sendmail/maillog.xz", "samples/week/exim/mainlog.xz"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--remote-debugging-pipe", "--disable-dev-shm-usage"]

# As a stranger would write it: markup in a sender, in a reply, in a host's name.
HOSTILE = """\
Dec  9 10:00:00 mx postfix/smtpd[9]: AAAA1111: client=unknown[192.0.2.9]
Dec  9 10:00:01 mx postfix/qmgr[9]: AAAA1111: from=<"><img/src=x/onerror=bad()>@evil.example>, size=900, nrcpt=1 (queue active)
Dec  9 10:00:02 mx postfix/smtp[9]: AAAA1111: to=<a@evil.example>, relay=mx.evil.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.7.0, status=deferred (host mx.evil.example[192.0.2.1] said: 421 4.7.0 Too many messages </script><script>document.title='owned'</script><!--'"> \u202egpj.exe (in reply to end of DATA command))
"""


class Browser:
    """The DevTools protocol over a pipe: JSON messages that end with a NUL."""

    def __init__(self, profile):
        to_browser, self.to = os.pipe()
        self.back, from_browser = os.pipe()

        def pipes():
            # Out of the way first: the ends may themselves be 3 and 4.
            reading, writing = os.dup(to_browser), os.dup(from_browser)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        # Kept above 4 so that dup2 overwrites neither.
        import fcntl
        to_browser = fcntl.fcntl(to_browser, fcntl.F_DUPFD, 20)
        from_browser = fcntl.fcntl(from_browser, fcntl.F_DUPFD, 20)
        self.process = subprocess.Popen([CHROMIUM, *FLAGS, "--user-data-dir=" + profile, "about:blank"], preexec_fn=pipes,
                                        close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(domain + ".enable")

    def message(self):
        while b"\0" not in self.buffer:
            more = os.read(self.back, 1 << 20)
            if not more:
                raise RuntimeError("Chromium went away")
            self.buffer += more
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=f"(() => {{ {script} }})()", returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def complaints(self, page):
        out = []
        for event in self.events:
            method, about = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                out.append("exception: " + about["exceptionDetails"]["exception"].get("description", "")[:300])
            elif method == "Runtime.consoleAPICalled":
                out.append("console: " + str(about["args"])[:300])
            elif method == "Log.entryAdded":
                out.append("log: " + about["entry"]["text"][:300])
            elif method == "Network.requestWillBeSent" and about["request"]["url"] != page.as_uri():
                out.append("request: " + about["request"]["url"][:300])
        return out

    def screenshot(self, path, width, scheme, part="html"):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self.run("return new Promise((done) => setTimeout(done, 400))")
        top, height = self.run(f"const box = document.querySelector('{part}').getBoundingClientRect(); return [box.top + scrollY, box.height]")
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": top, "width": width, "height": height, "scale": 1})
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.call("Browser.close")
        self.process.wait(20)


class Checks:
    def __init__(self):
        self.failed = 0

    def same(self, what, seen, wanted):
        if seen != wanted:
            self.failed += 1
            print(f"{what}:\n  is     {str(seen)[:400]}\n  wanted {str(wanted)[:400]}")


def report(binary, form, log):
    done = subprocess.run([binary, "--timezone", "UTC", "--year", "2026", "--format", form, str(log)], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE)
    return done.stdout


ROWS = """const cell = (c) => c.dataset.value === undefined ? c.textContent : Number(c.dataset.value);
  return [...document.querySelectorAll('#%s tbody tr')].filter((r) => !r.hidden).map((r) => [...r.cells].map(cell));"""


def check_numbers(browser, checks, name, wanted):
    providers = [[p["provider"], p["accepted"], p["refusals"], p["throttled"], p["attempts"]["delivered"], p["attempts"]["deferred"],
                  p["queue"]["queued"], p["queue"]["oldest_age_s"] or 0] for p in wanted["providers"]]
    rows = browser.run(ROWS % "providers")
    checks.same(f"{name}: providers", [row[:6] + row[7:9] for row in rows], providers)
    tls = [[t["peer"], t["handshakes"], t["failed"], t["fallbacks"], t["waiting"], t["expired"]] for t in wanted["tls"]]
    checks.same(f"{name}: TLS", [[row[0], *row[4:6], *row[7:]] for row in browser.run(ROWS % "tls")], tls)
    titles = browser.run("return [...document.querySelectorAll('.finding h3')].map((h) => h.textContent)")
    checks.same(f"{name}: findings", titles, [f["title"] for f in wanted["findings"]])
    totals = browser.run("return [...document.querySelectorAll('.totals dd')].map((d) => Number(d.textContent.replaceAll(',', '')))")
    checks.same(f"{name}: totals", totals, [wanted["totals"][k] for k in ["messages", "recipients", "delivered", "bounced", "expired", "queued"]])


def check_curves(browser, checks, name, wanted):
    """The table under the plots, day by day, against the hours of the JSON report."""
    drawn = [p for p in wanted["providers"] if p["history"]]
    names = browser.run("return [...document.querySelectorAll('#provider option')].map((o) => o.textContent)")
    checks.same(f"{name}: curves", names, [p["provider"] for p in drawn[:12]])
    for index, provider in enumerate(drawn[:12]):
        browser.run(f"const c = document.getElementById('provider'); c.value = '{index}'; c.dispatchEvent(new Event('change'))")
        days = browser.run("return [...document.querySelectorAll('#days tbody tr')].map((r) => [...r.cells].slice(1, 6)"
                           ".map((c) => Number(c.textContent.replaceAll(',', ''))))")
        h, skipped = provider["history"], int(provider["history"]["from"][11:13])
        expected = []
        for i in range(len(h["accepted"])):
            if (i + skipped) // 24 >= len(expected):
                expected.append([0, 0, 0, 0, 0])
            for column, key in enumerate(["accepted", "throttled", "inflow", "outflow"]):
                expected[-1][column] += h[key][i]
            expected[-1][4] = h["queued"][i]
        checks.same(f"{name}: {provider['provider']} by day", days, expected)
        failed = {way: sum(sum(t["failed_days"].values()) for t in wanted["tls"] if t["direction"] == way) for way in ["inbound", "outbound"]}
        handshakes = [f"Failed TLS handshakes by day, all peers: {failed['inbound']:,} inbound, {failed['outbound']:,} outbound"]
        labels = browser.run("return [...document.querySelectorAll('#plots [role=img]')].map((p) => p.getAttribute('aria-label'))")
        checks.same(f"{name}: plots", len(labels), 4 + any(failed.values()))
        checks.same(f"{name}: failed handshakes", labels[4:], handshakes if any(failed.values()) else [])


def check_tables(browser, checks, name):
    click = "document.querySelectorAll('#providers th button')[{}].click()"
    browser.run(click.format(1))
    accepted = [row[1] for row in browser.run(ROWS % "providers")]
    checks.same(f"{name}: sorted", accepted, sorted(accepted, reverse=True))
    browser.run(click.format(1))
    checks.same(f"{name}: sorted the other way", [row[1] for row in browser.run(ROWS % "providers")], sorted(accepted))
    browser.run("const i = document.querySelector('#providers-title').parentNode.querySelector('input'); i.value = 'yahoo';"
                "i.dispatchEvent(new Event('input'))")
    checks.same(f"{name}: filtered", [row[0] for row in browser.run(ROWS % "providers")], ["Yahoo"])


def check_hostile(browser, checks, binary, folder):
    log = folder / "hostile.log"
    log.write_text(HOSTILE)
    page = folder / "hostile.html"
    page.write_bytes(report(binary, "html", log))
    browser.open(page)
    checks.same("hostile: complaints", browser.complaints(page), [])
    checks.same("hostile: title", "owned" in browser.run("return document.title"), False)
    checks.same("hostile: elements", browser.run("return [document.querySelectorAll('script').length, document.images.length]"), [2, 0])
    text = browser.run("return document.body.innerHTML.includes('\\u202e') || document.querySelector('.evidence pre').textContent")
    checks.same("hostile: shown as text", "</script><script>document.title='owned'</script><!--'\"> \\u{202E}gpj.exe" in str(text), True)
    wanted = json.loads(report(binary, "json", log))
    data = browser.run("return JSON.parse(document.getElementById('report').textContent).findings[0].evidence")
    checks.same("hostile: data", data, wanted["findings"][0]["evidence"])


def main():
    if not CHROMIUM:
        print("no Chromium here: skipped")
        return 77
    binary = os.path.abspath(sys.argv[1])
    shots = pathlib.Path(sys.argv[3]) if sys.argv[2:3] == ["--screenshots"] else None
    checks = Checks()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        browser = Browser(name + "/profile")
        for sample in SAMPLES:
            page = folder / (sample.split("/")[2] + ".html")
            page.write_bytes(report(binary, "html", sample))
            browser.open(page)
            wanted = json.loads(report(binary, "json", sample))
            check_numbers(browser, checks, page.stem, wanted)
            if shots:
                for width, scheme in [(1280, "light"), (1280, "dark"), (390, "light")]:
                    browser.screenshot(shots / f"{page.stem}-{width}-{scheme}.png", width, scheme)
                browser.screenshot(shots / f"{page.stem}-curves.png", 1000, "light", "#curves")  # as README.md shows it
                checks.same(f"{page.stem}: no wider than a phone", browser.run("return document.documentElement.scrollWidth"), 390)
            check_curves(browser, checks, page.stem, wanted)
            check_tables(browser, checks, page.stem)
            checks.same(f"{page.stem}: complaints", browser.complaints(page), [])
        check_hostile(browser, checks, binary, folder)
        browser.close()
    print(f"the page: {checks.failed} checks failed" if checks.failed else "the page says what the JSON report says, asks nobody and complains of nothing")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
