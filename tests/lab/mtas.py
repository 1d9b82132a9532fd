"""Postfix, Exim and sendmail in a chroot: set up with what a scenario asks for, started, stopped, and asked for their queues."""
import json, pathlib, re, subprocess

DOMAIN = "lab.example.com"          # ours
FORWARDS = {"fred@customer.example": "fred.bloggs@btinternet.com"}


class Mta:
    """What the three have in common. `routes` names the host for a domain, `settings` are lines in the MTA's own words."""
    log = "mail.log"
    tells_stages = True     # the log says which command was refused
    certificates = "/root"  # where a new one is made

    def __init__(self, root, scenario):
        self.root, self.scenario = pathlib.Path(root), scenario

    def run(self, command, check=True):
        """A daemon must not keep its output: it would be waited for."""
        done = subprocess.run(["chroot", self.root, "bash", "-c", command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def write(self, path, text):
        (self.root / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path.lstrip("/")).write_text(text)

    def apply(self, remedies):
        """Their commands, pasted one after another by an administrator."""
        for remedy in remedies:
            self.run("set -e; umask 077; cd " + self.certificates + "\n" + commands_of(remedy))


def commands_of(remedy):
    """Without its sentences, and without what it offers instead ("# or …")."""
    kept, instead = [], False
    for line in remedy.splitlines():
        if line.startswith("#"):
            instead = line.startswith("# or ")
        if line.startswith(("#", "    ")) and not instead:
            kept.append(line)
    return "\n".join(kept)


class Postfix(Mta):
    name = "postfix"

    def configure(self):
        routes = "".join(f"{domain} smtp:[{host}]\n" for domain, host in self.scenario.routes.items())
        self.write("/etc/postfix/routes", routes)
        self.write("/etc/postfix/virtual", "".join(f"{one} {other}\n" for one, other in FORWARDS.items()))
        self.write("/etc/aliases", "postmaster: root\n")
        settings = [
            f"myhostname={DOMAIN}", "mydestination=localhost", "mynetworks=127.0.0.0/8", "inet_interfaces=127.0.0.1", "inet_protocols=all",
            "smtp_host_lookup=native", "disable_dns_lookups=yes", "smtp_bind_address=", "compatibility_level=3.6", "smtp_address_preference=any",
            "transport_maps=hash:/etc/postfix/routes", "virtual_alias_domains=customer.example", "virtual_alias_maps=hash:/etc/postfix/virtual",
            "smtpd_tls_security_level=may", "smtpd_tls_cert_file=/etc/lab.crt", "smtpd_tls_key_file=/etc/lab.key", "smtpd_tls_loglevel=1",
            "smtp_tls_security_level=may", "smtp_tls_loglevel=1", "smtpd_relay_restrictions=permit_mynetworks,reject_unauth_destination",
            "minimal_backoff_time=4s", "maximal_backoff_time=8s", "queue_run_delay=4s", *self.scenario.settings]
        self.run("postconf -F '*/*/chroot=n' && postconf -e " + " ".join(f"'{line}'" for line in settings))
        self.run("postmap /etc/postfix/routes /etc/postfix/virtual && newaliases")

    def start(self):
        self.run("postfix start >/dev/null 2>&1")

    def stop(self):
        self.run("postfix stop >/dev/null 2>&1", check=False)

    def flush(self):
        self.run("postqueue -f")

    def queue_ids(self):
        return {json.loads(line)["queue_id"] for line in self.run("postqueue -j").splitlines()}


class PostfixTwice(Postfix):
    """One instance takes the mail in and hands it to another, which sends it out: two queues, two sets of queue ids."""

    def configure(self):
        super().configure()
        self.run("postmulti -e init && postmulti -I postfix-out -G out -e create")
        self.run("cp /etc/postfix/routes* /etc/postfix-out/ && postconf -c /etc/postfix-out -F '*/*/chroot=n'")
        self.run(f"postconf -c /etc/postfix-out -e master_service_disable= myhostname=out.{DOMAIN} mydestination= inet_interfaces=127.0.0.1 "
                 "mynetworks=127.0.0.0/8 smtp_host_lookup=native disable_dns_lookups=yes transport_maps=hash:/etc/postfix-out/routes compatibility_level=3.6 "
                 "smtp_tls_security_level=may smtp_tls_loglevel=1 minimal_backoff_time=4s maximal_backoff_time=8s queue_run_delay=4s "
                 "smtpd_relay_restrictions=permit_mynetworks,reject alias_maps= alias_database= authorized_submit_users=root")
        self.run("postconf -c /etc/postfix-out -MX smtp/inet && postconf -c /etc/postfix-out -M "
                 "'127.0.0.1:10026/inet=127.0.0.1:10026 inet n - n - - smtpd'")
        self.run("postconf -e 'transport_maps=' 'relayhost=[127.0.0.1]:10026' && postmulti -i postfix-out -e enable")

    def flush(self):
        self.run("postqueue -f; postqueue -c /etc/postfix-out -f")

    def queue_ids(self):
        listed = self.run("postqueue -j; postqueue -c /etc/postfix-out -j")
        return {json.loads(line)["queue_id"] for line in listed.splitlines()}


class Exim(Mta):
    name = "exim"
    log = "exim4/mainlog"

    def configure(self):
        """settings: {"main" | "transport" | "forward": lines}"""
        more = {"main": "", "transport": "", "forward": "", **dict(self.scenario.settings)}
        if "log_file_path = syslog" in more["main"]:
            self.log = "mail.log"
        self.write("/etc/exim4/routes", "".join(f"{domain}: {host} byname\n" for domain, host in self.scenario.routes.items()))
        self.write("/etc/exim4/forwards", "".join(f"{one}: {other}\n" for one, other in FORWARDS.items()))
        self.write("/etc/exim4/exim4.conf", f"""\
primary_hostname = {DOMAIN}
keep_environment =
local_interfaces = 127.0.0.1
acl_smtp_rcpt = take
acl_smtp_data = take
tls_advertise_hosts = *
tls_certificate = /etc/exim4/exim.crt
tls_privatekey = /etc/exim4/exim.key
{more["main"]}
begin acl
take:
  accept
begin routers
forward:
  driver = redirect
  domains = customer.example
  data = ${{lookup{{$local_part@$domain}}lsearch{{/etc/exim4/forwards}}}}
{more["forward"]}
out:
  driver = manualroute
  domains = ! {DOMAIN}
  transport = remote_smtp
  route_data = ${{lookup{{$domain}}lsearch{{/etc/exim4/routes}}}}
  self = send
  host_find_failed = defer
local:
  driver = accept
  transport = nowhere
begin transports
remote_smtp:
  driver = smtp
{more["transport"]}
nowhere:
  driver = appendfile
  file = /dev/null
  user = mail
begin retry
*  *  F,5d,4s
""")
        self.run("cp /etc/lab.crt /etc/exim4/exim.crt && cp /etc/lab.key /etc/exim4/exim.key && chgrp Debian-exim /etc/exim4/exim.* && chmod 640 /etc/exim4/exim.* && "
                 "install -d -o Debian-exim /run/exim4 && install -d -o Debian-exim -g adm -m 2750 /var/log/exim4 && install -o Debian-exim -g adm -m 644 /dev/null /var/log/exim4/mainlog && exim -bV")

    def start(self):
        self.run("exim -bd -q4s >/dev/null 2>&1")

    def stop(self):
        self.run("kill $(cat /run/exim4/exim.pid)", check=False)

    def flush(self):
        self.run("exim -qff >/dev/null 2>&1")

    def queue_ids(self):
        return set(re.findall(r"\b\w{6}-\w{6,11}-\w{2,4}\b", self.run("exim -bp")))

    def apply(self, remedies):
        """Each comment names the place in exim4.conf that the lines under it go to; an option of two remedies takes both lists."""
        file = self.root / "etc/exim4/exim4.conf"
        text = file.read_text()
        for remedy in remedies:
            for block in re.split(r"^# ", commands_of(remedy), flags=re.M):
                place, _, lines = block.partition("\n")
                section = re.search(r"`(begin \w+)`", place)
                if section or "retry section" in place:
                    begin = section[1] if section else "begin retry"
                    text = text.replace(f"{begin}\n", f"{begin}\n{lines}\n", 1)
                elif "smtp transport" in place:
                    text = with_option(text, "  driver = smtp\n", lines)
                elif "main section" in place:
                    for line in lines.splitlines():
                        text = with_option(text, "keep_environment =\n", line + "\n", instead=True)
                elif "openssl" in lines:
                    self.run("set -e; cd /etc/exim4\n" + lines + "\nchgrp Debian-exim ecdsa.* && chmod 640 ecdsa.*")
        file.write_text(text)
        self.run("exim -bV && kill -HUP $(cat /run/exim4/exim.pid)")


def with_option(text, behind, line, instead=False):
    """Exim knows each option once: a second list goes behind the first one, or takes its place."""
    name, _, value = line.strip().partition(" = ")
    there = re.search(rf"^ *{name} = (.*)\n", text, re.M)
    if not there:
        return text.replace(behind, behind + line, 1)
    return text.replace(there[0], line if instead else f"{there[0].rstrip()} : {value}\n", 1)


class Sendmail(Mta):
    name = "sendmail"
    tells_stages = False
    certificates = "/etc/mail/tls"

    def configure(self):
        """settings: {"mc" | "access": lines}"""
        more = {"mc": "", "access": "", **dict(self.scenario.settings)}
        self.write("/etc/mail/sendmail.mc", f"""\
divert(0)dnl
include(`/etc/mail/lab-head.m4')dnl
define(`confDOMAIN_NAME', `{DOMAIN}')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confTO_HOSTSTATUS', `6s')dnl
define(`confQUEUE_LA', `900')dnl
define(`confREFUSE_LA', `900')dnl
define(`confSERVER_CERT', `/etc/mail/tls/cert.pem')dnl
define(`confSERVER_KEY', `/etc/mail/tls/key.pem')dnl
define(`confCLIENT_CERT', `/etc/mail/tls/cert.pem')dnl
define(`confCLIENT_KEY', `/etc/mail/tls/key.pem')dnl
define(`confCACERT', `/etc/mail/tls/cert.pem')dnl
define(`confCACERT_PATH', `/etc/ssl/certs')dnl
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp, Addr=127.0.0.1')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`mailertable')dnl
FEATURE(`virtusertable')dnl
FEATURE(`access_db')dnl
VIRTUSER_DOMAIN(`customer.example')dnl
{more["mc"]}
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
""")
        self.write("/etc/mail/lab-head.m4", "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nOSTYPE(`debian')dnl\nDOMAIN(`debian-mta')dnl\n")
        self.write("/etc/mail/service.switch", "hosts files\n")
        self.write("/etc/mail/mailertable", "".join(f"{domain}\tesmtp:[{host}]\n" for domain, host in self.scenario.routes.items()))
        self.write("/etc/mail/virtusertable", "".join(f"{one}\t{other}\n" for one, other in FORWARDS.items()))
        self.write("/etc/mail/access", f"Connect:127\tRELAY\n{more['access']}")
        self.write("/etc/mail/local-host-names", f"{DOMAIN}\n")
        self.write("/etc/mail/aliases", "postmaster: root\nroot: /dev/null\n" + "".join(f"{who}: /dev/null\n" for who in ("boss", "www-data")))
        self.run("install -d /etc/mail/tls && cp /etc/lab.crt /etc/mail/tls/cert.pem && cp /etc/lab.key /etc/mail/tls/key.pem && chmod 600 /etc/mail/tls/key.pem && "
                 "m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf && "
                 "for map in mailertable virtusertable access; do makemap hash /etc/mail/$map </etc/mail/$map; done && newaliases")

    def start(self):
        self.run("sed -i 's/^QUEUE_INTERVAL=.*/QUEUE_INTERVAL=4s/; s/^DAEMON_HOSTSTATS=.*/DAEMON_HOSTSTATS=Yes/' /etc/mail/sendmail.conf && "
                 "/etc/init.d/sendmail start >/dev/null 2>&1")

    def stop(self):
        self.run("/etc/init.d/sendmail stop >/dev/null 2>&1", check=False)

    def flush(self):
        self.run("rm -rf /var/lib/sendmail/host_status/*; sendmail -Am -L sm-mta -q >/dev/null 2>&1", check=False)

    def queue_ids(self):
        return set(re.findall(r"^(\w{10,15})[*!X-]? ", self.run("sendmail -Am -bp"), re.M))
