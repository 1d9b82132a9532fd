#include "anonymize/anonymized.h"

#include <cstring>
#include <functional>

namespace mtalens {
namespace {

// What an event says of names: which of its fields, and what kind of a name it is.
struct NameField {
  std::string_view Event::*field;
  std::string (Pseudonyms::*instead)(std::string_view) const;
};

constexpr NameField kNames[] = {
    {&Event::host, &Pseudonyms::host},
    {&Event::message_id, &Pseudonyms::address},
    {&Event::sender, &Pseudonyms::address},
    {&Event::recipient, &Pseudonyms::address},
    {&Event::original_recipient, &Pseudonyms::address},
    {&Event::client, &Pseudonyms::host},
    {&Event::client_address, &Pseudonyms::host},
    {&Event::auth_user, &Pseudonyms::address},
    {&Event::local_user, &Pseudonyms::user},
    {&Event::relay, &Pseudonyms::host},
    {&Event::relay_address, &Pseudonyms::host},
    {&Event::peer, &Pseudonyms::host},
    {&Event::peer_address, &Pseudonyms::host},
};

// A mailbox, a pipe, a program of this machine: no host.
bool is_a_name(const Event& event, const NameField& name) {
  const bool relay_of_its_own = event.local && name.field == &Event::relay && (event.relay.find('.') == std::string_view::npos);
  return !(event.*name.field).empty() && !relay_of_its_own;
}

}  // namespace

std::string_view Anonymizer::keep(const std::string& text) {
  if (text.empty()) return {};
  char* const room = out_.scratch.take(text.size());
  std::memcpy(room, text.data(), text.size());
  return {room, text.size()};
}

Event Anonymizer::of(const Event& event) {
  Event out = event;
  for (const auto& name : kNames) {
    if (is_a_name(event, name)) out.*name.field = keep((pseudonyms_.*name.instead)(event.*name.field));
  }
  out.reply = keep(pseudonyms_.text(event.reply));
  return out;
}

// The line of these events: the fields where they stand in it, the rest as a text.
std::string Anonymizer::line_of(const Event* begin, const Event* end) const {
  const auto line = begin->line;
  std::map<std::size_t, std::pair<std::size_t, std::string>> fields;  // by where they begin: where they end, and what stands there then
  for (const Event* event = begin; event != end; ++event) {
    for (const auto& name : kNames) {
      const auto value = event->*name.field;
      const bool inside = std::less_equal<>()(line.data(), value.data()) && std::less_equal<>()(value.data() + value.size(), line.data() + line.size());
      if (!is_a_name(*event, name) || !inside) continue;
      const auto at = static_cast<std::size_t>(value.data() - line.data());
      fields.try_emplace(at, at + value.size(), (pseudonyms_.*name.instead)(value));
    }
  }
  std::string out;
  std::size_t done = 0;
  for (const auto& [at, field] : fields) {
    if (at < done) continue;  // within the one before
    out += pseudonyms_.text(line.substr(done, at - done));
    out += field.second;
    done = field.first;
  }
  return out += pseudonyms_.text(line.substr(done));
}

const Batch& Anonymizer::of(const Batch& batch) {
  out_.clear();
  out_.sequence = batch.sequence;
  out_.duplicate_lines = batch.duplicate_lines;
  out_.runs = batch.runs;
  const Event* const end = batch.events.data() + batch.events.size();
  for (const Event* first = batch.events.data(); first != end;) {
    const Event* next = first;
    while (next != end && next->line.data() == first->line.data()) ++next;
    const auto line = keep(line_of(first, next));
    for (; first != next; ++first) out_.events.emplace_back(of(*first)).line = line;
  }
  return out_;
}

// The machine's own name stands in front, and may look like any word.
std::string Anonymizer::without_event(std::string_view line, const std::vector<std::string>& hosts) const {
  for (const auto& host : hosts) {
    const auto at = host.empty() ? line.npos : line.find(" " + host + " ");
    if (at == line.npos) continue;
    return pseudonyms_.text(line.substr(0, at + 1)) + pseudonyms_.host(host) + pseudonyms_.text(line.substr(at + 1 + host.size()));
  }
  return pseudonyms_.text(line);
}

void Anonymizer::anonymize(InputSummary& input) const {
  for (auto& example : input.unrecognized) example.text = without_event(example.text, input.hosts);
  for (auto& host : input.hosts) host = pseudonyms_.host(host);
}

}  // namespace mtalens
