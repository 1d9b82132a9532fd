"""A mail provider on loopback that takes so many messages, then refuses; and whose STARTTLS may be broken.

A Host listens on an address of its own and counts what it did, on its side of the wire: what `mtalens` says of the
sender's log is held against these figures.
"""
import collections, dataclasses, socket, ssl, threading, time


@dataclasses.dataclass
class Host:
    name: str
    address: str
    limit: int | None = None         # how many it takes before it refuses; none: every one
    at: str = "eod"                  # of what, and where it refuses: connect, mail, rcpt or eod (end of the message's text)
    reply: str = ""                  # with what; {ip} is the sender's address. After a 421 it hangs up
    connections: int | None = None   # open at once; one more is refused with the reply, whatever the limit
    slow_s: float = 0                # before it answers the message's text
    tls: str = "none"                # none, good, no-shared-cipher, hangs-up, not-tls
    untrusted: bool = False          # the sender must not like the certificate
    pipelining: bool = False

    def __post_init__(self):
        self.lock, self.opened, self.taken = threading.Lock(), 0, 0
        self.counted = collections.Counter()    # accepted, recipients, "refused at STAGE", "tls OUTCOME", sessions
        self.refused_since = None

    def count(self, what, how_many=1):
        with self.lock:
            self.counted[what] += how_many

    def total(self, start):
        with self.lock:
            return sum(n for what, n in self.counted.items() if what.startswith(start))

    def takes(self, stage):
        """Whether the limit leaves room; it is used up by what comes to its stage."""
        if stage != self.at or self.limit is None:
            return True
        with self.lock:
            self.taken += 1
            return self.taken <= self.limit

    def lift(self, limit=None):
        """A new day begins at the provider."""
        self.limit, self.taken = limit, 0

    def listen(self, certificate, key):
        self.certificate = certificate, key
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self.server = socket.create_server((self.address, 25), family=family, backlog=64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, peer = self.server.accept()
            connection.settimeout(30)
            threading.Thread(target=self.converse, args=(connection, peer[0]), daemon=True).start()

    def converse(self, connection, ip):
        with self.lock:
            self.opened += 1
            crowded = self.connections is not None and self.opened > self.connections
        self.count("sessions")
        conversation = Conversation(self, connection, ip)
        try:
            if crowded:
                conversation.refuse("connect")
            else:
                conversation.hold()
        except OSError:
            self.count("broken off")
        finally:
            with self.lock:
                self.opened -= 1
            conversation.close()

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        if self.tls == "no-shared-cipher":      # the certificate's key is RSA: nothing can match
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        return context


class Conversation:
    """One connection, from greeting to QUIT."""

    def __init__(self, host, connection, ip):
        self.host, self.connection, self.ip = host, connection, ip
        self.lines, self.secure, self.recipients = connection.makefile("rb"), False, 0

    def send(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def refuse(self, stage):
        """-> whether the connection goes on"""
        host = self.host
        with host.lock:
            host.counted[f"refused at {stage}"] += 1
            host.refused_since = host.refused_since or time.time()
        self.send(host.reply.format(ip=self.ip))
        return not host.reply.startswith("421")

    def hold(self):
        if not self.host.takes("connect"):
            self.refuse("connect")
            return
        self.send(f"220 {self.host.name} ESMTP")
        while line := self.lines.readline():
            words = line.decode(errors="replace").upper().split()
            step = {"EHLO": self.ehlo, "HELO": self.helo, "STARTTLS": self.starttls, "MAIL": self.mail, "RCPT": self.rcpt,
                    "DATA": self.data, "RSET": self.reset, "NOOP": self.reset}.get(words[0] if words else "")
            if step is None:
                self.send("221 2.0.0 Bye" if words[:1] == ["QUIT"] else "502 5.5.2 what?")
                if words[:1] == ["QUIT"]:
                    return
            elif step() is False:
                return

    def helo(self):
        self.send(f"250 {self.host.name}")

    def ehlo(self):
        self.send(f"250-{self.host.name}")
        if self.host.pipelining:
            self.send("250-PIPELINING")
        if self.host.tls != "none" and not self.secure:
            self.send("250-STARTTLS")
        self.send("250 8BITMIME")

    def starttls(self):
        host = self.host
        self.send("220 2.0.0 go ahead")
        if host.tls == "hangs-up":
            host.count("tls failed")
            return False
        if host.tls == "not-tls":
            host.count("tls failed")
            self.send("500 5.5.1 what?")
            time.sleep(0.3)
            return False
        try:
            self.connection = host.context().wrap_socket(self.connection, server_side=True)
        except OSError:
            host.count("tls failed")
            return False
        self.lines, self.secure = self.connection.makefile("rb"), True
        host.count("tls good")

    def mail(self):
        self.recipients = 0
        if not self.host.takes("mail"):
            return self.refuse("mail")
        self.send("250 2.1.0 Ok")

    def rcpt(self):
        if not self.host.takes("rcpt"):
            return self.refuse("rcpt")
        self.recipients += 1
        self.send("250 2.1.5 Ok")

    def data(self):
        if self.recipients == 0:
            self.send("554 5.5.1 no valid recipients")
            return
        self.send("354 go ahead")
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                return False
        time.sleep(self.host.slow_s)
        if not self.host.takes("eod"):
            return self.refuse("eod")
        self.host.count("accepted")
        self.host.count("accepted in TLS" if self.secure else "accepted in clear")
        self.host.count("recipients", self.recipients)
        self.recipients = 0
        self.send("250 2.0.0 Ok: queued")

    def reset(self):
        self.recipients = 0
        self.send("250 2.0.0 Ok")

    def close(self):
        try:
            self.connection.close()
        except OSError:
            pass
