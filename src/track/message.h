// A message as the log has told of it so far, and the table of those that are open.
//
// Memory follows the messages that are open, up to kMostMessages: an ended one stays for a minute of log time, because
// lines of different programs swap places and a filter names the next id only afterwards; then its place is used again.
//
// `fields` lists what of a struct a state keeps on disk (src/state/archive.h): a new member goes there too.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "mtalens/event.h"
#include "track/bounds.h"
#include "track/hash.h"

namespace mtalens {

inline constexpr std::uint32_t kNobody = 0;  // a party, a peer, a reason that is not known

struct Recipient {
  // Of the address. It stands for the address: two of one message that shared these 64 bits would count as one.
  std::uint64_t hash = 0;
  std::uint32_t text_begin = 0;  // its address in the message's text
  std::uint32_t text_length = 0;
  std::uint32_t destination = 0;  // its domain
  std::uint32_t party = kNobody;  // the last host that spoke for it, or who is behind the domain
  std::uint32_t reason = kNobody;
  std::uint32_t held_by = kNobody;  // party that throttled it last
  std::uint16_t held_meaning = 0;
  bool open = true;

  template <typename Archive>
  void fields(Archive& archive) {
    archive(hash, text_begin, text_length, destination, party, reason, held_by, held_meaning, open);
  }
};

// What tells an SMTP transaction of this message from the next.
struct TransactionMark {
  std::uint64_t key = 0;  // relay, pid, conversation; 0: none yet
  std::uint32_t recipient = 0;  // the last one's place in the list

  template <typename Archive>
  void fields(Archive& archive) {
    archive(key, recipient);
  }
};

// What is found by search in a message of many recipients, where others are walked through.
struct Crowd {
  std::unordered_map<std::uint64_t, std::uint32_t> places;  // of recipients in the list, by Recipient::hash
  std::unordered_set<std::uint64_t> held;                   // Message::hold_key
  std::unordered_set<std::uint32_t> parties;
};

struct Message {
  static constexpr std::size_t kCrowd = 64;  // recipients
  static constexpr std::size_t kLongestId = 47;  // Courier: 16.16.8; KumoMTA: 32; Exim since 4.97: 6-11-4

  std::array<char, kLongestId> id_text{};
  std::uint8_t id_length = 0;
  bool sender_known = false;
  bool arrival_seen = false;     // the log holds its arrival, not just what came later
  bool received = false;         // and the very line by which it came in
  bool has_message_id = false;
  bool has_envelope = false;     // sender, size and number of recipients were told
  bool chained = false;          // a content filter, a forward or a requeue goes on with it: the same message
  bool list_goes_on = false;     // the last line ended with "and more"
  bool in_use = false;
  bool heard_of = false;  // since MessageTable::longest_silent() came by
  bool removed_by_outcomes = false;  // its MTA does not say when a message is gone; its recipients' outcomes do
  std::uint32_t scope = 0;
  std::int32_t declared = -1;    // recipients, as the MTA counted them; -1: not told
  std::int64_t arrived_us = kNoTime;
  std::int64_t ended_us = kNoTime;
  std::int64_t size_bytes = -1;
  std::uint32_t sender_length = 0;
  std::uint32_t auth_user = kNobody;
  std::uint32_t local_user = kNobody;  // the account on this machine that handed it in
  std::uint32_t tls_peer = kNobody;  // the peer with which a handshake failed for it
  std::uint32_t last_recipient = 0;
  std::uint32_t open_recipients = 0;
  bool tls_outcome_told = false;
  std::int64_t tls_failed_us = kNoTime;  // the first time
  std::array<TransactionMark, 4> transactions{};  // several processes deliver one message at a time: their lines mix
  boost::container::small_vector<Recipient, 1> recipients;    // nearly all messages have one
  boost::container::small_vector<std::uint32_t, 2> parties;  // that it wanted to go to
  std::string text;  // the sender, then the recipients
  std::unique_ptr<Crowd> crowd;  // from kCrowd recipients on

  std::string_view id() const { return {id_text.data(), id_length}; }
  bool is_notice() const { return sender_known && sender_length == 0; }  // from <>: a bounce, a delay notice
  bool ended() const { return ended_us != kNoTime; }
  std::string_view sender() const { return std::string_view(text).substr(0, sender_length); }
  std::string_view address(const Recipient& recipient) const {
    return std::string_view(text).substr(recipient.text_begin, recipient.text_length);
  }
  // Those the MTA counted but the log has not named yet.
  std::uint64_t unnamed_recipients() const {
    return declared > static_cast<std::int64_t>(recipients.size()) ? static_cast<std::uint64_t>(declared) - recipients.size() : 0;
  }
  void set_sender(std::string_view sender);
  Recipient& add_recipient(std::string_view address, std::uint64_t hash);
  // The place of a recipient in the list; its size where there is none.
  std::uint32_t place_of(std::uint64_t hash) const;
  // Adds the party it wanted to go to; false: it was there.
  bool goes_to(std::uint32_t party);
  // Some recipient waits because of this party's refusals of that meaning; false: another did already.
  bool held_by(std::uint32_t party, std::uint16_t meaning);

  void gather_crowd();

  template <typename Archive>
  void fields(Archive& archive) {
    std::string queue_id(id());
    archive(queue_id, scope, sender_known, arrival_seen, received, has_message_id, has_envelope, chained, list_goes_on,
            removed_by_outcomes, declared, arrived_us, ended_us, size_bytes, sender_length, auth_user, local_user,
            tls_peer, last_recipient, tls_outcome_told, tls_failed_us, transactions, recipients, parties, text);
    if constexpr (Archive::kReads) {
      archive.require(queue_id.size() <= kLongestId && sender_length <= text.size() && last_recipient <= recipients.size());
      id_length = static_cast<std::uint8_t>(queue_id.copy(id_text.data(), kLongestId));
      for (auto& recipient : recipients) {
        archive.require(recipient.text_begin <= text.size() && recipient.text_length <= text.size() - recipient.text_begin);
        open_recipients += recipient.open ? 1 : 0;
      }
      if (recipients.size() >= kCrowd) gather_crowd();
    }
  }
};

// Open messages by queue id, within a scope (a host and an MTA instance). References stay valid until the
// message is dropped.
class MessageTable {
 public:
  MessageTable() : slots_(1024) {}

  Message* find(std::uint32_t scope, std::string_view queue_id);
  // There must be none of that id. A longer id than Message::kLongestId is cut.
  Message& add(std::uint32_t scope, std::string_view queue_id);
  void drop(Message& message);
  std::size_t size() const { return used_; }
  Recipient& add_recipient(Message& message, std::string_view address, std::uint64_t hash) {
    recipients_ += 1;
    return message.add_recipient(address, hash);
  }
  std::size_t recipients() const { return recipients_; }  // of all of them
  // The table must hold one that has not ended. One of those that nothing was heard of for longest: each is passed over once after
  // it was heard of (the "clock" of page replacement).
  Message& longest_silent();

  template <typename Visit>
  void for_each(Visit visit) {
    for (const Slot& slot : slots_) {
      if (slot.index_plus_1 != 0) visit(at(slot.index_plus_1 - 1));
    }
  }

  template <typename Archive>
  void fields(Archive& archive) {
    if constexpr (Archive::kReads) {
      for (auto left = archive.length(); left > 0; --left) {
        Message message;
        archive(message);
        archive.require(find(message.scope, message.id()) == nullptr);
        recipients_ += message.recipients.size();
        message.in_use = true;
        add(message.scope, message.id()) = std::move(message);
      }
    } else if constexpr (Archive::kShape) {
      Message message;
      archive(message);
    } else {
      archive.count(used_);
      for_each([&](Message& message) { archive(message); });
    }
  }

  // That a message of this id will be asked for soon: brings its slot near. The answer is for near().
  std::uint64_t expect(std::uint32_t scope, std::string_view queue_id) const {
    const auto value = hash(scope, queue_id);
    __builtin_prefetch(&slots_[value & (slots_.size() - 1)]);
    return value;
  }
  // A little later: brings the message itself near.
  void near(std::uint64_t expected) const {
    const auto index_plus_1 = slots_[expected & (slots_.size() - 1)].index_plus_1;
    if (index_plus_1 == 0) return;
    const auto* message = reinterpret_cast<const char*>(&at(index_plus_1 - 1));
    for (std::size_t line = 0; line < sizeof(Message); line += 64) __builtin_prefetch(message + line);
  }

 private:
  struct Slot {
    std::uint32_t mark = 0;
    std::uint32_t index_plus_1 = 0;
  };

  static constexpr std::uint32_t kChunk = 256;  // messages that stand together and never move

  static std::uint64_t hash(std::uint32_t scope, std::string_view id) { return hash_of(id, scope); }
  Message& at(std::uint32_t index) { return chunks_[index / kChunk][index % kChunk]; }
  const Message& at(std::uint32_t index) const { return chunks_[index / kChunk][index % kChunk]; }
  std::size_t slot_of(const Message& message) const;
  void grow();

  std::vector<Slot> slots_;  // open addressing, linear probing; a power of two
  std::vector<std::unique_ptr<Message[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t used_ = 0;
  std::size_t recipients_ = 0;
  std::uint32_t hand_ = 0;  // the message that longest_silent() looks at next
};

}  // namespace mtalens
