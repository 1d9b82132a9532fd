// The tracker's twin: the same joining, slow and obvious. One event at a time, every name a string, every message
// kept for ever; what it says of a log is what Tracker must say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "mtalens/analysis.h"
#include "mtalens/event.h"

namespace mtalens::test {

class Twin {
 public:
  struct Host {
    std::uint64_t accepted = 0;  // messages
    std::uint64_t refusals = 0;
    std::uint64_t throttled = 0;  // of these
  };
  struct Peer {
    std::uint64_t failed = 0;
    std::map<TlsCause, std::uint64_t> causes;
  };

  void see(const Event& event);

  std::map<std::string, Host> hosts;  // by name, lower case; by address where there is no name
  std::map<std::pair<Direction, std::string>, Peer> peers;
  AttemptCounts attempts;  // of all hosts
  Totals totals() const;
  std::set<std::string> queued_ids() const;  // "host instance id"

 private:
  struct Recipient {
    bool open = true;
    Outcome left = Outcome::none;  // how it left the queue
    bool goes_on = false;          // under another id
  };
  struct Message {
    std::map<std::string, Recipient> recipients;
    std::int64_t declared = -1;
    bool received = false;
    bool has_message_id = false;
    bool has_envelope = false;
    bool by_outcomes = false;
    bool goes_on_with = false;  // it is the continuation of another
    bool list_goes_on = false;
    std::optional<std::int64_t> ended_us;
    // Recipients tried in each SMTP conversation: outcome, pid, conversation, address of the host.
    std::map<std::tuple<Outcome, std::uint32_t, std::string, std::string>, std::set<std::string>> tried;

    std::uint64_t unnamed() const;
    bool any_open() const;
  };
  struct Session {
    std::string peer;
    Direction direction = Direction::none;
    Handshake last = Handshake::none;
    TlsCause cause = TlsCause::none;
    std::uint64_t times = 1;
    bool named = true;
  };

  static std::string key_of(const Event& event, std::string_view id);
  Message& open(const std::string& key, const Event& event);
  Message* find(const std::string& key);
  Message& find_or_open(const Event& event);

  void arrival(const Event& event);
  void more_of_it(const Event& event);
  void attempt(const Event& event);
  bool first_of_conversation(Message& message, const Event& event);
  void refused(const Event& event);
  void ending(const Event& event);
  void relation(const Event& event);
  void handshake(const Event& event);
  void handshake_detail(const Event& event);
  void name_session(const Event& event, std::string_view peer);
  void count_failure(const Session& session);

  std::map<std::string, Message> live_;  // the message that bears the id now
  std::vector<Message> over_;            // those whose id was given to another
  std::map<std::pair<std::string, std::uint32_t>, Session> sessions_;
};

}  // namespace mtalens::test
