// The knowledge as lists and explanations: behind `mtalens patterns list` and `mtalens explain ID`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "knowledge/knowledge.h"

namespace mtalens {

enum class PatternKind : std::uint8_t { provider, reply, tls, parser, topic };

// One line of the list.
struct PatternRow {
  PatternKind kind = PatternKind::provider;
  std::string_view id;
  std::string_view title;            // a provider's name, a reply's meaning, a TLS failure's cause, an MTA's name
  std::string source;                // "built-in", or the file
  std::vector<std::string> matches;  // domains and relays, literals, or programs
  std::string_view says;
};

// All entries in which every word of `search` occurs, in any case; an empty search finds all.
std::vector<PatternRow> list_patterns(const Knowledge& knowledge, std::string_view search);

// One way of putting it right: for which MTA ("postfix", …; empty: all) and which mail (none: both).
struct ExplainedRemedy {
  std::string_view mta;
  Direction direction = Direction::none;
  std::string_view text;
};

struct Explanation {
  std::string_view id, title, says;
  std::vector<ExplainedRemedy> remedies;
  std::vector<std::string_view> notes, sources;
  std::string source;  // "built-in", or the file
};

// Any id: a finding's, a meaning, "tls/no-shared-cipher", a reply's, a TLS failure's, a provider's.
std::optional<Explanation> explain(const Knowledge& knowledge, std::string_view id);

// Replies that no entry describes, put together with their variable parts folded. Bounded: beyond
// kMostGroups new texts are only counted.
class UndescribedReplies {
 public:
  static constexpr std::size_t kMostGroups = 10'000;

  struct Group {
    std::string example;  // the first reply of the group, as it stood
    std::string relay;    // who gave it
    std::uint16_t code = 0;
    std::uint64_t count = 0;

    template <typename Archive>
    void fields(Archive& archive) {
      archive(example, relay, code, count);
    }
  };

  explicit UndescribedReplies(const Knowledge& knowledge) : knowledge_(&knowledge) {}

  // Asks the knowledge once per group: for events whose meaning came out as `other`.
  void add(const Event& event);
  // The most frequent first, then by text.
  std::vector<Group> groups() const;
  std::uint64_t beyond() const { return beyond_; }

  // What a state keeps on disk (src/state/archive.h).
  template <typename Archive>
  void fields(Archive& archive) {
    archive(groups_, beyond_);
  }

 private:
  const Knowledge* knowledge_;
  std::unordered_map<std::string, Group> groups_;  // by folded text; count 0: described after all
  std::uint64_t beyond_ = 0;
  std::string folded_;
};

// Which entries of the user's own files decided something, and how often.
class OwnDecisions {
 public:
  struct Row {
    std::string_view id;
    std::string_view file;
    std::uint64_t count = 0;  // of events: attempts and refusals, failed handshakes
  };

  explicit OwnDecisions(const Knowledge& knowledge);
  ~OwnDecisions();

  // Whether there are entries of the user's at all.
  bool any() const { return any_provider_ || any_reply_ || any_tls_; }
  // Whether one of them may have decided something of this event, which was classified: most it does not concern.
  bool concern(const Event& event) const {
    return event.meaning_is_own || (any_provider_ && own_providers_[event.operator_id]) ||
           (any_tls_ && (event.kind == EventKind::tls || event.kind == EventKind::tls_detail));
  }
  void add(const Event& event);
  // The most frequent first, then by id.
  std::vector<Row> rows() const;

 private:
  void ask_for_reply(const Event& event);
  void ask_for_handshake(const Event& event);
  void count(std::string_view id, const Origin& origin, std::uint64_t times);

  struct Caches;

  const Knowledge* knowledge_;
  bool any_provider_ = false, any_reply_ = false, any_tls_ = false;
  std::vector<char> own_providers_;                 // by operator id
  std::unordered_map<std::string_view, Row> rows_;  // by id
  std::unique_ptr<Caches> caches_;
  std::string folded_;
};

// A pattern file with one entry for this reply, to be corrected by hand: id, literal, code and example are
// filled in, meaning and source are left to say.
std::string ready_made_entry(const Knowledge& knowledge, const UndescribedReplies::Group& group);

}  // namespace mtalens
