// What a pattern file says, entry by entry: providers, replies, TLS failures, MTAs, and the texts that explain.
//
// All entries are views. Those built in point into the program itself (CMake compiles patterns/ into constant
// tables); those of a directory point into the TextStore that their Knowledge keeps. Either way they live as
// long as the Knowledge that hands them out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "knowledge/meaning.h"
#include "mtalens/event.h"
#include "parsers/mta_description.h"

namespace mtalens {

// The file an entry stands in: below patterns/ for those built in.
struct Origin {
  std::string_view file;
  bool builtin = false;
};

// What to do, for each MTA; `any` is what holds for all of them and for an MTA that has no words of its own.
struct Remedy {
  std::string_view any, postfix, sendmail, exim;

  // Its own words where it has some, else those for all.
  std::string_view of(std::string_view mta) const;
  bool empty() const { return any.empty() && postfix.empty() && sendmail.empty() && exim.empty(); }
};

// Words as they stand in a log, and what must come out of them.
struct Example {
  std::string_view log;
  std::string_view operator_id;  // the provider the relay in `log` belongs to; empty: not asked
  std::int64_t limit = -1;       // the limit it states; -1: not asked
};

struct ProviderEntry {
  std::string_view id, name;
  std::string_view hosted_by;  // id of the provider that runs this one's mail: the domains count as that one's
  Texts domains, relays;       // "btinternet.com"; "*.cpcloud.co.uk" or a whole host name
  std::string_view limit;      // what the provider publishes, in a sentence
  std::string_view relief;     // where to ask for it
  Texts notes, sources;
  Texts example_domains, example_relays, near_domains, near_relays;
  Origin origin;
};

// The limit a reply states. `value` -1: the expression's first group holds it.
struct StatedLimit {
  std::int64_t value = -1;
  std::string_view unit, per;  // "messages" | "recipients" | "connections"; "day" | "hour" | "connection" …
  bool stated() const { return !unit.empty(); }
};

struct ReplyEntry {
  std::string_view id;
  std::string_view operator_id;  // only this provider says it; empty: anybody
  Meaning meaning = Meaning::other;
  bool last = false;  // a catch-all: asked after all others
  Texts codes;        // "421", "4xx", "none": words without a code; empty: any
  Texts enhanced;     // "4.7.0", "4.7.x"; none: any
  Texts stages;       // "rcpt"; none: any
  Texts literals;     // one of them must stand in the text
  std::string_view regex;
  StatedLimit limit;
  std::string_view says;  // what it means, in a sentence
  Remedy remedy;
  Texts sources;
  std::span<const Example> examples;
  Texts near_misses;
  Origin origin;
};

// A cure may differ for mail coming in and going out; `{peer}` in it stands for the other side's name.
struct TlsCure {
  Remedy inbound, outbound;
};

// Words of a TLS library or an MTA.
struct TlsEntry {
  std::string_view id;
  TlsCause cause = TlsCause::other;
  Texts literals;
  std::string_view regex;
  std::string_view says;
  TlsCure cure;  // empty: the cause's
  Texts sources;
  std::span<const Example> examples;
  Texts near_misses;
  Origin origin;
};

// What stands behind a word of ours: a meaning, a finding's id, a TLS cause.
struct TopicEntry {
  std::string_view id, title, says;
  Remedy remedy;
  TlsCure cure;  // of a TLS cause
  Texts sources;
  Origin origin;
};

// A whole line of a log, and fields of the record that must come out of it.
struct LineExample {
  std::string_view log;
  std::span<const Constant> fields;
};

// Of the form of line at the same place: lines that are of it, and lines that are not.
struct LineProof {
  std::span<const LineExample> examples;
  Texts near_misses;
};

// An MTA without a parser written by hand.
struct ParserEntry {
  std::string_view id;    // its name in reports and for --mta
  std::string_view name;  // "OpenSMTPD"
  std::string_view says;
  MtaDescription mta;
  std::span<const LineProof> proofs;
  Texts sources;
  Origin origin;
};

// Everything one source of patterns holds.
struct PatternSet {
  std::span<const ProviderEntry> providers;
  std::span<const ReplyEntry> replies;
  std::span<const TlsEntry> tls;
  std::span<const ParserEntry> parsers;
  std::span<const TopicEntry> topics;
};

// patterns/ as it was when the program was built. Defined in a file that CMake generates from it.
const PatternSet& builtin_patterns();

}  // namespace mtalens
