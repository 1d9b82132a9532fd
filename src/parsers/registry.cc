// Every MTA with a hand-written parser. A new one adds its declaration and its line.
#include "mtalens/parser.h"

namespace mtalens {

const Parser& postfix_parser();
const Parser& sendmail_parser();
const Parser& exim_parser();

const std::vector<const Parser*>& parsers() {
  static const std::vector<const Parser*> all{&postfix_parser(), &exim_parser(), &sendmail_parser()};
  return all;
}

}  // namespace mtalens
