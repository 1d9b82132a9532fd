// How much of each kind is told apart, so that memory is bounded whatever a log holds. What comes beyond is put together:
// it counts in all totals, and the report says how much was put together (Analysis::folded).
#pragma once

#include <cstddef>
#include <cstdint>

namespace mtalens {

// Of the whole log.
inline constexpr std::uint32_t kMostParties = 1 << 16;       // hosts and domains that no operator is known to run
inline constexpr std::uint32_t kMostDestinations = 1 << 17;  // recipients' domains
inline constexpr std::uint32_t kMostRelays = 1 << 17;        // hosts we speak to
inline constexpr std::uint32_t kMostHosts = 1 << 16;         // that write the log
inline constexpr std::uint32_t kMostPeople = 1 << 18;        // addresses forwarded from, logins, lists, senders' domains
inline constexpr std::uint64_t kMostOrigins = 1 << 19;       // who sends toward whom
inline constexpr std::uint32_t kMostPeers = 1 << 15;         // that speak TLS, each way
inline constexpr std::uint32_t kMostReasons = 1 << 16;       // distinct reply texts of what waits
inline constexpr std::size_t kMostMessages = 1 << 21;        // open at once; those that were silent longest are folded
inline constexpr std::size_t kMostRecipients = 1 << 22;      // of open messages, and of one message a quarter of it
inline constexpr std::size_t kMostHistory = 1 << 23;         // entries of curves, hours and spells; then the oldest are told by days

// Of one host, domain, message or origin.
inline constexpr std::size_t kMostHoursOfParty = 24 * 366 * 4;
inline constexpr std::size_t kMostChangesOfParty = 1 << 18;
inline constexpr std::size_t kMostDays = 366 * 4;
inline constexpr std::size_t kMostPartiesOfDestination = 256;
inline constexpr std::size_t kMostDestinationsOfGroup = 512;

// In the analysis.
inline constexpr std::size_t kMostProviders = 8192;
inline constexpr std::size_t kProvidersWithHours = 1024;
inline constexpr std::size_t kMostPeersTold = 4096;

// Of a text.
inline constexpr std::size_t kEvidenceText = 2000;   // a line, a reply
inline constexpr std::size_t kLongestReason = 1000;  // of what waits
inline constexpr std::size_t kLongestAddress = 512;  // RFC 5321, 4.5.3.1: 64 and 255

}  // namespace mtalens
