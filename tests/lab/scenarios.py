"""What the lab plays: which MTA, which hosts of the provider and what each does, and what mail is sent."""
import dataclasses, sys

import mtas
from provider import Host

TOO_MANY = "421 Too many messages (1.5.6.1) from {ip}"
TSS04 = ("421 4.7.0 [TSS04] Messages from {ip} temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; "
         "see https://postmaster.yahooinc.com/error-codes")
UNUSUAL = ("421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\r\n"
           "421-4.7.28 from your IP address [{ip}]. To protect our users from spam, mail sent\r\n"
           "421 4.7.28 from your IP address has been temporarily rate limited. - gsmtp")
BUSY = "451 4.7.500 Server busy. Please try again later from [{ip}]. (AS77712344)"
CROWD = "421 4.7.0 Too many connections from {ip}, slow down"

BT, YAHOO, GOOGLE, MICROSOFT = ("mx.bt.lon5.cpcloud.co.uk", "mta7.am0.yahoodns.net", "gmail-smtp-in.l.google.com",
                                "example-com.mail.protection.outlook.com")
ROUTES = {"btinternet.com": BT, "talk21.com": BT, "yahoo.co.uk": YAHOO, "gmail.com": GOOGLE, "hotmail.example": MICROSOFT,
          "quiet.example.net": "mx.quiet.example.net", "nocipher.example.org": "mx.nocipher.example.org",
          "hangsup.example.org": "mx.hangsup.example.org", "nottls.example.org": "mx.nottls.example.org"}
BOSS = "boss@" + mtas.DOMAIN
NO_CIPHER_CLIENT = "mail-qg0-f50.google.com"


@dataclasses.dataclass
class Mail:
    sender: str
    to: str             # several with commas between
    count: int = 1


@dataclasses.dataclass
class Scenario:
    name: str
    tells: str
    mta: type
    hosts: list
    mail: list
    routes: dict = dataclasses.field(default_factory=lambda: ROUTES)
    settings: object = ()
    quick: bool = False             # for every build
    delivered: bool = True          # all of it, once the limits are lifted
    refusals_logged: bool = True    # sendmail below log level 9 is silent about them
    in_clear: bool = True           # mail may go out without TLS
    broken_clients: int = 0         # that come from NO_CIPHER_CLIENT and share no cipher with us
    remedy: str = ""                # the finding whose configuration is applied, and then
    mail_after: list = dataclasses.field(default_factory=list)   # this is sent
    remedy_seconds: int = 30        # for what its pace lets through


def four_stages(pipelining=False):
    return [Host(BT, "127.1.0.1", limit=7, at="eod", reply=TOO_MANY, pipelining=pipelining),
            Host(YAHOO, "127.1.0.2", limit=3, at="mail", reply=TSS04, tls="good", pipelining=pipelining),
            Host(MICROSOFT, "127.1.0.3", limit=2, at="rcpt", reply=BUSY, tls="good", pipelining=pipelining),
            Host(GOOGLE, "127.1.0.4", limit=2, at="connect", reply=UNUSUAL, tls="good", pipelining=pipelining),
            Host("mx.quiet.example.net", "127.1.0.5", tls="good", pipelining=pipelining)]


MAIL = [Mail(BOSS, "alice@btinternet.com", 6), Mail("news@shop.example", "fred@customer.example", 5),
        Mail(BOSS, "bob@talk21.com,carol@btinternet.com,eve@quiet.example.net", 3),
        Mail(BOSS, "y@yahoo.co.uk", 4), Mail(BOSS, "y@yahoo.co.uk,z@yahoo.co.uk", 2),
        Mail(BOSS, "h@hotmail.example", 2), Mail(BOSS, "h@hotmail.example,i@hotmail.example,j@hotmail.example", 3),
        Mail(BOSS, "g@gmail.com", 5), Mail(BOSS, "eve@quiet.example.net", 3)]


def stages(name, mta, settings=(), tells="limits after the text, at MAIL, at RCPT and at the greeting", hosts=None, **more):
    return Scenario(name, tells, mta, hosts or four_stages(), MAIL, settings=settings, **more)


def smarthost(name, mta, settings=()):
    relay = "smtp.upstream.example"
    return Scenario(name, "all mail through a smarthost, and it is the one that throttles", mta,
                    [Host(relay, "127.1.0.9", limit=9, at="eod", reply=TOO_MANY, tls="good")], MAIL,
                    routes={domain: relay for domain in ROUTES}, settings=settings)


def starttls(name, mta, quick=False):
    """Handshakes broken on both sides; with the report's configuration the hosts are spared them and the client gets in."""
    return Scenario(name, "STARTTLS broken on both sides, and the report's cure applied", mta,
                    [Host("mx.nocipher.example.org", "127.1.0.6", tls="no-shared-cipher"),
                     Host("mx.hangsup.example.org", "127.1.0.7", tls="hangs-up"),
                     Host("mx.nottls.example.org", "127.1.0.8", tls="not-tls"),
                     Host("mx.quiet.example.net", "127.1.0.5", tls="good")],
                    [Mail(BOSS, f"u@{domain}.example.org", 2) for domain in ("nocipher", "hangsup", "nottls")] + [Mail(BOSS, "eve@quiet.example.net", 2)],
                    quick=quick, broken_clients=3, remedy="starttls/handshake-failed",
                    mail_after=[Mail(BOSS, f"u@{domain}.example.org", 2) for domain in ("nocipher", "hangsup", "nottls")])


def crowd(name, mta):
    """A host that takes two connections at a time; with the report's configuration there is never more than one."""
    return Scenario(name, "too many connections at once, and the report's cure applied", mta,
                    [Host(BT, "127.1.0.1", at="connect", connections=2, reply=CROWD, slow_s=2.0)],
                    [Mail(BOSS, f"alice{n}@btinternet.com") for n in range(12)],
                    remedy="throttle/connections", mail_after=[Mail(BOSS, f"bob{n}@btinternet.com") for n in range(3)], remedy_seconds=150)


def ipv6(name, mta, settings=()):
    hosts = four_stages()
    for number, host in enumerate(hosts):
        host.address = f"fd00::{number + 1}"
    return stages(name, mta, settings, tells="the provider at IPv6 addresses alone", hosts=hosts)


def mandatory(name, mta, settings):
    """No message may go out in clear text: what cannot be encrypted, or only to an unknown certificate, waits."""
    return Scenario(name, "TLS demanded: nothing goes out in clear text", mta,
                    [Host("mx.nocipher.example.org", "127.1.0.6", tls="no-shared-cipher"),
                     Host("mx.hangsup.example.org", "127.1.0.7", tls="hangs-up"),
                     Host("mx.quiet.example.net", "127.1.0.5", tls="good"),
                     Host(BT, "127.1.0.1"),
                     Host(YAHOO, "127.1.0.2", tls="good", untrusted=True)],
                    [Mail(BOSS, f"u@{domain}", 2) for domain in
                     ("nocipher.example.org", "hangsup.example.org", "quiet.example.net", "btinternet.com", "yahoo.co.uk")],
                    settings=settings, delivered=False, in_clear=False)


SRS = """  return_path = ${if eqi{$sender_address_domain}{lab.example.com}{$return_path}\\
    {${srs_encode{secret}{$return_path}{lab.example.com}}}}
"""

SCENARIOS = [
    stages("postfix", mtas.Postfix, quick=True),
    stages("exim", mtas.Exim, quick=True),
    stages("sendmail", mtas.Sendmail, quick=True),
    stages("postfix-pipelining", mtas.Postfix, hosts=four_stages(pipelining=True), tells="the same where commands are sent in one go"),
    smarthost("postfix-smarthost", mtas.Postfix),
    smarthost("exim-smarthost", mtas.Exim),
    smarthost("sendmail-smarthost", mtas.Sendmail),
    starttls("postfix-starttls", mtas.Postfix),
    starttls("exim-starttls", mtas.Exim),
    starttls("sendmail-starttls", mtas.Sendmail),
    crowd("postfix-crowd", mtas.Postfix),
    crowd("exim-crowd", mtas.Exim),
    crowd("sendmail-crowd", mtas.Sendmail),
    ipv6("postfix-ipv6", mtas.Postfix),
    ipv6("exim-ipv6", mtas.Exim),
    ipv6("sendmail-ipv6", mtas.Sendmail),
    mandatory("postfix-mandatory", mtas.Postfix,
              ("smtp_tls_security_level=encrypt", "smtp_tls_policy_maps=inline:{ {[mta7.am0.yahoodns.net]=verify} }")),
    mandatory("exim-mandatory", mtas.Exim, {"transport": "  hosts_require_tls = *\n  tls_verify_hosts = mta7.am0.yahoodns.net\n"
                                                         "  tls_verify_certificates = /etc/ssl/certs/ca-certificates.crt\n"}),
    mandatory("sendmail-mandatory", mtas.Sendmail, {"access": "TLS_Srv:\tENCR:112\nTLS_Srv:mta7.am0.yahoodns.net\tVERIFY\n"}),
    stages("exim-srs", mtas.Exim, {"main": "log_selector = +return_path_on_delivery", "transport": SRS}, tells="a forward with SRS"),
    stages("postfix-instances", mtas.PostfixTwice, tells="one instance takes mail in, another sends it out"),
    stages("exim-all-selectors", mtas.Exim, {"main": "log_selector = +all"}, tells="Exim with every log selector on"),
    stages("exim-no-selectors", mtas.Exim, {"main": "log_selector = -all"}, tells="Exim with every log selector off"),
    stages("exim-syslog", mtas.Exim, {"main": "log_file_path = syslog"}, tells="Exim through syslog"),
    *(stages(f"sendmail-level-{level}", mtas.Sendmail, {"mc": f"define(`confLOG_LEVEL', `{level}')dnl"}, tells=f"sendmail at log level {level}",
              refusals_logged=level > 8) for level in (8, 10, 14)),
]

if __name__ == "__main__":
    for scenario in SCENARIOS:
        if "--quick" not in sys.argv or scenario.quick:
            print(scenario.name if len(sys.argv) > 1 else f"{scenario.name:<22} {scenario.tells}")
