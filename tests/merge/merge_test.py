#!/usr/bin/env python3
"""Recordings as the logs of several hosts: their states, merged in any order and grouping, give the same bytes, and the
report over them says what one run over all the logs says, and what really happened.

merge_test.py MTALENS [SEED]
"""
import json
import lzma
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "samples"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
# As the recording's listeners are called in truth.json.
LISTENERS = {"BT Internet": "bt", "Yahoo": "yahoo"}
UNTOLD = {("Yahoo", "throttled"): 4}  # that sendmail's log of the week does not tell of


def plain(name):
    packed = SAMPLES / (name + ".xz")
    return lzma.decompress(packed.read_bytes()) if packed.exists() else (SAMPLES / name).read_bytes()


def as_host(log, host, address=None):
    """A recording as if it came from another host, which sends from another address."""
    data = plain(log).replace(b" lab ", b" %s " % host.encode())
    return data.replace(b"from 127.0.0.1", b"from %s" % address.encode()) if address else data


class Folder:
    def __init__(self, path):
        self.path = path

    def run(self, *arguments, expect=0, stdin=subprocess.DEVNULL):
        given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
        done = subprocess.run([PROGRAM, *arguments], cwd=self.path, capture_output=True, **given,
                              env={**os.environ, "TZ": "UTC", "HOME": str(self.path)})
        if done.returncode != expect:
            sys.exit(f"{arguments}: exit {done.returncode}, not {expect}: {done.stderr.decode()}")
        return done

    def state(self, name, *files, expect=0, **also):
        options = [f"--{key}={value}" for key, value in also.items()]
        self.run("report", "--quiet", "--year", "2026", "--state-out", name, "-o", "/dev/null", *options, *files, expect=expect)
        return name

    def write(self, name, data):
        (self.path / name).write_bytes(data)
        return name

    def read(self, name):
        return (self.path / name).read_bytes()

    def merge(self, *states):
        return self.run("merge", *states).stdout

    def report(self, state, *arguments):
        return json.loads(self.run("report", "--format", "json", "--state", state, *arguments).stdout)

    def refused(self, says, *arguments, **how):
        told = self.run(*arguments, expect=2, **how).stderr.decode()
        if says not in told:
            sys.exit(f"{arguments}: says '{told}', not '{says}'")


def same(what, one, other):
    if one != other:
        sys.exit(f"{what}: {json.dumps(one)[:1500]}\nis not\n{json.dumps(other)[:1500]}")


def by_name(report):
    return {provider["provider"]: provider for provider in report["providers"]}


def figures(report, keys):
    """What of a report adds up, host by host."""
    providers = {name: {key: provider[key] for key in keys} for name, provider in by_name(report).items()}
    tls = {(peer["direction"], peer["peer"]): {key: peer[key] for key in
                                               ("handshakes", "failed", "causes", "fallbacks", "waiting", "bounced", "expired", "failed_days")}
           for peer in report["tls"]}
    return {"totals": report["totals"], "providers": providers, "tls": {" ".join(peer): counts for peer, counts in sorted(tls.items())}}


ALL = ("accepted", "refusals", "throttled", "attempts", "queue", "history", "destinations", "relays")

HOSTS = [("mx1", "week/postfix/maillog", "81.2.3.4"), ("mx2", "week/sendmail/maillog", "81.2.3.5"),
         ("mx3", "week/exim/mainlog", None), ("mx4", "a/postfix/maillog", "81.2.3.6"), ("mx5", "a/sendmail/maillog", None)]


def grouped(folder, states, chance):
    """Merged two or three at a time, in any order, until one is left."""
    heap = list(states)
    number = 0
    while len(heap) > 1:
        chance.shuffle(heap)
        some = [heap.pop() for _ in range(min(len(heap), chance.randrange(2, 4)))]
        some += chance.sample(states, chance.randrange(2))  # one more time: it is in it already
        number += 1
        heap.append(folder.write(f"group{number}", folder.merge(*some)))
    return folder.read(heap[0])


def hosts_in_any_order(folder, chance):
    states, logs = [], []
    for host, log, address in HOSTS:
        logs.append(folder.write(host + ".log", as_host(log, host, address)))
        states.append(folder.state(host + ".state", logs[-1], **({"host": host} if "mainlog" in log else {})))
    once = folder.merge(*states)
    for _ in range(12):
        if grouped(folder, states, chance) != once:
            sys.exit("the order or the grouping of a merge makes a difference")
    folder.write("all.state", once)
    same("a merged state merged alone", folder.merge("all.state") == once, True)

    merged = folder.report("all.state")
    at_once = json.loads(folder.run("report", "--format", "json", "--year", "2026", *logs).stdout)
    same("merged, and all logs at once", figures(merged, ALL), figures(at_once, ALL))
    for key in ("lines", "mail_lines", "other_lines", "unrecognized_lines", "from", "to"):
        same(f"input.{key}", merged["input"][key], at_once["input"][key])
    truths = [json.loads((SAMPLES / log).parent.joinpath("truth.json").read_text()) for _, log, _ in HOSTS]
    for name, listener in LISTENERS.items():
        for key in ("accepted", "throttled"):
            truth = sum(count for one in truths for what, count in one.get(listener, {}).items() if what.startswith(key + "_"))
            truth -= UNTOLD.get((name, key), 0)
            same(f"{name}: {key}, and what happened", by_name(merged)[name][key], truth)
    queues = [json.loads(folder.run("queue", "--format", "json", *source).stdout) for source in
              (("--state", "all.state"), ("--year", "2026", *logs))]
    same("the queue", *[sorted((entry["queue_id"], entry["arrived"], entry["sender"]) for entry in queue["entries"]) for queue in queues])
    same("the queue's hosts", {entry["host"] for entry in queues[0]["entries"]} <= {host for host, _, _ in HOSTS}, True)
    return merged


def finding(report, provider):
    return next(f for f in report["findings"] if f["id"].startswith("throttle/") and f["subject"]["provider"] == provider)


def limits_by_sender(folder, merged):
    """Each host's own limit, by the address that the provider's reply names, else by the host."""
    numbers = finding(merged, "BT Internet")["numbers"]
    told = {(one["address"], *one["hosts"]): one["limit"]["value"] if one["limit"] else None for one in numbers["limits"]}
    for who in (("81.2.3.4", "mx1"), ("81.2.3.5", "mx2"), (None, "mx3")):
        same(f"BT Internet's limit for {who}", told.get(who), 49)
    text = folder.run("report", "--state", "all.state", "--verbose").stdout.decode()
    for words in ("81.2.3.4 (mx1): 49 messages a day", "mx3, whose address no reply names: 49 messages a day"):
        same(f"the text says '{words}'", words in " ".join(text.split()), True)
    # Two hosts behind one address have one limit together: half of the week's mail each.
    lines = as_host("week/postfix/maillog", "mx", "81.2.3.4").splitlines(keepends=True)
    ids = sorted({line.split()[5] for line in lines if len(line.split()) > 6 and line.split()[5].endswith(b":")})
    of_one = set(ids[::2])
    folder.write("one.log", b"".join(line for line in lines if line.split()[5] in of_one).replace(b" mx ", b" mx6 "))
    folder.write("two.log", b"".join(line for line in lines if line.split()[5] not in of_one).replace(b" mx ", b" mx7 "))
    states = [folder.state("one.state", "one.log"), folder.state("two.state", "two.log")]
    folder.write("both.state", folder.merge(*states))
    both = folder.report("both.state")
    numbers = finding(both, "BT Internet")["numbers"]
    same("of two hosts with one address", (numbers["limit"]["value"], numbers["limit"]["per"], numbers["limit"]["address"]), (49, "day", "81.2.3.4"))
    same("they are one sender", [sender["hosts"] for sender in by_name(both)["BT Internet"]["senders"]], [["mx6", "mx7"]])
    # All of them with a limit: what it takes from all together is their sum.
    folder.write("two-limits.state", folder.merge("mx1.state", "mx3.state"))
    numbers = finding(folder.report("two-limits.state"), "BT Internet")["numbers"]
    same("two limits together", (numbers["limit"]["value"], numbers["limit"]["per"]), (98, "day"))


def later_state_holds_earlier(folder):
    data = as_host("week/postfix/maillog", "mx1")
    cut = data.rfind(b"\n", 0, len(data) // 2) + 1
    folder.write("grows.log", data[:cut])
    report = ["report", "--quiet", "--year", "2026", "-o", "/dev/null"]
    folder.run(*report, "--state", "run.state", "grows.log")
    shutil.copy(folder.path / "run.state", folder.path / "early.state")
    folder.write("grows.log", data)
    folder.run(*report, "--state", "run.state", "grows.log")
    alone = folder.merge("run.state")
    same("a state and the one it came from", folder.merge("early.state", "run.state") == alone, True)
    same("in the other order", folder.merge("run.state", "early.state") == alone, True)
    # From a pipe nothing is known of a file; the state goes on from the same first line all the same.
    for part, name in ((data[:cut], "piped1.state"), (data[cut:], "piped2.state")):
        folder.run(*report, "--state", "piped.state", "-", stdin=part)
        shutil.copy(folder.path / "piped.state", folder.path / name)
    same("from a pipe", folder.merge("piped1.state", "piped2.state") == folder.merge("piped2.state"), True)
    # The second half alone is within a state made from both files.
    folder.write("half1.log", data[:cut])
    folder.write("half2.log", data[cut:])
    folder.state("half2.state", "half2.log")
    folder.state("halves.state", "half1.log", "half2.log")
    same("a part of the files", folder.merge("half2.state", "halves.state") == folder.merge("halves.state"), True)


def days_of(data):
    """The recording, cut at each midnight as logrotate does."""
    days = {}
    day = None
    for line in data.splitlines(keepends=True):
        stamp = line[:10] if line[:2] == b"20" else line[:6]
        if stamp[:3].decode() in MONTHS or line[:2] == b"20":
            day = stamp
        days.setdefault(day, []).append(line)
    return [b"".join(lines) for lines in days.values()]


def days_of_one_host(folder, log, host, chance):
    data = as_host(log, host)
    states = []
    for number, day in enumerate(days_of(data)):
        folder.write(f"day{number}.log", day)
        states.append(folder.state(f"day{number}.state", f"day{number}.log", host=host))
    once = folder.merge(*states)
    for _ in range(4):
        if grouped(folder, states, chance) != once:
            sys.exit(f"{log}: the order or the grouping of days makes a difference")
    folder.write("days.state", once)
    folder.write("whole.log", data)
    merged = folder.report("days.state")
    whole = json.loads(folder.run("report", "--format", "json", "--year", "2026", "whole.log").stdout)
    counts = ("accepted", "refusals", "throttled", "attempts")
    one, other = ({name: {key: provider[key] for key in counts} for name, provider in by_name(report).items()} for report in (merged, whole))
    same(f"{log}: days, and the whole", one, other)
    # A message that crosses a midnight, or several, is one. (A log that begins in the middle does not know how many
    # recipients a message has: the sender whom sendmail cannot warn, under the mail's own id, looks like one more.)
    exact = ("delivered", "expired") if "sendmail" in log else whole["totals"].keys()
    same(f"{log}: totals", *[{key: report["totals"][key] for key in exact} for report in (merged, whole)])
    for name in LISTENERS:
        same(f"{log}: {name}'s queue", by_name(merged)[name]["queue"]["queued"], by_name(whole)[name]["queue"]["queued"])
    failed = [{(peer["direction"], peer["peer"]): (peer["handshakes"], peer["failed"], peer["causes"], peer["failed_days"]) for peer in report["tls"]}
              for report in (merged, whole)]
    same(f"{log}: handshakes", sorted(map(str, failed[0].items())), sorted(map(str, failed[1].items())))


def what_is_refused(folder):
    data = as_host("week/postfix/maillog", "mx1")
    lines = data.splitlines(keepends=True)
    folder.write("in.log", b"".join(lines[::2]))
    folder.write("out.log", b"".join(lines[1::2]))
    folder.state("in.state", "in.log")
    folder.state("out.state", "out.log")
    folder.refused("tell of the same time of mx1", "merge", "-o", "none.state", "in.state", "out.state")
    same("nothing was written", (folder.path / "none.state").exists(), False)
    folder.refused("is damaged, or no state", "merge", "in.log")
    folder.refused("there is no such file", "merge", "nowhere.state")
    folder.refused("name the states", "merge")
    merged = folder.merge("in.state")
    for at in (0, 9, 40, 60, len(merged) // 2, len(merged) - 1):
        folder.write("damaged.state", merged[:at] + bytes([merged[at] ^ 1]) + merged[at + 1:])
        folder.refused("is damaged", "merge", "damaged.state")
    folder.write("short.state", merged[:-1])
    folder.refused("is damaged", "merge", "short.state")
    folder.write("one.merged", merged)
    before = sorted(path.name for path in folder.path.iterdir())
    folder.refused("name no files", "report", "--state", "one.merged", "in.log")
    folder.refused("--since", "report", "--state", "one.merged", "--since", "2026-11-01")
    folder.run("report", "--state", "one.merged", "-o", "/dev/null")
    same("a merged state is only read", (sorted(path.name for path in folder.path.iterdir()), folder.read("one.merged") == merged), (before, True))
    # What is read may be what is written; a pipe may bring a state.
    folder.run("merge", "-o", "one.merged", "one.merged", "-", stdin=folder.read("mx2.state"))
    same("two hosts", sorted(state["host"] for state in folder.report("one.merged")["input"]["states"]), ["mx1", "mx2"])


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10 ** 6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(pathlib.Path(name))
        merged = hosts_in_any_order(folder, chance)
        limits_by_sender(folder, merged)
        later_state_holds_earlier(folder)
        for log in ("week/postfix/maillog", "week/sendmail/maillog", "week/exim/mainlog"):
            days_of_one_host(folder, log, "mx8", chance)
        what_is_refused(folder)
    print("merged states agree")


main()
