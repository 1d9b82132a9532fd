#!/usr/bin/env python3
"""Measures mtalens beside other programs on the same logs at the same time. run.sh builds all it needs.

    bench.py --mtalens BINARY --grow BINARY [--mib 1024] [--cut 64] [--rounds 5] [--quick] [--only postfix-week] [--keep]
    bench.py --mtalens BINARY --grow BINARY --memory [--mib 10240]
    bench.py --mtalens BINARY --grow BINARY --patterns [--only postfix-a]

Each log is grown from a recording, and what mtalens counts in it must be exactly as many times what it counts in the
recording as there are copies: exit 1 where it is not. Logs lie in $TMPDIR (default /tmp), one at a time.
"""
import argparse, collections, json, lzma, os, pathlib, shutil, signal, statistics, subprocess, sys, tempfile, time

SAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "samples"
RECORDINGS = {
    f"{mta}-{story}": SAMPLES / story / mta / (("mainlog" if mta == "exim" else "maillog") + (".xz" if story == "week" else ""))
    for mta in ("postfix", "sendmail", "exim") for story in ("a", "week")
}
YEAR = ["--year", "2026"]  # of a grown log's first line
NEEDLE = "Too many messages"
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}  # the C locale: what each of them is fastest in
MIB = 2**20
OWN_PATTERNS_TARGET = 1.03

Run = collections.namedtuple("Run", "seconds cpu")
# command: a list, or a line for sh. cut: reads only the cut of the log.
Job = collections.namedtuple("Job", "name command cut")


def log_note(text):
    print(text, file=sys.stderr, flush=True)


def seconds_of(command, output="/dev/null"):
    """Start to exit. What it prints goes to a file: to /dev/null, GNU grep would stop at the first match."""
    argv = command if isinstance(command, list) else ["sh", "-c", command]
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
               (os.POSIX_SPAWN_OPEN, 2, output + ".err" if output != "/dev/null" else output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    begin = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, ENVIRONMENT, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        sys.exit(f"bench: {command}: exit {code}")
    return Run(seconds, usage.ru_utime + usage.ru_stime)


# ---- logs

def grown(grow, mta, recording, mib, to):
    """Writes the log; says of how many copies."""
    free = shutil.disk_usage(to.parent).free
    if free < mib * MIB * 1.2:
        sys.exit(f"bench: {to.parent}: {mib} MiB are needed, {free // MIB} are free; set TMPDIR, or --mib")
    with open(to, "wb") as out:
        done = subprocess.run([grow, mta, recording, "--mib", str(mib)], stdout=out, stderr=subprocess.PIPE, check=True, text=True)
    return int(done.stderr.split()[1])


def cut(source, to, mib):
    with open(source, "rb") as log:
        text = log.read(mib * MIB)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(text[:text.rfind(b"\n") + 1])


def warm(path):
    """Into the page cache. Says how many lines it has."""
    lines = 0
    with open(path, "rb", buffering=0) as log:
        while block := log.read(4 * MIB):
            lines += block.count(b"\n")
    return lines


def counts(mtalens, log):
    """Whatever the report counts that grows with the copies."""
    done = subprocess.run([mtalens, "--format", "json", *YEAR, log], capture_output=True, check=True, env=ENVIRONMENT)
    report = json.loads(done.stdout)
    out = {name: report["input"][name] for name in ("lines", "mail_lines", "unrecognized_lines")}
    out |= report["totals"]
    for name in ("accepted", "refusals", "throttled"):
        out[name] = sum(p[name] for p in report["providers"])
    for name in ("delivered", "deferred", "throttled", "secondary", "bounced"):
        out[f"attempts.{name}"] = sum(p["attempts"][name] for p in report["providers"])
    out["failed handshakes"] = sum(t["failed"] for t in report["tls"])
    return out


def wrong_counts(mtalens, recording, log, copies):
    of_one, of_all = counts(mtalens, recording), counts(mtalens, log)
    return [f"{name}: {of_all[name]}, not {copies} times {n}" for name, n in of_one.items() if of_all[name] != copies * n]


# ---- who is measured

def peers(mta, cut_log, work):
    """Jobs, and why those that are left out cannot do this work."""
    here, missing = [], []

    def add(name, program, command, only=None):
        path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if only and mta != only:
            missing.append(f"{name} reads only {only.capitalize()}")
        elif path is None:
            missing.append(f"{program} is not installed")
        else:
            here.append(Job(name, command(path), True))

    add("pflogsumm", "pflogsumm", lambda path: [path, str(cut_log)], "postfix")
    add("eximstats", "eximstats", lambda path: [path, str(cut_log)], "exim")
    add("logwatch", "logwatch", lambda path: [path, "--logdir", str(cut_log.parent if mta != "exim" else cut_log.parent.parent),
                                              "--service", mta, "--range", "all", "--archives", "no", "--output", "stdout"])
    # Without a terminal lnav reads, does the command, and leaves. Its settings go where they are removed.
    lnav = f"SELECT count(*) FROM all_logs WHERE log_body LIKE '%{NEEDLE}%'"
    add("lnav", "lnav", lambda path: ["env", f"HOME={work}", path, "-n", "-c", f";{lnav}", str(cut_log)])
    add("gawk", "gawk", lambda path: [path, f"/{NEEDLE}/ {{ n++ }} END {{ print n }}", str(cut_log)])
    return here, missing


def jobs_for(mta, mtalens, log, cut_log, work):
    report = [mtalens, *YEAR]
    jobs = [
        Job("mtalens", [*report, str(log)], False),
        Job("mtalens --jobs 1", [*report, "--jobs", "1", str(log)], False),
        Job("cat | mtalens", f"cat {log} | {' '.join(report)}", False),
        Job("cat | cat", f"cat {log} | cat >/dev/null", False),
        Job("grep -c", ["grep", "-c", NEEDLE, str(log)], False),
        Job("wc -l", ["wc", "-l", str(log)], False),
        Job("cat", f"exec cat {log} >/dev/null", False),
    ]
    if (os.cpu_count() or 1) > 2:
        jobs.append(Job("mtalens --jobs 2", [*report, "--jobs", "2", str(log)], False))
    others, missing = peers(mta, cut_log, work)
    if shutil.which("rg"):
        jobs.append(Job("rg -c", ["rg", "-c", NEEDLE, str(log)], False))
    else:
        missing.append("rg is not installed")
    return jobs + others, missing


# ---- one log

class Measured:
    """Of one log: every job's runs, and the ratios made of their medians."""

    def __init__(self, name):
        self.name, self.mta = name, name.split("-")[0]
        self.runs, self.bytes = collections.defaultdict(list), {}
        self.short_ms = None

    def median(self, job):
        return statistics.median(run.seconds for run in self.runs[job]) if job in self.runs else None

    def cpu_per_byte(self, job):
        return statistics.median(run.cpu for run in self.runs[job]) / self.bytes[job] if job in self.runs else None

    def rate(self, job):
        seconds = self.median(job)
        return self.bytes[job] / seconds / 1e6 if seconds else None

    def time_over(self, job, other):
        return self.median(job) / self.median(other) if other in self.runs else None

    def rate_over(self, job, other):
        return self.rate(job) / self.rate(other) if other in self.runs else None

    def two_cores(self):
        both = "mtalens --jobs 2" if "mtalens --jobs 2" in self.runs else "mtalens" if os.cpu_count() == 2 else None
        return self.rate_over(both, "mtalens --jobs 1") if both else None

    def pipe(self):
        return self.rate("cat | mtalens") / min(self.rate("mtalens"), self.rate("cat | cat"))

    def print_runs(self):
        print(f"  {'':18} {'seconds':>9} {'CPU s':>8} {'MB/s':>8}  fastest–slowest")
        for job, runs in self.runs.items():
            times = [run.seconds for run in runs]
            cpu = statistics.median(run.cpu for run in runs)
            print(f"  {job:18} {self.median(job):9.3f} {cpu:8.2f} {self.rate(job):8,.0f}  {min(times):.3f}–{max(times):.3f}")
        print()


def short_log_ms(mtalens, recording, work):
    short = work / "short.log"
    short.write_bytes(b"".join(recording.read_bytes().splitlines(keepends=True)[:300]))
    return statistics.median(seconds_of([mtalens, *YEAR, str(short)], str(work / "out")).seconds for _ in range(21)) * 1000


def measure(name, options, work):
    """-> Measured, and what mtalens counted wrong."""
    out = Measured(name)
    recording = plain_recording(name, work)
    log = work / "mail.log"
    cut_log = work / "cut" / ("exim4/mainlog" if out.mta == "exim" else "mail.log")
    log_note(f"{name}: growing {options.mib} MiB")
    copies = grown(options.grow, out.mta, recording, options.mib, log)
    cut(log, cut_log, min(options.cut, options.mib))
    lines = warm(log)
    wrong = wrong_counts(options.mtalens, recording, log, copies)
    jobs, missing = jobs_for(out.mta, options.mtalens, log, cut_log, work)
    for number in range(options.rounds):
        log_note(f"{name}: round {number + 1} of {options.rounds}")
        for job in jobs:
            out.runs[job.name].append(seconds_of(job.command, str(work / "out")))
    for job in jobs:
        out.bytes[job.name] = (cut_log if job.cut else log).stat().st_size
    out.short_ms = short_log_ms(options.mtalens, recording, work)
    print(f"{name}: {log.stat().st_size / MIB:,.0f} MiB, {lines:,} lines, {copies:,} copies; peers read {cut_log.stat().st_size / MIB:,.0f} MiB of it")
    print("  what mtalens counts in it is", "NOT " * bool(wrong) + f"{copies:,} times what it counts in the recording", *wrong[:5], sep="\n    " if wrong else " ")
    for why in missing:
        print(f"  left out: {why}")
    out.print_runs()
    if options.keep:
        log.rename(work / f"{name}.log")
    return out, wrong


def plain_recording(name, work):
    recording = RECORDINGS[name]
    if recording.suffix != ".xz":
        return recording
    plain = work / f"{name}.recording"
    if not plain.exists():
        plain.write_bytes(lzma.decompress(recording.read_bytes()))
    return plain


# ---- all logs

# What, its target and how it is held against it, how it is made. Below: at most the target is good; above: at least.
RATIOS = [
    ("time / grep -c", "below", 1.0, lambda m: m.time_over("mtalens", "grep -c")),
    ("time / wc -l", "below", 2.5, lambda m: m.time_over("mtalens", "wc -l")),
    ("time / cat", None, None, lambda m: m.time_over("mtalens", "cat")),
    ("time / rg -c", None, None, lambda m: m.time_over("mtalens", "rg -c")),
    ("speed / pflogsumm", "above", 50, lambda m: m.rate_over("mtalens", "pflogsumm")),
    ("speed / eximstats", "above", 35, lambda m: m.rate_over("mtalens", "eximstats")),
    ("speed / logwatch", "above", 100, lambda m: m.rate_over("mtalens", "logwatch")),
    ("speed / lnav", None, None, lambda m: m.rate_over("mtalens", "lnav")),
    ("speed / gawk", None, None, lambda m: m.rate_over("mtalens", "gawk")),
    ("two cores / one", "above", 1.7, lambda m: m.two_cores()),
    ("pipe / file, cat|cat", "above", 0.6, lambda m: m.pipe()),
    ("300 lines, ms", "below", 15, lambda m: m.short_ms),
]


def print_ratios(all_measured):
    width = max(len(m.name) for m in all_measured) + 2
    print(f"{'ratio (! misses its target)':28}{'target':>8}" + "".join(f"{m.name:>{width}}" for m in all_measured))
    for what, side, target, value_of in RATIOS:
        cells = ""
        for measured in all_measured:
            value = value_of(measured)
            missed = value is not None and ((side == "below" and value > target) or (side == "above" and value < target))
            cells += f"{'–' if value is None else f'{value:.0f}' if value >= 20 else f'{value:.2f}':>{width - 1}}{'!' if missed else ' '}"
        bound = "" if side is None else f"{'<=' if side == 'below' else '>='} {target:g}"
        print(f"{what:28}{bound:>8}{cells}")


def print_cpu_ratios(all_measured):
    """What other programs on the machine disturb less."""
    width = max(len(m.name) for m in all_measured) + 2
    print(f"\n{'CPU time per byte: mtalens --jobs 1 is the 1':46}" + "".join(f"{m.name:>{width}}" for m in all_measured))
    for job in ("mtalens", "cat | mtalens", "grep -c", "wc -l", "rg -c", "pflogsumm", "eximstats", "logwatch", "lnav", "gawk"):
        ratios = [m.cpu_per_byte(job) / m.cpu_per_byte("mtalens --jobs 1") if job in m.runs else None for m in all_measured]
        print(f"{job:46}" + "".join(f"{'–' if r is None else f'{r:.2f}':>{width}}" for r in ratios))


def print_machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown CPU")
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} × {model}, Linux {os.uname().release}, load {load:.2f} before the start")
    if load > 0.5:
        print("note: other programs are at work on this machine; ratios suffer less than seconds, but they do suffer")
    print(flush=True)


def all_ratios(options, work):
    print_machine()
    results = [measure(name, options, work) for name in options.only]
    print_ratios([measured for measured, _ in results])
    print_cpu_ratios([measured for measured, _ in results])
    return any(wrong for _, wrong in results)


# ---- memory

def peak_anon_mib(mtalens, log):
    """Runs it once. -> the most RssAnon that was seen, looking every two milliseconds, and the seconds it took."""
    begin, peak = time.perf_counter(), 0
    child = subprocess.Popen([mtalens, *YEAR, log], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    while child.poll() is None:
        try:
            for line in open(f"/proc/{child.pid}/status"):
                if line.startswith("RssAnon:"):
                    peak = max(peak, int(line.split()[1]))
        except OSError:
            break
        time.sleep(0.002)
    if child.wait() != 0:
        sys.exit(f"bench: mtalens {log}: exit {child.returncode}")
    return peak / 1024, time.perf_counter() - begin


def memory(options, work):
    print_machine()
    sizes = [25, 100] if options.quick else [100, 1024]
    if options.mib > sizes[-1] and not options.quick:
        sizes.append(options.mib)
    print(f"{'log':16}{'MiB':>8}{'copies':>8}{'seconds':>10}{'ns/byte':>10}{'RssAnon MiB':>13}{'of the first':>14}")
    for name in options.only:
        recording, log, first = plain_recording(name, work), work / "mail.log", None
        for mib in sizes:
            copies = grown(options.grow, name.split("-")[0], recording, mib, log)
            warm(log)
            runs = [peak_anon_mib(options.mtalens, log) for _ in range(3)]
            peak, seconds = max(run[0] for run in runs), statistics.median(run[1] for run in runs)
            first = first or peak
            print(f"{name:16}{log.stat().st_size / MIB:8,.0f}{copies:8,}{seconds:10.3f}{seconds * 1e9 / log.stat().st_size:10.2f}{peak:13.1f}{peak / first:13.2f}×", flush=True)
            log.unlink()
    return False


# ---- patterns of one's own

def write_own_patterns(folder):
    """Two hundred replies with expressions, as many providers, and an MTA: more than anybody's, and none of them occurs."""
    replies = [{"id": f"own/reply-{n}", "meaning": "throttle/rate", "literal": f"slow down number {n}", "regex": f"slow down number {n} for (\\d+)",
                "limit": {"unit": "messages", "per": "hour"}} for n in range(200)]
    providers = [{"id": f"own-{n}", "name": f"Own {n}", "domains": [f"own{n}.example"], "relays": [f"*.own{n}.example"]} for n in range(200)]
    mta = {"id": "ownmta", "name": "Own MTA", "programs": ["ownmta"],
           "lines": [{"kind": "attempt", "literal": "out id=", "regex": "text=\"(?<reply>.*)\"$", "fields": {"queue_id": "id", "recipient": "to"}}]}
    folder.mkdir()
    (folder / "own.json").write_text(json.dumps({"providers": providers, "replies": replies, "parsers": [mta]}))


def patterns(options, work):
    """The same logs with and without them, in turns. The least CPU time of all rounds: what else is at work only adds."""
    print_machine()
    write_own_patterns(work / "own")
    print(f"{'log':16}{'MiB':>8}{'without s':>12}{'with s':>10}{'ratio':>9}")
    slow = False
    for name in options.only:
        log = work / "mail.log"
        grown(options.grow, name.split("-")[0], plain_recording(name, work), options.mib, log)
        warm(log)
        plain, own = [options.mtalens, *YEAR, "--jobs", "1", log], [options.mtalens, *YEAR, "--jobs", "1", "--patterns", work / "own", log]
        runs = [(seconds_of(plain).cpu, seconds_of(own).cpu) for _ in range(options.rounds)]
        without, given = (min(side) for side in zip(*runs))
        ratio = given / without
        slow |= ratio > OWN_PATTERNS_TARGET
        print(f"{name:16}{log.stat().st_size / MIB:8,.0f}{without:12.3f}{given:10.3f}{ratio:9.3f}{'!' if ratio > OWN_PATTERNS_TARGET else ''}", flush=True)
        log.unlink()
    return slow


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mtalens", required=True)
    parser.add_argument("--grow", required=True)
    parser.add_argument("--mib", type=int, help="size of each log (default 1024; quick: 128)")
    parser.add_argument("--cut", type=int, help="how much of it the slow ones read, MiB (default 64; quick: 8)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small logs: for a look, not for a claim")
    parser.add_argument("--memory", action="store_true", help="peak memory and time per byte at several sizes instead")
    parser.add_argument("--patterns", action="store_true", help="what patterns of one's own cost instead: at most 3 %%")
    parser.add_argument("--only", action="append", choices=RECORDINGS, help="this log (may be given again)")
    parser.add_argument("--keep", action="store_true", help="leave the logs where they are")
    options = parser.parse_args()
    options.only = options.only or list(RECORDINGS)
    options.mib = options.mib or (128 if options.quick else 1024)
    options.cut = options.cut or (8 if options.quick else 64)
    options.mtalens, options.grow = (str(pathlib.Path(p).resolve()) for p in (options.mtalens, options.grow))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that the logs go even then
    work = pathlib.Path(tempfile.mkdtemp(prefix="mtalens-bench-"))
    try:
        failed = (memory if options.memory else patterns if options.patterns else all_ratios)(options, work)
    finally:
        if options.keep:
            log_note(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
