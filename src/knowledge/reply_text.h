// A reply as patterns want to see it: out of the MTA's wrapping, on one line, in lower case.
//
//   host mx.example[192.0.2.1] said: 421-4.7.0 First line 421 4.7.0 second (in reply to MAIL FROM command)
//   421-4.7.0 First line\n421 4.7.0 second
// both become `first line second`, code 421, enhanced code 4.7.0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mtalens/event.h"

namespace mtalens {

// Longer texts are looked at up to here: what a reply means stands at its front.
inline constexpr std::size_t kLongestReply = 2048;

// What an MTA wrote around a reply, taken off.
struct UnwrappedReply {
  std::string_view text;   // the reply with its code, or the MTA's own reason
  std::string_view relay;  // the host it names, or empty
  Stage stage = Stage::none;
};

// Takes off what Postfix, Exim and sendmail put before and behind a reply, one inside the other:
// `delivery temporarily suspended:`, `host … said:`, `SMTP error from remote mail server after …:`,
// `Deferred:`. The words stand at the front; text inside is never searched for them.
UnwrappedReply unwrap_reply(std::string_view text);

// The same for an excerpt of a log that may hold more: sendmail's `relay=…, reply=…, stat=…` (the reply is the
// reason, the stat only how the socket died) and Exim's `H=NAME [ADDRESS]: …`. For examples, not for the hot
// path: there the parsers have told the fields apart.
UnwrappedReply reply_in_excerpt(std::string_view text);

struct PlainReply {
  std::uint16_t code = 0;
  std::string_view enhanced;  // points into the text given
  std::string words;
};

// `code` and `enhanced` as the log's own fields tell them (0, empty: it tells none); else the text's own count.
PlainReply plain_reply(std::uint16_t code, std::string_view enhanced, std::string_view text);

// Lower case, every run of white space (and Exim's literal `\n`) one blank, addresses without their local parts.
std::string plain_words(std::string_view text);

// The text with all that varies from one refusal to the next folded away: addresses, numbers, ids. Words that
// patterns may turn on stay: [TSS04], (S3150), 4.7.28. Appends to `folded`, which is emptied first.
void fold_reply(std::string_view text, std::string& folded);

}  // namespace mtalens
