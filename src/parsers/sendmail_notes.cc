// What else sendmail says: start and stop, queue runs, load, aliases, milters, debugging. Nothing is read
// from it but that it is sendmail's and known.
#include <algorithm>
#include <array>

#include "parsers/sendmail_lines.h"

namespace mtalens::sendmail {
namespace {

// How known texts begin (the calls of sm_syslog() in sendmail 8.17, and what older ones said). Sorted, and none
// begins another, so that only the one just before a text can begin it.
constexpr std::array<std::string_view, 189> kBeginnings{
    // clang-format off
    "*** ", "AUTH authid '", "AUTH decode64 error", "AUTH encode64 error", "AUTH error: ", "AUTH flags=",
    "AUTH username '", "AUTH warning: ", "AUTH: available mech=", "AUTH: sasl_", "Adding queue ",
    "Authentication-Warning: ", "Bad line on ", "Could not remove ", "CurChildren = ",
    "Dropped invalid comments from header address", "ERROR: ", "ERROR=ARGS_", "FAILED to grow WorkList for ",
    "File descriptors missing on startup: ", "Fixed MIME ", "MAIL too long: ", "Milter (", "Milter accept: ",
    "Milter add: ", "Milter change: ", "Milter chgfrom: ", "Milter delete", "Milter insert (", "Milter message: ",
    "Milter read(", "Milter: connect to filters", "Milter: connect, ending", "Milter: initialization failed, ",
    "Milter: no active filter", "Milter: rcpts: ", "Milter: reject, ", "Milter: sender: ",
    "My unqualified host name (", "NextMacroId = ", "POSSIBLE ATTACK from ", "RCPT too long: ",
    "SMTP outgoing connect on ", "SYSERR(", "SYSERR: ", "Saved message in ", "Sending \"", "TLSA=",
    "Timeout.to_aconnect occurred ", "Truncated MIME ", "Truncated long MIME ", "Unsupported address family ",
    "WARNING: ", "Warning: ", "WorkList for ", "accepting connections again for daemon ",
    "accepting new messages (again)", "alias database ", "aliasing/forwarding loop broken: ", "arith_map: ",
    "auto-rebuilding alias database ", "bogus queue file, ", "can't attach to shared memory",
    "can't find queue group name ", "can't initialize shared memory", "can't open ", "can't read ",
    "cannot get memory statistics", "cannot prescan from (", "checkqueuerunner: ", "clt_features=", "conn_limits: ",
    "connection_rate_check ", "could not drop privileges: ", "could not exec ", "could not restart: ",
    "daemon could not open control socket ", "daemon invoked without full pathname", "daemon process ",
    "dangerous permissions=", "db_open(", "dbopen(", "deferred: udbexpand: ", "deferring connections on daemon ",
    "delaying connections on daemon ", "delaying=", "dferror: ", "disconnect level ", "disconnect: ", "dowork, pid=",
    "doworklist, pid=", "dropenvelope, ", "dup_df: ", "encode64 for AUTH failed", "engine=", "error: safesasl(",
    "fcntl(", "filesys_update failed: ", "finis, pid=", "func=", "gatherq: ", "getauth ", "gethostbyaddr(",
    "getmodifiers too long", "global connection rate: ", "grew WorkList for ",
    "have been rejecting connections on daemon ", "hostsignature for host ", "in background, pid=", "ldap=",
    "log terminated, too many parts", "low on space (", "main: where=", "makeconnection (", "makeconnection: ",
    "mci_cache: ", "mci_purge_persistent: ", "mci_uncache: ", "message size (", "milter=", "milter_data(",
    "milter_read(", "milter_send_command(", "milter_sys_read(", "milter_write(", "nisplus_getcanonname: ",
    "no fchown(): ", "ownership change on ", "persistent queue runner", "ph_map_open: ", "ph_map_recv_debug: ",
    "ph_map_send_debug: ", "possible spam from <> to list: ", "poststats: ", "proc_list_probe: ",
    "proxy mode requested ", "quarantine=", "quarantine_queue_item: ", "queue control process: ",
    "queue directory \"", "queue group name ", "queue manager: ", "queueup ", "queueup: ",
    "rebuilding alias database ", "rejecting connections on daemon ", "rejecting new messages: ",
    "restart queue runner=", "restarting ", "returntosender: ", "rewrite: expansion too long", "rq: ", "rqe: done",
    "rscheck(", "runqueue ", "runqueue: ", "rwg: ", "sendenvelope, flags=", "server=", "set automode for ",
    "setsender: ", "shared memory does not contain expected data", "sm_shmstop failed=", "smtp: doublequeue",
    "smtpquit: mailer", "smtps: TLS not available", "socket_map_lookup(", "sqr: ", "srvfeatures: ", "stab: ",
    "started as: ", "stat=", "stopping daemon", "str_union: ", "sync_dir: ", "tempfail: ",
    "timeout connecting to ", "timeout during PH lookup", "tls_clt_features=", "tls_srv_features=", "too young (",
    "total: cnt=", "unable to qualify my own domain name ", "unable to read ", "unable to write ", "unlink ",
    "usershellok: ", "x-connect: ", "x-connect=",
    // clang-format on
};
static_assert(std::is_sorted(kBeginnings.begin(), kBeginnings.end()));
static_assert(std::adjacent_find(kBeginnings.begin(), kBeginnings.end(),
                                 [](auto one, auto next) { return next.starts_with(one); }) == kBeginnings.end());

bool begins_known(std::string_view text) {
  const auto after = std::upper_bound(kBeginnings.begin(), kBeginnings.end(), text);
  return after != kBeginnings.begin() && text.starts_with(*std::prev(after));
}

constexpr std::array<std::string_view, 5> kWhole{"assigned id", "changed", "interrupt", "unlock", "unquarantine"};

// Texts known by their beginning and by words behind it.
struct TwoParts {
  std::string_view before, within;
};
constexpr std::array kTwoParts{
    TwoParts{"alias ", " => "},
    TwoParts{"forward ", " => "},
    TwoParts{"forward ", ": "},
    TwoParts{"include ", ": transient error: "},
    TwoParts{"expand ", " => "},
    TwoParts{"hesiod ", " => "},
    TwoParts{"dns ", " => "},
    TwoParts{"user ", " changed syslog label"},
    TwoParts{"user ", " attempted to "},
    TwoParts{"daemon ", ": problem creating SMTP socket"},
    TwoParts{"rcpt=", ", status=unknown"},
};

// Texts that a file's or a host's name begins: `/etc/mail/aliases: 3 aliases, longest 9 bytes, …`.
constexpr std::array<std::string_view, 10> kBehindName{
    " aliases, longest ",   "unsafe directory path, marked unsafe", " has bad shell ",
    " file, marked unsafe", "SMTP MAIL protocol error: ",           "SMTP RCPT protocol error: ",
    "SMTP DATA-",           "WARNING: dangerous write permissions", ": Unknown host status line ",
    "changed fds:",
};

bool is_behind_name(std::string_view text) {
  const auto name = scan::take_until(text, ": ");
  if (!name || name->find(' ') != std::string_view::npos) return false;
  return std::any_of(kBehindName.begin(), kBehindName.end(),
                     [&](auto words) { return text.find(words) != std::string_view::npos; });
}

bool is_known(std::string_view text) {
  if (begins_known(text)) return true;
  if (std::find(kWhole.begin(), kWhole.end(), text) != kWhole.end()) return true;
  const auto has_both = [&](const TwoParts& parts) {
    return text.starts_with(parts.before) && text.find(parts.within, parts.before.size()) != std::string_view::npos;
  };
  return std::any_of(kTwoParts.begin(), kTwoParts.end(), has_both) || is_behind_name(text);
}

}  // namespace

// starting daemon (8.17.1.9): SMTP+queueing@00:10:00. SIGHUP has it start anew, too.
bool parse_note(const Line& line, std::vector<Event>& events) {
  if (line.text.starts_with("starting daemon (")) return append(line, EventKind::restart, events);
  return is_known(line.text) && append(line, EventKind::note, events);
}

}  // namespace mtalens::sendmail
