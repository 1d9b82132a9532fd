#include "cli/anonymity.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "cli/known.h"

namespace mtalens {
namespace {

constexpr std::size_t kShortestKey = 16;      // bytes
constexpr std::size_t kLongestKey = 1 << 16;  // what is read of the file

std::string secret_in(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string secret(kLongestKey, '\0');
  in.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  secret.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || secret.empty()) throw UsageError(fmt::format("--anonymize-key: {}: cannot be read, or is empty", file));
  if (secret.size() < kShortestKey) {
    throw UsageError(fmt::format("--anonymize-key: {}: {} bytes can be guessed; make {} or more: head -c 32 /dev/urandom > {}", file, secret.size(), kShortestKey, file));
  }
  return secret;
}

std::string secret_of_chance() {
  std::string secret(32, '\0');
  if (getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size())) throw UsageError("--anonymize: the system gives no random bytes");
  return secret;
}

}  // namespace

Anonymizer* anonymizer(const Options& options) {
  static const auto kMade = [&]() -> std::unique_ptr<Anonymizer> {
    if (!options.anonymize) return nullptr;
    const auto secret = options.anonymize_key.empty() ? secret_of_chance() : secret_in(options.anonymize_key);
    return std::make_unique<Anonymizer>(known(options).knowledge, secret);
  }();
  return kMade.get();
}

std::vector<std::string> our_domains(const Options& options) {
  auto out = options.our_domains;
  if (const auto* names = anonymizer(options)) {
    for (auto& domain : out) domain = names->pseudonyms().host(domain);
  }
  return out;
}

std::string as_named(const Options& options, const std::string& what) {
  const auto* names = anonymizer(options);
  if (names == nullptr || what.find('@') == std::string::npos) return what;
  const bool bracketed = what.size() > 2 && what.starts_with('<') && what.ends_with('>');
  return names->pseudonyms().address(bracketed ? what.substr(1, what.size() - 2) : what);
}

}  // namespace mtalens
