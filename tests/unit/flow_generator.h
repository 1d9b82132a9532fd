// Invents mail that flows through an MTA: its log, and what truly happened.
//
// Every message lives as the MTA lets it: it arrives with one to four recipients, is tried, refused as a whole or for
// some recipients, tried again, delivered, bounced, given up, or waits still; the lives overlap and their lines mix.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "mtalens/analysis.h"

namespace mtalens::test {

// What one mail host counted.
struct HostTruth {
  std::uint64_t accepted = 0;  // messages
  std::uint64_t refusals = 0;
  std::uint64_t throttled = 0;  // of these
  std::uint64_t tls_failed = 0;
  std::uint64_t fallbacks = 0;  // messages it took in clear text after that

  bool operator==(const HostTruth&) const = default;
};

struct Flow {
  std::string log;
  std::map<std::string, HostTruth> hosts;
  AttemptCounts attempts;  // of all hosts
  Totals totals;
  std::set<std::string> queued_ids;
};

// What strangers say in it, printable as the MTAs write it.
struct Strangers {
  std::string local_part = "user";  // the beginning of every recipient's
  std::string reply_end;            // behind the words of every refusal
};

// Any number, each time another.
using Draw = std::function<std::uint32_t()>;

// `mta`: "postfix", "sendmail", "exim". The same numbers give the same flow.
Flow invent_flow(std::string_view mta, const Draw& draw, int messages, const Strangers& strangers = {});
Flow invent_flow(std::string_view mta, unsigned seed, int messages);

}  // namespace mtalens::test
