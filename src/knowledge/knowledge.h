// What we know about the world: who runs which mail hosts, what their replies mean, why handshakes fail.
//
// Loaded once from patterns/ (built into the binary, and from directories that add to it or override it),
// then read by any number of threads. The hot path asks through a Classifier, which remembers answers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/entries.h"
#include "knowledge/meaning.h"
#include "mtalens/event.h"
#include "mtalens/parser.h"

namespace mtalens {

// The entry that describes a reply, and the limit the reply states where it states one.
struct ReplyMatch {
  const ReplyEntry* entry = nullptr;
  std::optional<std::int64_t> limit;
};

class Knowledge {
 public:
  // What is built in, with every *.json below `dirs` over it, a later directory over an earlier one: an entry
  // with an id that exists replaces it, any other is added and asked before those built in. What is wrong with
  // a file goes to `errors`, one `FILE:LINE: ENTRY: reason` each; the rest of it counts.
  Knowledge(const std::vector<std::filesystem::path>& dirs, std::vector<std::string>& errors);
  ~Knowledge();
  Knowledge(Knowledge&&) noexcept;
  Knowledge& operator=(Knowledge&&) noexcept;

  // Only what is built in. Lives as long as the program.
  static const Knowledge& builtin();

  // 0: not known. Host and domain in any case, without a final dot; a host also as an address literal.
  std::uint32_t operator_of_relay(std::string_view host) const;
  std::uint32_t operator_of_domain(std::string_view domain) const;
  // "BT Internet"; empty for 0.
  std::string_view operator_name(std::uint32_t operator_id) const;
  // The whole entry; null for 0.
  const ProviderEntry* provider_entry(std::uint32_t operator_id) const;
  // By its id in the pattern files, "bt-internet"; 0: none.
  std::uint32_t operator_with_id(std::string_view id) const;

  // What a 4xx or 5xx reply, or the MTA's own reason for a deferral or bounce, means. `code` 0 and
  // `enhanced_code` empty where the log has none. Never none: `other` for what nobody described yet.
  Meaning meaning_of(std::uint16_t code, std::string_view enhanced_code, std::string_view reply, Stage stage) const;
  // The same, where it is known who said it (0: not): entries of other providers do not apply.
  Meaning meaning_of(std::uint16_t code, std::string_view enhanced_code, std::string_view reply, Stage stage,
                     std::uint32_t operator_id) const;
  // The entry that decides it; null where none does (then the codes do, see meaning_of_codes). For reports.
  ReplyMatch entry_for(std::uint16_t code, std::string_view enhanced_code, std::string_view reply, Stage stage,
                       std::uint32_t operator_id) const;

  // Why a handshake failed, by the library's or the MTA's words; `other` for words nobody described yet.
  TlsCause tls_cause_of(std::string_view words) const;
  const TlsEntry* tls_entry_for(std::string_view words) const;

  // What stands behind a meaning, a finding's id or a TLS cause ("tls/no-shared-cipher"); null: nothing.
  const TopicEntry* topic(std::string_view id) const;
  // The cure for a TLS failure with its configuration lines, `{peer}` filled in.
  std::string tls_remedy(TlsCause cause, Direction direction, std::string_view mta, std::string_view peer) const;

  // Entries whose regular expression took too many steps on some text so far, each as a sentence: FILE: ENTRY: what it means.
  std::vector<std::string> given_up() const;

  // Every parser there is, in the order they are asked: those written by hand, then those described. At most 32.
  const std::vector<const Parser*>& parsers() const;
  // The parser of that name, or null.
  const Parser* find_parser(std::string_view mta) const;

  // Everything, those of directories first: for lists and tests.
  const std::vector<ProviderEntry>& providers() const;
  const std::vector<ReplyEntry>& replies() const;
  const std::vector<TlsEntry>& tls() const;
  const std::vector<ParserEntry>& described_mtas() const;
  const std::vector<TopicEntry>& topics() const;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

// What the codes alone tell (RFC 3463, RFC 5321), where no entry describes the words.
Meaning meaning_of_codes(std::uint16_t code, std::string_view enhanced_code, Stage stage);

// One per thread: names each event's operator and meaning, and remembers what it was told, in bounded space.
class Classifier {
 public:
  explicit Classifier(const Knowledge& knowledge);
  ~Classifier();
  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;

  // Sets operator_id (of the relay; of the recipient's domain where no relay is named) on attempts and
  // refusals, meaning on what was refused, deferred or bounced, and refines cause `other` on tls and tls_detail.
  void classify(Event& event);

 private:
  struct Caches;
  const Knowledge* knowledge_;
  std::unique_ptr<Caches> caches_;
};

}  // namespace mtalens
