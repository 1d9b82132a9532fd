#!/usr/bin/env python3
"""Every figure of the cluster against the report of the files.

    compare.py MTALENS SERVER HOSTS POSTFIX SENDMAIL EXIM     host n has recording n % 3; exit 1 where a figure differs
"""
import collections
import datetime
import json
import subprocess
import sys
import time
import urllib.request

mtalens, server, hosts = sys.argv[1], sys.argv[2], int(sys.argv[3])
RECORDINGS = sys.argv[4:7]
differ = []


def report(log):
    done = subprocess.run([mtalens, "--year", "2026", "--format", "json", log], capture_output=True, check=True)
    return json.loads(done.stdout)


def rows(sql):
    began = time.monotonic()
    with urllib.request.urlopen(urllib.request.Request(server, (sql + " FORMAT JSONCompact").encode())) as answer:
        out = json.load(answer)["data"]
    return out, time.monotonic() - began


def same(what, of_files, of_cluster):
    if of_files != of_cluster:
        differ.append(what)
        for key in sorted(set(of_files) | set(of_cluster), key=str):
            if of_files.get(key) != of_cluster.get(key):
                print(f"differs: {what}, {key}: {of_files.get(key)} by the files, {of_cluster.get(key)} by the cluster")


reports = [report(log) for log in RECORDINGS]
# A report tells the hours of those alone who throttle or toward whom mail waits.
without_hours = {p["provider"] for one in reports for p in one["providers"] if not p.get("history")}
copies = [sum(1 for n in range(1, hosts + 1) if n % 3 == i) for i in range(3)]

totals, days, failed, limits = collections.Counter(), collections.Counter(), collections.Counter(), {}
for one, times in zip(reports, copies):
    for p in one["providers"]:
        counts = {
            "accepted": p["accepted"], "refusals": p["refusals"], "throttled": p["throttled"], "queued": p["queue"]["queued"],
            **{name: p["attempts"][name] for name in ("delivered", "deferred", "secondary", "bounced")},
        }
        for name, value in counts.items():
            totals[p["provider"], name] += times * value
        if (history := p.get("history")) and p["provider"] not in without_hours:
            begin = datetime.datetime.fromisoformat(history["from"].replace("Z", "+00:00"))
            for name in ("accepted", "throttled", "expired"):
                for hour, value in enumerate(history[name]):
                    days[p["provider"], name, str((begin + datetime.timedelta(hours=hour)).date())] += times * value
    for peer in one["tls"]:
        for cause, n in peer["causes"].items():
            failed[peer["direction"], peer["peer"], cause] += times * n

answer, took = rows(
    "SELECT provider, sum(accepted), sum(refusals), sum(throttled), sum(waiting), sum(delivered), sum(deferred),"
    " sum(secondary_deferrals), sum(bounced) FROM mtalens.providers_by_hour GROUP BY provider")
names = ("accepted", "refusals", "throttled", "queued", "delivered", "deferred", "secondary", "bounced")
told = {(row[0], name): int(value) for row in answer for name, value in zip(names, row[1:])}
same("providers", {k: v for k, v in totals.items() if v}, {k: v for k, v in told.items() if v})
print(f"{len(totals)} figures of {len(answer)} providers: asked in {took:.2f} s")

answer, took = rows("SELECT provider, toString(day), accepted, throttled, expired FROM mtalens.providers_by_day")
told = {(row[0], name, row[1]): int(value) for row in answer for name, value in zip(("accepted", "throttled", "expired"), row[2:])
        if row[0] not in without_hours}
same("providers by day", {k: v for k, v in days.items() if v}, {k: v for k, v in told.items() if v})
print(f"{sum(1 for v in days.values() if v)} figures by day: asked in {took:.2f} s")

answer, took = rows("SELECT direction, peer, cause, sum(failures) FROM mtalens.handshakes_by_day WHERE cause != '' GROUP BY direction, peer, cause")
same("failed handshakes", dict(failed), {tuple(row[:3]): int(row[3]) for row in answer if int(row[3])})
print(f"{sum(failed.values())} failed handshakes, {len(failed)} peers and causes: asked in {took:.2f} s")

# Each host's wall stands where its provider's limit was set: 49 messages a day, 4 at Yahoo.
answer, took = rows("SELECT provider, sent_from, messages, walls, agreeing FROM mtalens.limits WHERE provider IN ('BT Internet', 'Yahoo')")
same("limits", {(provider, f"10.0.0.{n}"): limit for n in range(1, hosts + 1) for provider, limit in (("BT Internet", 49), ("Yahoo", 4))},
     {(row[0], row[1]): int(row[2]) for row in answer})
print(f"{len(answer)} limits, by sending address or host: asked in {took:.2f} s")

print("TLS peers, days, providers, limits: every figure agrees" if not differ else f"fails: {', '.join(differ)}")
sys.exit(1 if differ else 0)
