#!/usr/bin/env python3
"""What mtalens gives up before it reads a line: seen from outside (strace, /proc) and tried from inside.

    privilege_test.py BINARY FORBIDDEN_CALLS      exit 1 where a claim fails
"""
import ctypes, gzip, os, pathlib, re, shutil, subprocess, sys, tempfile, time

BINARY, INSIDE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SAMPLE = pathlib.Path(__file__).parents[2] / "samples/a/postfix/maillog"
ENVIRONMENT = {**os.environ, "TZ": "UTC", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
FORBIDDEN = {"socket", "socketpair", "connect", "bind", "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv",
             "process_vm_writev", "kill", "setuid", "setresuid", "mount", "bpf", "io_uring_setup", "init_module", "mkdir", "chmod"}
WRITES = {"rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "fchmod", "ftruncate"}
ADDRESS = re.search(r"to=<([^>]+)>", SAMPLE.read_text()).group(1)
LANDLOCK = ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1  # landlock_create_ruleset, its version
failures = []


def claim(what, holds, *seen):
    if not holds:
        failures.append(what)
        print(f"fails: {what}", *seen)


def commands(log):
    """Each subcommand on files, and whether it writes a file."""
    return {
        "report": (["report", log], False),
        "report of a folder": (["report", os.path.dirname(log)], False),
        "report --format html": (["--format", "html", log], False),
        "report -o": (["-o", "out/report.html", "--format", "html", log], True),
        "report --state": (["--state", "out/state", log], True),
        "report --state, again": (["--state", "out/state", log], True),
        "queue": (["queue", log], False),
        "trace": (["trace", ADDRESS, log], False),
        "compare": (["compare", "--at", "2026-11-24T12:00", log], False),
        "compare --with": (["compare", log, "--with", log], False),
        "check": (["check", "--fail-on", "critical", log], False),
        "check --write-expect": (["check", "--write-expect", "out/expect", log], True),
        "check --expect": (["check", "--expect", "out/expect", log], False),
        "events": (["events", log], False),
        "patterns": (["patterns", "test"], False),
        "explain": (["explain", "throttle/rate"], False),
    }


def seen_by_strace(arguments, stdin=None):
    """The calls after the filter stands, as (name, line)."""
    done = subprocess.run(["strace", "-f", "-qq", "-o", "trace", BINARY, *arguments], env=ENVIRONMENT, capture_output=True, stdin=stdin)
    lines = [re.sub(r"^\d+ +", "", line) for line in open("trace", errors="replace")]
    begin = [i for i, line in enumerate(lines) if line.startswith("seccomp(SECCOMP_SET_MODE_FILTER") and "{len=" in line]
    if not begin:
        return done, None
    return done, [(line.split("(")[0], line.strip()) for line in lines[begin[-1] + 1:] if re.match(r"[a-z0-9_]+\(", line)]


def from_outside(log):
    if shutil.which("strace") is None:
        print("no strace: what the program asks of the kernel was not looked at")
        return
    for name, (arguments, writes) in commands(log).items():
        done, calls = seen_by_strace(arguments)
        claim(f"{name}: there is a filter", calls, done.stderr[-300:])
        claim(f"{name}: it runs", done.returncode in (0, 1) and done.stderr == b"", done.returncode, done.stderr)
        names = {call for call, _ in calls or []}
        claim(f"{name}: nothing forbidden is asked for", not names & FORBIDDEN, names & FORBIDDEN)
        claim(f"{name}: nothing that it asks for is refused", not [line for _, line in calls or [] if "EPERM" in line or "EACCES" in line],
              [line for _, line in calls or [] if "EPERM" in line or "EACCES" in line])
        written = names & WRITES or [line for call, line in calls or [] if call == "openat" and re.search("O_WRONLY|O_RDWR|O_CREAT", line)]
        claim(f"{name}: files are written only where asked for", bool(written) == writes, written)


def asked_inside(*arguments):
    """What the kernel answered to somebody inside the program."""
    done = subprocess.run([BINARY, *arguments], capture_output=True, timeout=60,
                          env={**ENVIRONMENT, "LD_PRELOAD": INSIDE, "FORBIDDEN_FILE": "victim/file", "FORBIDDEN_NEW": "victim/new"})
    return dict(line.split() for line in done.stderr.decode().splitlines() if len(line.split()) == 2)


def from_inside(log):
    pathlib.Path("victim").mkdir()
    pathlib.Path("victim/file").write_text("mine\n")
    always = {"socket", "socket-unix", "fork", "execve", "ptrace", "kill", "setuid", "mount", "bpf", "chmod", "mkdir", "executable-memory"}
    for name, (arguments, writes) in commands(log).items():
        if name == "report -o" or "--write-expect" in name:
            continue  # writes nothing to standard output
        answers = asked_inside(*arguments)
        claim(f"{name}: calls are refused", all(answers.get(call) == "EPERM" for call in always), answers)
        claim(f"{name}: reading is not", answers.get("read") == "OK", answers)
        if writes and not LANDLOCK:
            continue  # this kernel cannot tell one folder from another
        refused = ("EACCES", "EPERM") if writes else ("EPERM",)
        for call in ("overwrite", "create", "remove"):
            claim(f"{name}: {call} in another folder is refused", answers.get(call) in refused, answers)
    if not LANDLOCK:
        return print("no Landlock: whether a run that writes keeps to its folders was not looked at")
    claim("the file of another folder is as it was", pathlib.Path("victim/file").read_text() == "mine\n")
    claim("and alone", os.listdir("victim") == ["file"])


def what_compressed_data_asks_for():
    """gzip around what looks like lrzip's: the library that decompresses would run a program of that name."""
    pathlib.Path("bin").mkdir()
    trap = pathlib.Path("bin/lrzip")
    trap.write_text(f"#!/bin/sh\ntouch {os.getcwd()}/ran\n")
    trap.chmod(0o755)
    pathlib.Path("log.gz").write_bytes(gzip.compress(b"LRZI\0\6" + bytes(1000)))
    subprocess.run([BINARY, "log.gz"], env={**ENVIRONMENT, "PATH": f"{os.getcwd()}/bin:/usr/bin:/bin"}, capture_output=True)
    claim("no program is run for what stands in a log", not os.path.exists("ran"))


def the_command(log):
    """--on-finding is not confined: what it runs may do what the user may."""
    done = subprocess.run([BINARY, "watch", "--plain", "--on-finding", "cat /proc/self/status >> status; mkdir -p made"], input=open(log, "rb").read(),
                          env=ENVIRONMENT, capture_output=True)
    claim("watch runs its command", done.returncode == 0 and os.path.isdir("made"), done)
    status = pathlib.Path("status").read_text()
    claim("the command is not confined", status.count("Seccomp:\t0") == status.count("Seccomp:") > 0, status[-400:])
    claim("and keeps its user", f"Uid:\t{os.getuid()}\t" in status)


def status_of(process):
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines())


def told(path, text):
    end = time.time() + 10
    while time.time() < end:
        if text in path.read_text():
            return True
        time.sleep(0.05)
    return False


def watched(log, mode, gid, extra=()):
    """Follows a log of that mode and group, rotates it, and gives what /proc said and whether the new file was read."""
    folder = pathlib.Path(tempfile.mkdtemp(dir="."))
    folder.chmod(0o755)
    lines = log.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b"421" in line and b"status=deferred" in line)
    here, out = folder / "maillog", folder / "out"

    def begin(data):
        with open(os.open(here, os.O_WRONLY | os.O_CREAT, mode), "wb") as file:
            os.fchown(file.fileno(), 0, gid)
            file.write(data)

    begin(b"".join(lines[:at]))
    with open(out, "wb") as to:
        watching = subprocess.Popen([BINARY, "watch", "--plain", *extra, str(here)], stdout=to, stderr=subprocess.PIPE, env=ENVIRONMENT)
        time.sleep(1)
        status = status_of(watching)
        here.rename(folder / "maillog.1")
        begin(b"".join(lines[at:]))
        read = told(out, "begins")
        watching.terminate()
        errors = watching.communicate(timeout=10)[1]
    claim("nothing on standard error", errors == b"", errors)
    return status, read


def as_root(log):
    if os.getuid() != 0:
        print("not root: what becomes of root was not looked at")
        return
    account = next((line.split(":") for line in open("/etc/passwd") if line.startswith("mtalens:")), None)
    account = account or next(line.split(":") for line in open("/etc/passwd") if line.startswith("nobody:"))
    status, read = watched(log, 0o640, 4)
    claim("root becomes another", status["Uid"].split() == [account[2]] * 4, status["Uid"])
    claim("its group too", status["Gid"].split() == [account[3]] * 4, status["Gid"])
    claim("with the log's group beside it", status["Groups"].split() == ["4"], status["Groups"])
    claim("and no right of root's", int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 0, status)
    claim("confined", (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), status)
    claim("the rotated log is read", read)
    status, read = watched(log, 0o600, 0)
    claim("root's own log: another user", status["Uid"].split() == [account[2]] * 4 and status["Groups"].split() == [], status)
    claim("with the right to read, alone", int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 1 << 2, status)
    claim("root's own log, rotated, is read", read)
    private = pathlib.Path("private")
    private.mkdir(mode=0o700)
    shutil.copy(log, private / "maillog")
    done = subprocess.run([BINARY, "-o", private / "report", "--state", private / "state", private / "maillog"], env=ENVIRONMENT, capture_output=True)
    claim("root's folder can be written", done.returncode == 0 and done.stderr == b"", done)
    claim("the files are root's", all(os.stat(private / name).st_uid == 0 for name in ("report", "state")))
    os.chown(private, 12345, 12345)
    done = subprocess.run([BINARY, "-o", private / "report", private / "maillog"], env=ENVIRONMENT, capture_output=True)
    claim("another's folder too", done.returncode == 0 and os.stat(private / "report").st_uid == 0, done)


with tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o755)
    os.chdir(folder)
    os.makedirs("log")
    os.makedirs("out")
    log = pathlib.Path("log/maillog").absolute()
    shutil.copy(SAMPLE, log)
    log.chmod(0o644)
    from_outside(str(log))
    from_inside(str(log))
    what_compressed_data_asks_for()
    the_command(log)
    as_root(log)
    os.chdir("/")
print(f"{len(failures)} claims fail" if failures else "all claims hold")
sys.exit(1 if failures else 0)
