#include "rules/remedies.h"

#include <fmt/format.h>

#include <algorithm>

#include "knowledge/knowledge.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

// A name for a transport or a queue group: "bt_internet".
std::string slug(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if ((c == ' ' || c == '.' || c == '-') && !out.empty() && out.back() != '_') out += '_';
  }
  return out.empty() ? "slow" : out.substr(0, 16);
}

// Only plain names go into lines to be pasted: a stranger may have chosen them.
bool is_plain(std::string_view name) {
  return !name.empty() && name.size() < 254 && name.front() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+=@:[]") == std::string_view::npos;
}

std::string plain_or(std::string_view name, std::string_view otherwise) {
  return std::string(is_plain(name) ? name : otherwise);
}

// A domain of ours whose mail is forwarded there: sendmail logs the address as it was before the forward. Routed to the
// provider as a whole, all of its mail would go astray.
bool is_forwarded(const Provider& provider, std::string_view domain) {
  return std::any_of(provider.origins.begin(), provider.origins.end(), [&](const TrafficOrigin& origin) {
    const auto at = origin.address.rfind('@');
    return origin.kind == OriginKind::forward && at != std::string::npos && std::string_view(origin.address).substr(at + 1) == domain;
  });
}

std::vector<std::string> safe_domains(const Provider& provider) {
  std::vector<std::string> out;
  for (const auto& domain : provider.destinations) {
    if (is_plain(domain) && !is_forwarded(provider, domain) && out.size() < 6) out.push_back(domain);
  }
  if (out.empty()) out.emplace_back("example.com");
  return out;
}

bool has_window(const std::optional<Limit>& limit) {
  return limit && limit->value > 0 && (limit->per == Limit::Per::day || limit->per == Limit::Per::hour);
}

// Seconds between two messages that keep within the limit.
std::int64_t pace_s(const std::optional<Limit>& limit) {
  if (!has_window(limit)) return 60;
  const std::int64_t period = limit->per == Limit::Per::hour ? 3600 : 86400;
  return (period + static_cast<std::int64_t>(limit->value) - 1) / static_cast<std::int64_t>(limit->value);
}

std::string relay_of(const Provider& provider, const std::string& domain) {
  return provider.relays.empty() ? domain : plain_or(provider.relays.front(), domain);
}

// `'DOMAIN TRANSPORT:[HOST]'` for each domain: lines of a map, as arguments of printf.
std::string routes(const Provider& provider, std::string_view transport) {
  std::string out;
  for (const auto& domain : safe_domains(provider)) {
    out += fmt::format(" \\\n      '{} {}:[{}]'", domain, transport, relay_of(provider, domain));
  }
  return out;
}

std::string listed(const Provider& provider, std::string_view separator) {
  std::string out;
  for (const auto& domain : safe_domains(provider)) {
    if (!out.empty()) out += separator;
    out += domain;
  }
  return out;
}

// How each did in samples/remedy: a host that takes 49 messages a day, 60 that want to go there, two days without it and
// three with it.
constexpr std::string_view kTriedPostfix = "# tried: of 49 a day that are taken, 48 or 49 still were; 149 refused tries a day became none\n";
constexpr std::string_view kTriedSendmail = "# tried: of 49 a day that are taken, 48 or 49 still were; 13 refused tries a day became none\n";
constexpr std::string_view kTriedExim = "# tried: of 49 a day that are taken, 48 still were; 139 refused tries a day became none\n";

// Commands, not lines of files: Postfix takes a line that begins with a blank for the end of the one before.
std::string postfix_throttle(const Provider& provider, const std::optional<Limit>& limit) {
  const auto name = slug(provider.name);
  return fmt::format(
      "# Postfix: one slow transport and one next hop for all of its domains\n"
      "    printf '%s\\n'{} \\\n      >> /etc/postfix/transport\n"
      "    postmap /etc/postfix/transport\n"
      "    postconf -M {}/unix='{} unix - - n - 1 smtp'\n"
      "    postconf -e {}_destination_concurrency_limit=1 \\\n"
      "      {}_destination_recipient_limit=2 \\\n"
      "      {}_destination_rate_delay={}s\n"
      "# what `postconf transport_maps` names already stays, after it\n"
      "    postconf -e \"transport_maps=hash:/etc/postfix/transport, $(postconf -h transport_maps)\"\n"
      "    postfix check && postfix reload\n"
      "# the log does not name mail that waits for its turn: postqueue -p does\n{}",
      routes(provider, name), name, name, name, name, name, pace_s(limit), has_window(limit) ? kTriedPostfix : "");
}

// Counts a day's (an hour's) messages out in six shares, so that a busy morning may go out faster than a quiet night.
std::string exim_pace(const Provider& provider, const Limit& limit) {
  const auto name = slug(provider.name);
  const auto share = std::max<std::uint64_t>(2, limit.value / 6);
  std::string retry;
  for (const auto& domain : safe_domains(provider)) retry += fmt::format("    {:<24} *  F,5d,10m\n", domain);
  return fmt::format(
      "# Exim: after `begin acl`\n"
      "    {}_pace:\n"
      "      accept ratelimit = {} / {}s / leaky / per_cmd / {}\n"
      "# after `begin routers`, before those that send to other hosts\n"
      "    {}_pace:\n"
      "      driver = redirect\n"
      "      domains = {}\n"
      "      condition = ${{if acl{{{{{}_pace}}}}}}\n"
      "      allow_defer\n"
      "      data = :defer: later, to stay within the limit\n"
      "      no_verify\n"
      "      no_address_test\n"
      "# after `begin retry`, above the general rule\n{}"
      "# then, with a queue run every half an hour or more often (exim -bd -q30m)\n"
      "    exim -bV && systemctl reload exim4\n{}",
      name, share, share * static_cast<std::uint64_t>(pace_s(limit)), name, name, listed(provider, " : "), name, retry, kTriedExim);
}

std::string exim_throttle(const Provider& provider, const std::optional<Limit>& limit) {
  if (has_window(limit)) return exim_pace(provider, *limit);
  std::string retry;
  for (const auto& domain : safe_domains(provider)) retry += fmt::format("    {:<24} *  F,5d,30m\n", domain);
  return fmt::format(
      "# Exim's retry section, above the general rule: fewer tries on a closed door\n{}"
      "# in the smtp transport: one connection at a time to each of its hosts\n"
      "    serialize_hosts = {}\n"
      "# main section: leave mail for these domains to the queue runner\n"
      "    queue_smtp_domains = {}\n",
      retry, provider.relays.empty() ? "*" : plain_or(provider.relays.front(), "*"), listed(provider, " : "));
}

// What the recipient lines of its queue files end with: an address that is forwarded stands there as it was before.
std::string ends_of_addresses(const Provider& provider) {
  std::string out = "@(" + listed(provider, "|") + ")";
  for (const auto& origin : provider.origins) {
    if (origin.kind == OriginKind::forward && is_plain(origin.address) && out.size() < 400) out += "|" + origin.address;
  }
  return out;
}

// A mailer that leaves its mail to the runs of a queue group of its own (F=e), of which each sends one message. The
// group's directory must lie below QueueDirectory: sendmail refuses to start else.
std::string sendmail_throttle(const Provider& provider, const std::optional<Limit>& limit) {
  const auto name = slug(provider.name);
  return fmt::format(
      "# sendmail: a mailer whose queue group sends one message at a time\n"
      "    printf '%s\\n' \"define(\\`confCON_EXPENSIVE', \\`True')dnl\" \\\n"
      "      \"QUEUE_GROUP(\\`{0}', \\`Path=/var/spool/mqueue/{0}, Interval={1}s, Runners=1, Jobs=1')dnl\" \\\n"
      "      MAILER_DEFINITIONS \\\n"
      "      \"M{0}, P=[IPC], F=mDFMuXae, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=990, Q={0},\" \\\n"
      "      '  T=DNS/RFC822/SMTP, A=TCP $h' >> /etc/mail/sendmail.mc\n"
      "# with FEATURE(`mailertable') in sendmail.mc\n"
      "    printf '%s\\n'{2} \\\n      >> /etc/mail/mailertable\n"
      "    mkdir -p /var/spool/mqueue/{0} && cd /var/spool/mqueue\n"
      "    chown --reference=. {0} && chmod --reference=. {0}\n"
      "    make -C /etc/mail && /etc/init.d/sendmail stop\n"
      "# what waits already goes into the new queue\n"
      "    grep -lE '^R.*({3})>?$' qf* | while read q; do mv ?f${{q#qf}} {0}/; done\n"
      "    /etc/init.d/sendmail start\n{4}",
      name, pace_s(limit), routes(provider, name), ends_of_addresses(provider), has_window(limit) ? kTriedSendmail : "");
}

// In clear text to a host whose STARTTLS does not work. Postfix looks policies up by the next hop that a message is for,
// which the log does not tell, and what it should overlook by the address.
std::string without_tls_to(std::string_view mta, const std::string& host, const std::string& address) {
  if (mta == "postfix") {
    return fmt::format("# Postfix: in clear text to it\n"
                       "    echo '{} starttls' >> /etc/postfix/no_starttls && postmap /etc/postfix/no_starttls\n"
                       "    postconf -e smtp_discard_ehlo_keyword_address_maps=hash:/etc/postfix/no_starttls\n"
                       "    postfix check && postfix reload\n", address);
  }
  if (mta == "sendmail") {
    return fmt::format("# sendmail: in clear text to it, with FEATURE(`access_db') in sendmail.mc\n"
                       "    echo 'Try_TLS:{} NO' >> /etc/mail/access\n"
                       "    makemap hash /etc/mail/access < /etc/mail/access\n"
                       "# tried again at once: without what sendmail remembers of the host\n"
                       "    purgestat -OTimeout.hoststatus=1s\n", host);
  }
  return mta == "exim" ? fmt::format("# Exim: in clear text to it, in the smtp transport\n    hosts_avoid_tls = {}\n", host) : std::string();
}

// An ECDSA certificate beside the RSA one (or the other way round) serves clients that share no cipher with the one.
constexpr std::string_view kSecondCertificate =
    "# a second certificate of the other kind serves these clients too; here one with an ECDSA key\n"
    "    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj \"/CN=$(hostname -f)\" \\\n"
    "      -keyout ecdsa.key -out ecdsa.crt\n";

std::string more_ciphers(std::string_view mta, const std::string& host) {
  std::string out(mta == "postfix" || mta == "sendmail" || mta == "exim" ? kSecondCertificate : "");
  if (mta == "postfix") {
    out += "# Postfix: each file holds a key and then its certificates\n"
           "    cat ecdsa.key ecdsa.crt > /etc/postfix/ecdsa.pem && chmod 600 /etc/postfix/ecdsa.pem\n"
           "    cat $(postconf -xh smtpd_tls_key_file smtpd_tls_cert_file) > /etc/postfix/rsa.pem && chmod 600 /etc/postfix/rsa.pem\n"
           "    postconf -e smtpd_tls_ciphers=medium smtpd_tls_chain_files=/etc/postfix/rsa.pem,/etc/postfix/ecdsa.pem\n"
           "    postfix check && postfix reload\n";
  }
  if (mta == "sendmail") {
    out += fmt::format(
        "# sendmail: both in /etc/mail/tls, the keys readable by root alone\n"
        "    printf '%s\\n' \"define(\\`confSERVER_CERT', \\`/etc/mail/tls/cert.pem,/etc/mail/tls/ecdsa.crt')dnl\" \\\n"
        "      \"define(\\`confSERVER_KEY', \\`/etc/mail/tls/key.pem,/etc/mail/tls/ecdsa.key')dnl\" >> /etc/mail/sendmail.mc\n"
        "    make -C /etc/mail && /etc/init.d/sendmail restart\n"
        "# or no STARTTLS for this client alone, with FEATURE(`access_db')\n"
        "    echo 'Srv_Features:{} S' >> /etc/mail/access\n"
        "    makemap hash /etc/mail/access < /etc/mail/access\n", host);
  }
  if (mta == "exim") {
    out += "# Exim's main section, both in /etc/exim4, readable by its group; tls_require_ciphers unset\n"
           "    tls_certificate = /etc/exim4/exim.crt : /etc/exim4/ecdsa.crt\n"
           "    tls_privatekey = /etc/exim4/exim.key : /etc/exim4/ecdsa.key\n";
  }
  return out;
}

std::string older_versions(std::string_view mta, const std::string& host) {
  if (mta == "postfix") {
    return "# Postfix: older versions, as far as OpenSSL has them\n"
           "    postconf -e 'smtpd_tls_protocols = >=TLSv1' 'tls_medium_cipherlist = ALL:@SECLEVEL=0'\n"
           "    postfix check && postfix reload\n";
  }
  if (mta == "sendmail") {
    return fmt::format(
        "# sendmail: older versions, as far as OpenSSL has them\n"
        "    printf '%s\\n' \"define(\\`confCIPHER_LIST', \\`ALL:!aNULL:@SECLEVEL=0')dnl\" \\\n"
        "      \"define(\\`confSERVER_SSL_OPTIONS', \\`+SSL_OP_NO_SSLv2 +SSL_OP_NO_SSLv3')dnl\" >> /etc/mail/sendmail.mc\n"
        "    make -C /etc/mail && /etc/init.d/sendmail restart\n"
        "# or no STARTTLS for this client alone, with FEATURE(`access_db')\n"
        "    echo 'Srv_Features:{} S' >> /etc/mail/access\n"
        "    makemap hash /etc/mail/access < /etc/mail/access\n", host);
  }
  return mta == "exim" ? "# Exim's main section (GnuTLS; with OpenSSL: openssl_options without +no_tlsv1)\n"
                         "    tls_require_ciphers = NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:%COMPAT\n"
                       : "";
}

}  // namespace

std::string throttle_remedy(const Provider& provider, const std::optional<Limit>& limit) {
  std::string out;
  if (has_window(limit)) {
    out += "Send at the pace that the limit allows: as much goes out, nothing is refused. It does not make the other side take more.\n";
  }
  for (const auto& mta : provider.mtas) {
    if (mta == "postfix") out += postfix_throttle(provider, limit);
    if (mta == "exim") out += exim_throttle(provider, limit);
    if (mta == "sendmail") out += sendmail_throttle(provider, limit);
  }
  return out;
}

std::string forwarding_remedy(const Provider& provider, const TrafficOrigin& origin) {
  std::string out = fmt::format(
      "Ask the owner of {} to fetch the mail here (IMAP/POP) instead of having it forwarded to {}; until then take the forward out:\n",
      origin.address, provider.name);
  const auto address = plain_or(origin.address, "ADDRESS");
  for (const auto& mta : provider.mtas) {
    if (mta == "postfix") out += "    postmap -q '" + address + "' hash:/etc/postfix/virtual   # or: postalias -q, ~/.forward\n";
    if (mta == "exim") out += "    exim -bt " + address + "   # names the router and the file that forwards it\n";
    if (mta == "sendmail") out += "    sendmail -bv " + address + "   # then look in virtusertable, aliases, ~/.forward\n";
  }
  out += "If it must stay: rewrite the envelope sender (SRS: postsrsd, Exim's srs_encode), so that SPF passes.\n";
  return out;
}

std::string account_remedy(const Provider& provider, const TrafficOrigin& origin) {
  if (origin.kind == OriginKind::login) {
    return fmt::format("Ask {} what they send; change the password if it was not them.\n", origin.auth_user);
  }
  return fmt::format("Look what runs as {} (crontab -l -u, the web server's log at the time of the first message) and stop it; "
                     "what it queued for {} can be deleted from the queue.\n", origin.local_user, provider.name);
}

std::string starttls_remedy(const TlsPeer& peer, TlsCause cause, const Knowledge& knowledge) {
  const auto host = plain_or(peer.peer, "HOST");
  std::string out;
  if (peer.direction == Direction::outbound && cause != TlsCause::certificate) {  // that is our own demand
    for (const auto& mta : peer.mtas) out += without_tls_to(mta, host, plain_or(peer.address, "ADDRESS"));
  } else if (cause == TlsCause::no_shared_cipher) {
    for (const auto& mta : peer.mtas) out += more_ciphers(mta, host);
  } else if (cause == TlsCause::protocol_version) {
    for (const auto& mta : peer.mtas) out += older_versions(mta, host);
  } else {
    const auto for_all = knowledge.tls_remedy(cause, peer.direction, {}, host);
    out = for_all + "\n";
    for (const auto& mta : peer.mtas) {
      if (const auto own = knowledge.tls_remedy(cause, peer.direction, mta, host); own != for_all) out += own + "\n";
    }
  }
  return out;
}

}  // namespace mtalens
