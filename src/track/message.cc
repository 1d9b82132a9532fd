#include "track/message.h"

#include <algorithm>

namespace mtalens {

std::size_t Message::open_recipients() const {
  return static_cast<std::size_t>(
      std::count_if(recipients.begin(), recipients.end(), [](const Recipient& r) { return r.open; }));
}

void Message::set_sender(std::string_view sender) {
  if (sender_known) return;  // qmgr repeats it at every retry
  sender_known = true;
  if (recipients.empty()) {
    text.assign(sender);
  } else {
    text.insert(0, sender);
    for (auto& recipient : recipients) recipient.text_begin += static_cast<std::uint32_t>(sender.size());
  }
  sender_length = static_cast<std::uint32_t>(sender.size());
}

Recipient& Message::add_recipient(std::string_view address, std::uint64_t hash) {
  Recipient& recipient = recipients.emplace_back();
  recipient.text_begin = static_cast<std::uint32_t>(text.size());
  recipient.text_length = static_cast<std::uint32_t>(address.size());
  recipient.hash = hash;
  text.append(address);
  return recipient;
}

Message* MessageTable::find(std::uint32_t scope, std::string_view queue_id) {
  queue_id = queue_id.substr(0, Message::kLongestId);
  const auto value = hash(scope, queue_id);
  const auto mark = static_cast<std::uint32_t>(value >> 32);
  for (auto at = value & (slots_.size() - 1); slots_[at].index_plus_1 != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].mark != mark) continue;
    Message& message = this->at(slots_[at].index_plus_1 - 1);
    if (message.scope == scope && same(message.id(), queue_id)) return &message;
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
  Message fresh;
  fresh.text.swap(message.text);
  fresh.text.clear();
  message = std::move(fresh);
  free_.push_back(index);
  --used_;
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
