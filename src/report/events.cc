#include "report/events.h"

#include <fmt/format.h>

#include <iterator>

#include "knowledge/knowledge.h"
#include "parsers/event_words.h"
#include "report/safe_text.h"
#include "rules/wording.h"

namespace mtalens {
namespace {

// Writes one object; keys that do not apply are left out.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += "}\n"; }
  Object(const Object&) = delete;

  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    name(key);
    append_json_string(out_, value);
  }
  void number(std::string_view key, std::int64_t value) {
    name(key);
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void number_from(std::string_view key, std::int64_t value, std::int64_t least) {
    if (value >= least) number(key, value);
  }
  void seconds(std::string_view key, std::int64_t us) {
    if (us < 0) return;
    name(key);
    fmt::format_to(std::back_inserter(out_), "{}", us / 1'000'000);
    const auto micros = fmt::format("{:06}", us % 1'000'000);
    if (const auto last = micros.find_last_not_of('0'); last != micros.npos) (out_ += '.').append(micros, 0, last + 1);
  }
  void flag(std::string_view key, bool value) {
    if (!value) return;
    name(key);
    out_ += "true";
  }

 private:
  void name(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace

void append_event(std::string& out, const Event& event, std::string_view source, std::uint64_t line,
                  const Knowledge& knowledge) {
  Object o(out);
  if (event.time_us != kNoTime) o.text("time", iso_utc(event.time_us));
  o.text("mta", event.mta);
  o.text("kind", word_of(event.kind));
  o.text("source", source);
  o.number("line", static_cast<std::int64_t>(line));
  o.text("host", event.host);
  o.text("program", event.program);
  o.number_from("pid", event.pid, 1);
  o.text("queue_id", event.queue_id);
  o.text("message_id", event.message_id);
  if (event.null_sender) {
    o.text("sender", "<>");
  } else {
    o.text("sender", event.sender);
  }
  o.number_from("size_bytes", event.size_bytes, 0);
  o.number_from("recipients", event.recipients, 0);
  o.text("client", event.client);
  o.text("client_address", event.client_address);
  o.text("auth_user", event.auth_user);
  o.text("local_user", event.local_user);
  o.number_from("uid", event.uid, 0);
  o.text("recipient", event.recipient);
  o.text("original_recipient", event.original_recipient);
  o.text("relay", event.relay);
  o.text("relay_address", event.relay_address);
  o.number_from("relay_port", event.relay_port, 1);
  o.text("outcome", event.kind == EventKind::tls ? (event.handshake == Handshake::failed ? "failed" : "established")
                                                 : word_of(event.outcome));
  o.flag("secondary", event.secondary);
  o.flag("local", event.local);
  o.flag("same_transaction", event.same_transaction);
  o.number_from("code", event.code, 1);
  o.text("enhanced_code", event.enhanced_code);
  o.text("reply", event.reply);
  o.text("stage", stage_name(event.stage));
  o.seconds("delay_s", event.delay_us);
  o.text("how", word_of(event.ended));
  o.text("relation", word_of(event.relation));
  o.text("other_queue_id", event.other_queue_id);
  o.text("direction", direction_name(event.direction));
  o.text("peer", event.peer);
  o.text("address", event.peer_address);
  o.text("cause", cause_name(event.cause));
  o.flag("fallback", event.fallback);
  const bool handshake = event.kind == EventKind::tls || event.kind == EventKind::tls_detail;
  o.text(handshake ? "version" : "tls_version", event.tls_version);
  o.text(handshake ? "cipher" : "tls_cipher", event.tls_cipher);
  o.text("provider", knowledge.operator_name(event.operator_id));
  o.text("meaning", name(static_cast<Meaning>(event.meaning)));
  o.number_from("times", event.times, 2);
}

}  // namespace mtalens
