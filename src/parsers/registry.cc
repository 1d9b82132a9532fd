// Every MTA with a hand-written parser. A new one adds its declaration and its line.
#include <mutex>
#include <set>
#include <string>

#include "mtalens/parser.h"

namespace mtalens {

const Parser& postfix_parser();
const Parser& sendmail_parser();
const Parser& exim_parser();

const std::vector<const Parser*>& parsers() {
  static const std::vector<const Parser*> all{&postfix_parser(), &exim_parser(), &sendmail_parser()};
  return all;
}

std::string_view lasting_mta_name(std::string_view mta) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> names;
  std::lock_guard lock(mutex);
  const auto known = names.find(mta);
  return known != names.end() ? *known : *names.emplace(mta).first;
}

}  // namespace mtalens
