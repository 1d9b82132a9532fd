// Other names for people, hosts and addresses, so that a report can be shown around: fred@customer.example becomes
// u7k2mq4xr3@d5nw8ptz.example, wherever it stands.
//
// The same name always becomes the same pseudonym under the same key, different names different ones, and nobody can go
// back without the key. What the analysis turns on stays as it is: the names of providers, top-level domains, which name
// stands below which (mx.customer.example below customer.example), mailing lists' and rewritten senders' marks (-bounces,
// SRS0=), whether an address is one of IPv4 or of IPv6, this machine's own (127.0.0.1, localhost) and accounts that every
// machine has (root, postmaster).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "anonymize/siphash.h"
#include "knowledge/knowledge.h"

namespace mtalens {

bool is_ipv6(std::string_view text);

class Pseudonyms {
 public:
  // `secret`: what the key is made of; the same one gives the same pseudonyms.
  Pseudonyms(const Knowledge& knowledge, std::string_view secret);

  // user@host.example, or a user's name alone.
  std::string address(std::string_view address) const;
  std::string user(std::string_view name) const;
  // A host's name or a domain, with dots or without, or an address of IPv4 or IPv6, in brackets or not.
  std::string host(std::string_view name) const;

  // What people wrote (a reply, a line): whatever looks like an address, a host's name or an IP address.
  std::string text(std::string_view text) const;

 private:
  std::string code(char kind, std::string_view name, std::size_t length) const;
  std::string ipv4(std::uint32_t address) const;
  std::string ipv6(std::string_view text) const;
  std::string domain(std::string_view name) const;
  std::string label(std::string_view label, std::string_view below) const;
  std::string of_operator(std::string_view name) const;
  bool is_of_operator(std::string_view name) const;
  bool is_in_patterns(std::string_view name) const;

  const Knowledge& knowledge_;
  SipKey key_;
  std::vector<std::string> words_of_patterns_;  // ".csi.cloudmark.com.": what replies are known by, and their help pages
  // No two of the few thousand addresses that a log holds share a pseudonym.
  mutable std::unordered_map<std::uint32_t, std::uint32_t> ipv4_;
  mutable std::unordered_set<std::uint32_t> ipv4_taken_;
};

}  // namespace mtalens
