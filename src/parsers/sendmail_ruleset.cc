// Verdicts of the rulesets: check_relay, check_mail, check_rcpt … refuse mail, tls_server and its like TLS.
//
//   ruleset=check_rcpt, arg1=<a@x>, relay=host [address], reject=550 5.7.1 <a@x>... Relaying denied.
#include <array>

#include "parsers/sendmail_lines.h"

namespace mtalens::sendmail {
namespace {

// As rscheck() in parseaddr.c writes it.
struct Verdict {
  std::string_view ruleset, argument, relay, reply;
};

// arg1 is what a stranger said: an address, read as one, or a header's text, ended by the last relay=.
bool take_argument(std::string_view& text, Verdict& verdict) {
  const auto length = text.starts_with('<') ? address_length(text) : 0;
  const auto behind = text.substr(length);
  std::size_t end = length;
  if (length == 0 ||
      !(scan::starts(behind, ", relay=") || scan::starts(behind, ", arg2=") || scan::starts(behind, ", reject="))) {
    end = text.rfind(", relay=");
    if (end == std::string_view::npos) end = text.find(", reject=");
    if (end == std::string_view::npos) end = text.rfind(", ");
    if (end == std::string_view::npos) return false;
  }
  verdict.argument = text.substr(0, end);
  text.remove_prefix(end);
  return true;
}

struct StageOfRuleset {
  std::string_view ruleset;
  Stage stage;
};
constexpr std::array kStages{
    StageOfRuleset{"check_relay", Stage::connect}, StageOfRuleset{"check_mail", Stage::mail},
    StageOfRuleset{"check_rcpt", Stage::rcpt},     StageOfRuleset{"check_data", Stage::data},
    StageOfRuleset{"check_eom", Stage::eod},       StageOfRuleset{"check_eoh", Stage::eod},
    StageOfRuleset{"trust_auth", Stage::auth},     StageOfRuleset{"tls_client", Stage::starttls},
};

Stage stage_of(std::string_view ruleset) {
  for (const auto& known : kStages) {
    if (known.ruleset == ruleset) return known.stage;
  }
  return Stage::none;
}

// The rulesets asked while sendmail delivers; `relay` is whom it talked to.
bool is_outbound(std::string_view ruleset) {
  return ruleset == "tls_server" || ruleset == "tls_rcpt";
}

bool append_tls_verdict(const Line& line, const Verdict& verdict, std::vector<Event>& events) {
  // Only a handshake that failed is one; else the policy wants more than the peer's TLS gives.
  const bool failed = verdict.reply.find("TLS handshake") != std::string_view::npos;
  Event& event = append_event(line, failed ? EventKind::tls_detail : EventKind::note, events);
  const bool outbound = is_outbound(verdict.ruleset);
  event.direction = outbound ? Direction::outbound : Direction::inbound;
  const auto peer = outbound ? relay_of(verdict.relay) : client_of(verdict.relay);
  event.peer = peer.host;
  event.peer_address = peer.address;
  set_reply(event, verdict.reply);
  return true;
}

bool append_rejected(const Line& line, const Verdict& verdict, std::vector<Event>& events) {
  Event& event = append_event(line, EventKind::rejected, events);
  event.stage = stage_of(verdict.ruleset);
  set_client(event, verdict.relay);
  if (event.stage == Stage::rcpt) event.recipient = bare_address(verdict.argument);
  if (event.stage == Stage::mail) {
    event.sender = bare_address(verdict.argument);
    event.null_sender = event.sender.empty();
  }
  set_reply(event, verdict.reply);
  return true;
}

}  // namespace

bool parse_ruleset(const Line& line, std::vector<Event>& events) {
  auto rest = line.text;
  if (!scan::take(rest, "ruleset=")) return false;
  Verdict verdict;
  const auto name = scan::take_until(rest, ", arg1=");
  if (!name || !take_argument(rest, verdict)) return false;
  verdict.ruleset = *name;
  if (scan::take(rest, ", arg2=")) rest.remove_prefix(std::min(rest.find(", "), rest.size()));
  if (scan::take(rest, ", relay=")) {
    verdict.relay = rest.substr(0, std::min(rest.find(", "), rest.size()));
    rest.remove_prefix(verdict.relay.size());
  }
  if (!scan::take(rest, ", reject=")) {
    // Dropped without a word, or held for the postmaster: neither is told to the client.
    return (rest == ", discard" || scan::starts(rest, ", quarantine=")) && append(line, EventKind::note, events);
  }
  verdict.reply = rest;
  const bool about_tls = is_outbound(verdict.ruleset) ||
                         (scan::starts(verdict.ruleset, "tls_") && rest.find("TLS handshake") != std::string_view::npos);
  return about_tls ? append_tls_verdict(line, verdict, events) : append_rejected(line, verdict, events);
}

}  // namespace mtalens::sendmail
