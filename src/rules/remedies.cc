#include "rules/remedies.h"

#include <fmt/format.h>

#include <algorithm>

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

std::vector<std::string> safe_domains(const Provider& provider) {
  std::vector<std::string> out;
  for (const auto& domain : provider.destinations) {
    if (is_plain(domain) && out.size() < 6) out.push_back(domain);
  }
  if (out.empty()) out.emplace_back("example.com");
  return out;
}

// Seconds between two messages that keep within the limit.
std::int64_t pace_s(const std::optional<Limit>& limit) {
  if (!limit || limit->value == 0) return 60;
  const std::int64_t period = limit->per == Limit::Per::hour ? 3600 : 86400;
  const bool has_window = limit->per == Limit::Per::day || limit->per == Limit::Per::hour;
  return !has_window ? 60 : (period + static_cast<std::int64_t>(limit->value) - 1) / static_cast<std::int64_t>(limit->value);
}

// Commands, not lines of files: Postfix takes a line that begins with a blank for the end of the one before.
std::string postfix_throttle(const Provider& provider, const std::optional<Limit>& limit) {
  const auto name = slug(provider.name);
  std::string map;
  for (const auto& domain : safe_domains(provider)) {
    const auto host = provider.relays.empty() ? domain : plain_or(provider.relays.front(), domain);
    map += fmt::format(" \\\n      '{} {}:[{}]'", domain, name, host);
  }
  return fmt::format(
      "# one slow transport and one next hop for all of its domains\n"
      "    printf '%s\\n'{} \\\n      >> /etc/postfix/transport\n"
      "    postmap /etc/postfix/transport\n"
      "    postconf -M {}/unix='{} unix - - n - 1 smtp'\n"
      "    postconf -e {}_destination_concurrency_limit=1 \\\n"
      "      {}_destination_recipient_limit=2 \\\n"
      "      {}_destination_rate_delay={}s\n"
      "# keep what `postconf transport_maps` names already\n"
      "    postconf -e transport_maps=hash:/etc/postfix/transport\n"
      "    postfix check && postfix reload\n",
      map, name, name, name, name, name, pace_s(limit));
}

std::string exim_throttle(const Provider& provider, const std::optional<Limit>& limit) {
  const auto domains = safe_domains(provider);
  std::string list, retry;
  for (const auto& domain : domains) {
    list += (list.empty() ? "" : " : ") + domain;
    retry += fmt::format("    {:<24} *  F,5d,{}m\n", domain, std::max<std::int64_t>(30, pace_s(limit) / 60));
  }
  return fmt::format(
      "# Exim's retry section, above the general rule: fewer tries on a closed door\n{}"
      "# in the smtp transport: one connection at a time to each of its hosts\n"
      "    serialize_hosts = {}\n"
      "# main section: leave mail for these domains to the queue runner\n"
      "    queue_smtp_domains = {}\n",
      retry, provider.relays.empty() ? "*" : plain_or(provider.relays.front(), "*"), list);
}

std::string sendmail_throttle(const Provider& provider, const std::optional<Limit>& limit) {
  const auto name = slug(provider.name);
  std::string access;
  for (const auto& domain : safe_domains(provider)) access += fmt::format("    QGRP:{:<24} {}\n", domain, name);
  return fmt::format(
      "# sendmail.mc, above its MAILER() lines\n"
      "    FEATURE(`queuegroup')\n"
      "    QUEUE_GROUP(`{}', `Path=/var/spool/mqueue-{}, Interval={}m, Runners=1, Jobs={}')\n"
      "    define(`confSINGLE_THREAD_DELIVERY', `True')\n"
      "    define(`confHOST_STATUS_DIRECTORY', `/var/lib/sendmail/host_status')\n"
      "    define(`confTO_HOSTSTATUS', `2h')\n"
      "# /etc/mail/access\n{}"
      "# then, the new folders with the owner and the mode of the old\n"
      "    cd /var/spool; mkdir -p mqueue-{}\n"
      "    chown --reference=mqueue mqueue-{}; chmod --reference=mqueue mqueue-{}\n"
      "    mkdir -p /var/lib/sendmail/host_status\n"
      "    make -C /etc/mail && /etc/init.d/sendmail restart\n",
      name, name, std::max<std::int64_t>(30, pace_s(limit) / 60), limit ? limit->value : 50, access, name, name, name);
}

}  // namespace

std::string throttle_remedy(const Provider& provider, const std::optional<Limit>& limit) {
  std::string out;
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

std::string starttls_remedy(const TlsPeer& peer, TlsCause cause) {
  const bool outbound = peer.direction == Direction::outbound;
  const auto host = plain_or(peer.peer, "HOST");
  std::string out;
  for (const auto& mta : peer.mtas) {
    if (mta == "postfix") {
      out += outbound ? fmt::format("# /etc/postfix/tls_policy (then: postmap /etc/postfix/tls_policy)\n    {:<32} none\n"
                                    "# /etc/postfix/main.cf\n    smtp_tls_policy_maps = hash:/etc/postfix/tls_policy\n", host)
             : cause == TlsCause::protocol_version
                 ? std::string("# /etc/postfix/main.cf\n    smtpd_tls_protocols = >=TLSv1\n    tls_medium_cipherlist = ALL:@SECLEVEL=0\n")
                 : std::string("# /etc/postfix/main.cf\n    smtpd_tls_ciphers = medium\n    smtpd_tls_eecdh_grade = auto\n"
                               "    # an RSA and an ECDSA certificate serve every client:\n    smtpd_tls_chain_files = /etc/postfix/rsa.pem, /etc/postfix/ecdsa.pem\n");
    }
    if (mta == "sendmail") {
      out += outbound ? fmt::format("# /etc/mail/access (then: makemap hash access < access)\n    Try_TLS:{:<24} NO\n", host)
             : std::string("# sendmail.mc: offer what current clients know (then: make -C /etc/mail && restart)\n"
                           "    define(`confSERVER_SSL_OPTIONS', `+SSL_OP_NO_SSLv2 +SSL_OP_NO_SSLv3 +SSL_OP_CIPHER_SERVER_PREFERENCE')\n"
                           "    LOCAL_CONFIG\n    O CipherList=HIGH:!aNULL\n    O DHParameters=/etc/mail/tls/dh2048.pem\n"
                           "    # and a certificate whose key fits these ciphers (confSERVER_CERT, confSERVER_KEY)\n") +
                   fmt::format("# or no STARTTLS for this client alone, in /etc/mail/access:\n    Srv_Features:{:<20} S\n", host);
    }
    if (mta == "exim") {
      out += outbound ? fmt::format("# in the smtp transport\n    hosts_avoid_tls = {}\n", host)
             : std::string("# Exim's main section (GnuTLS; with OpenSSL: tls_require_ciphers = HIGH:!aNULL)\n"
                           "    tls_require_ciphers = NORMAL:%COMPAT\n    tls_certificate = /etc/exim4/exim.crt\n    tls_privatekey = /etc/exim4/exim.key\n");
    }
  }
  return out;
}

}  // namespace mtalens
