#!/usr/bin/env python3
"""Plays scenarios: a real MTA sends to a provider that throttles, `mtalens watch` follows, `mtalens report` judges, and
what they say is held against what the provider counted.

    lab.py BINARY ROOTS OUT SCENARIO    in namespaces of its own, as run.sh makes them: network, mounts, processes, host name

ROOTS holds a Debian and a layer for each MTA. OUT gets the log, both programs' words and the provider's figures.
"""
import json, os, pathlib, re, signal, smtplib, socket, ssl, subprocess, sys, threading, time

import mtas, scenarios

ENVIRONMENT = {**os.environ, "TZ": "UTC", "HOME": "/nonexistent", "NO_COLOR": "1"}


def sh(command):
    subprocess.run(["bash", "-euc", command], check=True)


class Claims:
    """What must hold; each figure is kept with its twin, for the table at the end."""

    def __init__(self):
        self.equal, self.wrong = 0, []

    def same(self, what, counted, said):
        if counted == said:
            self.equal += 1
        else:
            self.wrong.append(f"{what}: mtalens says {said}, counted were {counted}")

    def holds(self, what, condition, seen=""):
        self.same(what, True, bool(condition))
        if not condition and seen != "":
            self.wrong[-1] += f" ({seen})"


class Watching:
    """`mtalens watch` while it happens: each piece of news, and when it was told."""

    def __init__(self, binary, log, out):
        self.news, self.out = [], out
        self.process = subprocess.Popen([binary, "watch", "--format", "json", log], env=ENVIRONMENT, stdout=subprocess.PIPE,
                                        stderr=open(out / "watch.errors", "w"), text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        with open(self.out / "watch.json", "w") as kept:
            for line in self.process.stdout:
                kept.write(line)
                self.news.append((time.time(), json.loads(line)))

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)
        self.reader.join(timeout=20)
        return self.process.returncode


class Lab:
    """The overlay root with the scenario's MTA in it, the provider, and the log."""

    def __init__(self, binary, roots, out, scenario):
        self.binary, self.out, self.scenario = binary, out, scenario
        self.root = out / "root"
        layers = roots / scenario.mta.name
        sh("ip link set lo up; hostname lab")
        for directory in ("root", "over/upper", "over/work", "log"):
            (out / directory).mkdir(parents=True)
        sh(f"mount -t overlay overlay -o lowerdir={layers}/upper:{roots}/base,upperdir={out}/over/upper,workdir={out}/over/work {self.root}; "
           f"mount -t proc proc {self.root}/proc; mount -t tmpfs tmpfs {self.root}/dev; mount -t tmpfs tmpfs {self.root}/run; "
           f"mount --bind {out}/log {self.root}/var/log; chmod 755 {out}/log; cd {self.root}/dev; "
           "mknod -m 666 null c 1 3; mknod -m 666 zero c 1 5; mknod -m 666 random c 1 8; mknod -m 666 urandom c 1 9; ln -s /proc/self/fd fd")
        hosts = [f"127.0.0.1 localhost {mtas.DOMAIN} lab", f"127.9.8.50 {scenarios.NO_CIPHER_CLIENT}"]
        for host in scenario.hosts:
            hosts.append(f"{host.address} {host.name}")
            if ":" in host.address:
                sh(f"ip -6 address add {host.address}/128 dev lo nodad")
        (self.root / "etc/hosts").write_text("\n".join(hosts) + "\n")
        (self.root / "etc/hostname").write_text("lab\n")
        (self.root / "etc/resolv.conf").write_text("")
        (self.root / "etc/rsyslog.conf").write_text('module(load="imuxsock")\nmail.* action(type="omfile" file="/var/log/mail.log" '
                                                    'template="RSYSLOG_TraditionalFileFormat")\n')
        self.mta = scenario.mta(self.root, scenario)
        self.mta.run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mx.lab.example -keyout /etc/lab.key -out /etc/lab.crt 2>&1 && "
                     "touch /var/log/mail.log && rsyslogd -iNONE")
        for host in scenario.hosts:
            host.listen(self.root / "etc/lab.crt", self.root / "etc/lab.key")
        self.mta.configure()
        self.mta.start()
        self.log = out / "log" / self.mta.log
        if not wait_for(can_connect, 20):
            raise RuntimeError(f"{scenario.mta.name} does not listen")

    def send(self, mails):
        for mail in mails:
            for number in range(mail.count):
                with smtplib.SMTP("127.0.0.1", 25, local_hostname="client.example.net", timeout=30) as client:
                    client.sendmail(mail.sender, mail.to.split(","), f"From: {mail.sender}\r\nTo: {mail.to}\r\nSubject: {number}\r\n\r\nHello\r\n")

    def settle(self, seconds=40):
        """Until nothing is written and nobody talks to the provider for two seconds."""
        end, size, since = time.time() + seconds, -1, time.time()
        while time.time() < end and time.time() - since < 2:
            if self.log.stat().st_size != size or any(host.opened for host in self.scenario.hosts):
                size, since = self.log.stat().st_size, time.time()
            time.sleep(0.1)

    def ask(self, *arguments):
        done = subprocess.run([self.binary, *arguments, self.log], env=ENVIRONMENT, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"mtalens {arguments}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def report(self, *arguments):
        return json.loads(self.ask("report", "--format", "json", *arguments))


def wait_for(condition, seconds):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            return False
        time.sleep(0.1)
    return True


def can_connect():
    try:
        socket.create_connection(("127.0.0.1", 25), 1).close()
        return True
    except OSError:
        return False


def handshake(ciphers):
    """A client's STARTTLS to the MTA. -> whether it came about"""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    client = smtplib.SMTP("127.0.0.1", 25, local_hostname=scenarios.NO_CIPHER_CLIENT, timeout=20, source_address=("127.9.8.50", 0))
    try:
        client.starttls(context=context)
        client.quit()
        return True
    except (OSError, smtplib.SMTPException):
        client.close()
        return False


def shown(host, mta):
    """As the log names it: sendmail shortens a name of 40 characters or more (with its dot at the end)."""
    dotted = host.name + "."
    return host.name if mta.name != "sendmail" or len(dotted) < 40 else (dotted[:18] + "..." + dotted[-18:]).rstrip(".")


def at_rest(lab):
    """The report, the queue by the program and by the MTA, with nothing said to the provider or the log meanwhile."""
    moved = lambda: (lab.log.stat().st_size, [dict(host.counted) for host in lab.scenario.hosts])
    for _ in range(10):
        before = moved()
        report, queue, listed = lab.report(), json.loads(lab.ask("queue", "--format", "json")), lab.mta.queue_ids()
        if moved() == before:
            break
        time.sleep(0.5)
    return report, {entry["queue_id"] for entry in queue["entries"]}, listed


def compare(lab, claims):
    """The report's figures against the provider's, host by host; the queue against the MTA's own list."""
    report, queue, listed = at_rest(lab)
    for host in lab.scenario.hosts:
        mine = [p for p in report["providers"] if shown(host, lab.mta) in p["relays"]]
        total = lambda what: sum(p[what] for p in mine)
        claims.same(f"{host.name} accepted", host.counted["accepted"], total("accepted"))
        claims.same(f"{host.name} recipients delivered", host.counted["recipients"], sum(p["attempts"]["delivered"] for p in mine))
        refused = host.total("refused") if lab.scenario.refusals_logged else 0
        claims.same(f"{host.name} refusals", refused, total("refusals"))
        claims.same(f"{host.name} throttled", refused, total("throttled"))
        failed = host.counted["tls failed"] + (host.counted["tls good"] if host.untrusted else 0)
        claims.same(f"{host.name} handshakes failed", failed,
                    sum(t["failed"] for t in report["tls"] if t["peer"] == shown(host, lab.mta) and t["direction"] == "outbound"))
        stages = {}
        for finding in report["findings"]:
            if finding["id"].startswith("throttle/") and finding["subject"]["provider"] in [p["provider"] for p in mine]:
                for stage, n in finding["numbers"]["stages"].items():
                    stages[stage] = stages.get(stage, 0) + n
        if lab.mta.tells_stages:
            claims.same(f"{host.name} refusals by stage", {host.at: refused} if refused else {}, stages)
    claims.same("lines that are not understood", 0, report["input"]["unrecognized_lines"])
    claims.same("the queue", sorted(listed), sorted(queue))
    return report


def play(lab, claims):
    scenario = lab.scenario
    watching = Watching(lab.binary, lab.log, lab.out)
    lab.send(scenario.mail)
    for _ in range(scenario.broken_clients):
        claims.holds("a client without a common cipher gets no TLS", not handshake("ECDHE-ECDSA-AES128-GCM-SHA256"))
    lab.settle()
    lab.mta.flush()
    lab.settle()
    first = compare(lab, claims)
    print(lab.ask("report"), file=open(lab.out / "report-1.txt", "w"))
    claims.same("inbound handshakes failed", scenario.broken_clients, sum(t["failed"] for t in first["tls"] if t["direction"] == "inbound"))
    for host in scenario.hosts:
        if host.refused_since and scenario.refusals_logged:
            provider = next((p["provider"] for p in first["providers"] if shown(host, lab.mta) in p["relays"]), None)
            told = [at for at, news in watching.news if news["id"].startswith("throttle/") and news["subject"].get("provider") == provider]
            claims.holds(f"watch tells of {host.name} within 15 seconds", told and told[0] - host.refused_since < 15,
                         f"{told[0] - host.refused_since:.1f} s" if told else f"{provider} is never told")
    for host in [] if scenario.in_clear else scenario.hosts:
        claims.same(f"{host.name} took mail in clear text", 0, host.counted["accepted in clear"])
    if scenario.remedy:
        last = apply_remedy(lab, claims, first)
    else:
        last = lift_limits(lab, claims)
    claims.same("watch ends well", 0, watching.end())
    warned = {(f["id"], json.dumps(f["subject"], sort_keys=True)) for f in last["findings"] if f["severity"] != "info"}
    told = {(n["id"], json.dumps(n["subject"], sort_keys=True)) for _, n in watching.news}
    claims.holds("watch told each warning of the report", warned <= told, sorted(warned - told))


def lift_limits(lab, claims):
    """A new day at the provider: what waited goes out."""
    scenario = lab.scenario
    for host in scenario.hosts:
        host.lift()
    for _ in range(8 if scenario.delivered else 1):
        lab.mta.flush()
        lab.settle()
        if not lab.mta.queue_ids():
            break
    last = compare(lab, claims)
    if scenario.delivered:
        claims.same("the queue at the end", 0, len(lab.mta.queue_ids()))
        claims.same("recipients delivered in all", sum(h.counted["recipients"] for h in scenario.hosts), last["totals"]["delivered"])
        claims.same("messages", sum(mail.count for mail in scenario.mail), last["totals"]["messages"])
    return last


def apply_remedy(lab, claims, report):
    """What the report suggests, done; then the next one must show that it helped, as the provider saw it too."""
    scenario = lab.scenario
    remedies = [finding["remedy"] for finding in report["findings"] if finding["id"] == scenario.remedy]
    claims.holds("the report has something to apply", remedies)
    lab.mta.apply(remedies)
    time.sleep(2)
    lab.mta.flush()
    lab.settle()
    before = [(host.total("refused"), host.counted["tls failed"], host.counted["accepted"]) for host in scenario.hosts]
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    time.sleep(2)
    lab.send(scenario.mail_after)
    for _ in range(scenario.broken_clients):
        claims.holds("the client gets TLS now", handshake("ECDHE-ECDSA-AES128-GCM-SHA256"))
    end = time.time() + scenario.remedy_seconds
    lab.settle()
    while time.time() < end and lab.mta.queue_ids():
        time.sleep(1)
    lab.settle()
    after = lab.report("--since", since)
    for host, (refused, failed, accepted) in zip(scenario.hosts, before):
        mine = [p for p in after["providers"] if shown(host, lab.mta) in p["relays"]]
        claims.same(f"{host.name} refuses no more", 0, host.total("refused") - refused)
        claims.same(f"{host.name} fails no handshake more", 0, host.counted["tls failed"] - failed)
        claims.same(f"{host.name} refusals since", 0, sum(p["refusals"] for p in mine))
        claims.same(f"{host.name} accepted since", host.counted["accepted"] - accepted, sum(p["accepted"] for p in mine))
    claims.holds("the provider took mail", sum(h.counted["accepted"] for h in scenario.hosts) > sum(b[2] for b in before))
    claims.same("handshakes failed since", 0, sum(t["failed"] for t in after["tls"]))
    claims.same("findings that remain", [], [f["id"] for f in after["findings"] if f["id"] == scenario.remedy])
    return compare(lab, claims)


def main():
    binary, roots, out = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    scenario = next(s for s in scenarios.SCENARIOS if s.name == sys.argv[4])
    claims, began = Claims(), time.time()
    lab = Lab(binary, roots, out, scenario)
    try:
        play(lab, claims)
    finally:
        lab.mta.stop()
        print(lab.ask("report"), file=open(out / "report.txt", "w"))
        json.dump({host.name: host.counted for host in scenario.hosts}, open(out / "provider.json", "w"), indent=1, sort_keys=True)
    print(f"{'failed' if claims.wrong else 'passed'}  {scenario.name:<22} {scenario.tells}: {claims.equal} figures equal, "
          f"{len(claims.wrong)} not; {time.time() - began:.0f} s")
    for wrong in claims.wrong:
        print(f"    {wrong}")
    return 1 if claims.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
