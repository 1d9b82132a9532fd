#include "track/message.h"

#include <algorithm>

namespace mtalens {

namespace {

constexpr std::size_t kTextWorthKeeping = 4096;

std::uint64_t hold_key(std::uint32_t party, std::uint16_t meaning) { return (std::uint64_t{party} << 16) | meaning; }

}  // namespace

void Message::set_sender(std::string_view sender) {
  if (sender_known) return;  // qmgr repeats it at every retry
  sender_known = true;
  sender = sender.substr(0, kLongestAddress);
  if (recipients.empty()) {
    text.assign(sender);
  } else {
    text.insert(0, sender);
    for (auto& recipient : recipients) recipient.text_begin += static_cast<std::uint32_t>(sender.size());
  }
  sender_length = static_cast<std::uint32_t>(sender.size());
}

Recipient& Message::add_recipient(std::string_view address, std::uint64_t hash) {
  address = address.substr(0, kLongestAddress);
  Recipient& recipient = recipients.emplace_back();
  open_recipients += 1;
  recipient.text_begin = static_cast<std::uint32_t>(text.size());
  recipient.text_length = static_cast<std::uint32_t>(address.size());
  recipient.hash = hash;
  text.append(address);
  if (crowd != nullptr) {
    crowd->places.emplace(hash, static_cast<std::uint32_t>(recipients.size() - 1));
  } else if (recipients.size() == kCrowd) {
    gather_crowd();
  }
  return recipient;
}

void Message::gather_crowd() {
  crowd = std::make_unique<Crowd>();
  for (std::uint32_t place = 0; place < recipients.size(); ++place) {
    const Recipient& recipient = recipients[place];
    crowd->places.emplace(recipient.hash, place);
    if (recipient.held_by != kNobody) crowd->held.insert(hold_key(recipient.held_by, recipient.held_meaning));
  }
  crowd->parties.insert(parties.begin(), parties.end());
}

// They mostly come in the same order: look from where the last one stood.
std::uint32_t Message::place_of(std::uint64_t hash) const {
  const auto count = static_cast<std::uint32_t>(recipients.size());
  if (crowd != nullptr) {
    const auto known = crowd->places.find(hash);
    return known == crowd->places.end() ? count : known->second;
  }
  for (std::uint32_t i = 0, at = last_recipient; i < count; ++i, ++at) {
    if (at >= count) at -= count;
    if (recipients[at].hash == hash) return at;
  }
  return count;
}

bool Message::goes_to(std::uint32_t party) {
  const bool known = crowd != nullptr ? !crowd->parties.insert(party).second
                                      : std::find(parties.begin(), parties.end(), party) != parties.end();
  if (!known) parties.push_back(party);
  return !known;
}

bool Message::held_by(std::uint32_t party, std::uint16_t meaning) {
  if (crowd != nullptr) return crowd->held.insert(hold_key(party, meaning)).second;
  return std::none_of(recipients.begin(), recipients.end(),
                      [&](const Recipient& r) { return r.held_by == party && r.held_meaning == meaning; });
}

Message* MessageTable::find(std::uint32_t scope, std::string_view queue_id) {
  queue_id = queue_id.substr(0, Message::kLongestId);
  const auto value = hash(scope, queue_id);
  const auto mark = static_cast<std::uint32_t>(value >> 32);
  for (auto at = value & (slots_.size() - 1); slots_[at].index_plus_1 != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].mark != mark) continue;
    Message& message = this->at(slots_[at].index_plus_1 - 1);
    if (message.scope != scope || !same(message.id(), queue_id)) continue;
    message.heard_of = true;
    return &message;
  }
  return nullptr;
}

Message& MessageTable::add(std::uint32_t scope, std::string_view queue_id) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  queue_id = queue_id.substr(0, Message::kLongestId);
  if (free_.empty()) {
    const auto first = static_cast<std::uint32_t>(chunks_.size()) * kChunk;
    chunks_.push_back(std::make_unique<Message[]>(kChunk));
    for (std::uint32_t i = kChunk; i > 0; --i) free_.push_back(first + i - 1);
  }
  const auto index = free_.back();
  free_.pop_back();
  Message& message = this->at(index);
  message.in_use = true;
  message.scope = scope;
  message.id_length = static_cast<std::uint8_t>(queue_id.copy(message.id_text.data(), Message::kLongestId));
  const auto value = hash(scope, queue_id);
  auto at = value & (slots_.size() - 1);
  while (slots_[at].index_plus_1 != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {static_cast<std::uint32_t>(value >> 32), index + 1};
  ++used_;
  return message;
}

std::size_t MessageTable::slot_of(const Message& message) const {
  auto at = hash(message.scope, message.id()) & (slots_.size() - 1);
  while (&this->at(slots_[at].index_plus_1 - 1) != &message) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void MessageTable::drop(Message& message) {
  auto hole = slot_of(message);
  const auto index = slots_[hole].index_plus_1 - 1;
  const auto mask = slots_.size() - 1;
  // Close the hole: what stands behind it and would be found from before it moves into it.
  for (auto at = (hole + 1) & mask; slots_[at].index_plus_1 != 0; at = (at + 1) & mask) {
    const Message& other = this->at(slots_[at].index_plus_1 - 1);
    const auto home = hash(other.scope, other.id()) & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = {};
  // The place is used again: keep what its text has allocated.
  recipients_ -= message.recipients.size();
  Message fresh;
  if (message.text.capacity() <= kTextWorthKeeping) fresh.text.swap(message.text);
  fresh.text.clear();
  message = std::move(fresh);
  free_.push_back(index);
  --used_;
}

Message& MessageTable::longest_silent() {
  for (;; hand_ = (hand_ + 1) % static_cast<std::uint32_t>(chunks_.size() * kChunk)) {
    Message& message = at(hand_);
    if (!message.in_use || message.ended()) continue;
    if (!message.heard_of) return message;
    message.heard_of = false;
  }
}

void MessageTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.index_plus_1 == 0) continue;
    const Message& message = this->at(slot.index_plus_1 - 1);
    auto at = hash(message.scope, message.id()) & (slots_.size() - 1);
    while (slots_[at].index_plus_1 != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

}  // namespace mtalens
