#include "clickhouse/rows.h"

#include <bit>
#include <utility>

#include "clickhouse/columns.h"
#include "knowledge/meaning.h"
#include "knowledge/sending_address.h"
#include "parsers/event_words.h"
#include "track/hash.h"
#include "track/host_domain.h"

namespace mtalens::clickhouse {
namespace {

static_assert(std::endian::native == std::endian::little, "Native is little-endian");

void append_length(std::string& out, std::size_t length) {
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(length | 0x80);
  out += static_cast<char>(length);
}

void append_text(std::string& out, std::string_view text) {
  append_length(out, text.size());
  out += text;
}

// Writes the fields of one row, each to its column.
class Row {
 public:
  explicit Row(std::vector<std::string>& columns) : column_(columns.data()) {}

  template <typename Number>
  void number(Number value) {
    column_++->append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void flag(bool value) { *column_++ += static_cast<char>(value); }
  void text(std::string_view value) { append_text(*column_++, value.substr(0, kLongestText)); }

 private:
  std::string* column_;
};

std::string_view word_of(JoinedEvent::Party kind) {
  switch (kind) {
    case JoinedEvent::Party::none: return "";
    case JoinedEvent::Party::operated: return "operator";
    case JoinedEvent::Party::relay: return "host";
    case JoinedEvent::Party::domain: return "domain";
  }
  return "";
}

void append_where_from(Row& row, const JoinedEvent& joined, std::uint64_t upload, std::string_view host) {
  const Event& event = *joined.event;
  row.number(upload);
  row.number(event.time_us == kNoTime ? std::int64_t{0} : event.time_us);
  row.text(event.host.empty() ? host : event.host);
  row.text(event.mta);
  row.text(event.program);
  row.text(word_of(event.kind));
  row.flag(joined.first);
  row.number(event.times);
  row.text(joined.source);
  row.number(joined.line);
}

void append_message(Row& row, const JoinedEvent& joined) {
  const Event& event = *joined.event;
  row.text(event.queue_id);
  row.number(joined.message);
  row.number(joined.transaction);
  row.text(event.message_id);
  row.text(event.null_sender ? "<>" : event.sender);
  row.text(joined.recipient);
  row.text(event.original_recipient);
  row.text(joined.domain);
  row.flag(joined.domain_has_operator);
  row.number(event.size_bytes);
  row.number(event.recipients);
  row.text(event.client);
  row.text(event.client_address);
  row.text(event.auth_user);
}

void append_attempt(Row& row, const JoinedEvent& joined) {
  const Event& event = *joined.event;
  const auto meaning = static_cast<Meaning>(event.meaning);
  row.text(word_of(joined.party_kind));
  row.text(joined.party);
  row.text(joined.party_kind == JoinedEvent::Party::relay ? domain_of_host(joined.party) : std::string_view());
  row.text(event.relay);
  row.text(event.relay_address);
  row.text(word_of(event.outcome));
  row.flag(event.secondary);
  row.flag(event.local);
  row.number(event.code);
  row.text(event.enhanced_code);
  row.text(stage_name(event.stage));
  row.text(name(meaning));
  row.text(event.reply);
  row.text(is_throttle(meaning) ? sending_address_in(event.reply) : std::string());
  row.number(event.delay_us);
  row.text(word_of(event.ended));
}

void append_counts(Row& row, const JoinedEvent& joined) {
  row.number(joined.messages);
  row.text(joined.messages > 0 ? word_of(joined.origin) : std::string_view());
  row.text(joined.origin_who);
  row.number(joined.accepted);
  row.number(joined.refusals);
  row.number(joined.throttled);
  row.number(joined.expired);
  row.number(joined.waiting);
}

void append_handshake(Row& row, const JoinedEvent& joined) {
  row.text(word_of(joined.tls_direction));
  row.text(joined.tls_peer);
  row.text(joined.tls_address);
  row.text(joined.failed != 0 ? cause_name(joined.tls_cause) : std::string_view());
  row.text(joined.event->tls_version);
  row.text(joined.event->tls_cipher);
  row.number(joined.handshakes);
  row.number(joined.failed);
}

}  // namespace

Rows::Rows(std::uint64_t upload, std::string host)
    : upload_(upload), host_(std::move(host)), columns_(event_columns().size()) {}

void Rows::add(const JoinedEvent& joined) {
  Row row(columns_);
  append_where_from(row, joined, upload_, host_);
  append_message(row, joined);
  append_attempt(row, joined);
  append_counts(row, joined);
  append_handshake(row, joined);
  ++rows_;
}

void Rows::take(std::string& out) {
  if (rows_ == 0) return;
  append_length(out, columns_.size());
  append_length(out, rows_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    append_text(out, event_columns()[i].name);
    append_text(out, event_columns()[i].type);
    out += columns_[i];
    columns_[i].clear();
  }
  rows_ = 0;
}

}  // namespace mtalens::clickhouse
