// See reply_text.h. Everything here walks the text once and never reads past its end.
#include "knowledge/reply_text.h"

#include <algorithm>

#include "parsers/scan.h"

namespace mtalens {
namespace {

using scan::is_digit;
using scan::take;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
}

struct StageWord {
  std::string_view word;
  Stage stage;
};

// Postfix's `(in reply to X command)` and `while X`, Exim's `after X`. The longer word first.
constexpr StageWord kStageWords[] = {
    {"initial connection", Stage::connect},
    {"initial server greeting", Stage::connect},
    {"performing the initial protocol handshake", Stage::helo},
    {"performing the HELO handshake", Stage::helo},
    {"performing the EHLO handshake", Stage::helo},
    {"EHLO", Stage::helo},
    {"HELO", Stage::helo},
    {"LHLO", Stage::helo},
    {"STARTTLS", Stage::starttls},
    {"AUTH", Stage::auth},
    {"sending MAIL FROM", Stage::mail},
    {"pipelined MAIL FROM", Stage::mail},
    {"MAIL FROM", Stage::mail},
    {"sending RCPT TO", Stage::rcpt},
    {"pipelined RCPT TO", Stage::rcpt},
    {"RCPT TO", Stage::rcpt},
    {"end of DATA", Stage::eod},
    {"end of data", Stage::eod},
    {"sending end of data", Stage::eod},
    {"sending message body", Stage::eod},
    {"sending data block", Stage::eod},
    {"sending DATA", Stage::data},
    {"pipelined DATA", Stage::data},
    {"DATA", Stage::data},
};

Stage stage_at(std::string_view text) {
  for (const auto& [word, stage] : kStageWords) {
    if (text.starts_with(word)) return stage;
  }
  return Stage::none;
}

// `NAME[ADDRESS] said: ` or `NAME [ADDRESS]: `: the name, with `text` going on behind `end`.
bool take_host(std::string_view& text, std::string_view end, std::string_view& relay) {
  const auto bracket = text.find('[');
  const auto blank = text.find(' ');
  if (bracket == std::string_view::npos || blank == std::string_view::npos || blank + 1 < bracket) return false;
  const auto close = text.find(']', bracket);
  if (close == std::string_view::npos) return false;
  auto rest = text.substr(close + 1);
  if (rest.size() > 1 && rest[0] == ':' && is_digit(rest[1])) {  // Exim names the port where it is not 25
    rest.remove_prefix(1);
    scan::take_number(rest);
  }
  if (!take(rest, end)) return false;
  relay = scan::without_final_dot(text.substr(0, std::min(bracket, blank)));
  text = rest;
  return true;
}

bool take_postfix(UnwrappedReply& reply) {
  auto rest = reply.text;
  if (take(rest, "delivery temporarily suspended: ")) {
    reply.text = rest;
    return true;
  }
  if (take(rest, "connect to ")) {  // before 2.3
    if (!take_host(rest, ": server refused to talk to me: ", reply.relay)) return false;
    reply.text = rest;
    return true;
  }
  if (!take(rest, "host ")) return false;
  if (take_host(rest, " refused to talk to me: ", reply.relay)) {
    reply.stage = Stage::connect;
  } else if (!take_host(rest, " said: ", reply.relay)) {
    return false;
  }
  reply.text = rest;
  constexpr std::string_view kInReply = "(in reply to ";
  if (const auto at = rest.rfind(kInReply); at != std::string_view::npos && rest.ends_with(")")) {
    reply.stage = stage_at(rest.substr(at + kInReply.size()));
    reply.text = rest.substr(0, at);
    while (!reply.text.empty() && is_blank(reply.text.back()))
      reply.text.remove_suffix(1);
  }
  return true;
}

// SMTP error from remote mail server after RCPT TO:<jo@example.com>: 550 …
// SMTP error from remote mail server after RCPT TO:<jo@example.com>: host mx.example [192.0.2.1]: 550 …
bool take_exim(UnwrappedReply& reply) {
  auto rest = reply.text;
  take(rest, "LMTP error from ") || take(rest, "SMTP error from ");
  if (!take(rest, "remote mail server after ") && !take(rest, "remote mailer after ")) return false;
  reply.stage = stage_at(rest);
  // Old versions write `RCPT TO: <jo@example.com>:`.
  if (const auto address = rest.find('<'), colon = rest.find(": ");
      address != std::string_view::npos &&
      (colon == std::string_view::npos || address < colon || address == colon + 2)) {
    rest.remove_prefix(address);
    if (!scan::take_angle(rest)) return false;
  }
  const auto colon = rest.find(": ");
  if (colon == std::string_view::npos) return false;
  rest.remove_prefix(colon + 2);
  if (auto inner = rest; take(inner, "host ") && take_host(inner, ": ", reply.relay)) rest = inner;
  reply.text = rest;
  return true;
}

bool take_sendmail(UnwrappedReply& reply) {
  return take(reply.text, "Deferred: ") || take(reply.text, "Service unavailable: ");
}

// A continuation mark of a joined multi-line reply, `421-4.7.0 ` or `421 4.7.0 `, at `at`: its length, or 0.
// At a line's start (Exim's `\n`) the bare code counts too.
std::size_t mark_at(std::string_view text, std::size_t at, std::string_view code, bool line_start) {
  auto rest = text.substr(at);
  const std::size_t size = rest.size();
  if (code.empty() || !take(rest, code) || rest.empty()) return 0;
  const bool dash = rest.front() == '-';
  if (!dash && rest.front() != ' ') return 0;
  rest.remove_prefix(1);
  const auto enhanced = scan::enhanced_code_at(rest);
  if (enhanced.empty() && !dash && !line_start) return 0;
  rest.remove_prefix(enhanced.size());
  return size - rest.size();
}

// Where the local part at the end of the words begins, quoted or not.
std::size_t local_part_at(std::string_view words) {
  if (!words.ends_with('"')) return words.find_last_of(" <>()[]\"',;:") + 1;
  for (auto at = words.size() - 1; at > 0;) {
    at = words.rfind('"', at - 1);
    if (at == std::string_view::npos) break;
    if (at == 0 || words[at - 1] != '\\') return at;
  }
  return words.size();
}

std::string joined(std::string_view text, std::string_view code) {
  text = text.substr(0, kLongestReply);
  std::string words;
  words.reserve(text.size());
  bool line_start = true;
  bool blank = false;
  for (std::size_t at = 0; at < text.size();) {
    if (line_start || blank || at == 0) {
      if (const auto mark = mark_at(text, at, code, line_start)) {
        at += mark;
        line_start = false;
        blank = true;
        continue;
      }
    }
    const bool escaped = text[at] == '\\' && at + 1 < text.size() && text[at + 1] == 'n';
    if (escaped || is_blank(text[at])) {
      line_start = line_start || escaped;
      blank = true;
      at += escaped ? 2 : 1;
      continue;
    }
    if (blank && !words.empty()) words += ' ';
    blank = line_start = false;
    // Anybody may have chosen the local part: "Too many messages"@example.org, greylisted@example.org.
    if (text[at] == '@') words.erase(local_part_at(words));
    words += lower(text[at++]);
  }
  return words;
}

}  // namespace

UnwrappedReply unwrap_reply(std::string_view text) {
  UnwrappedReply reply{.text = text, .relay = {}, .stage = Stage::none};
  skip_blanks(reply.text);
  // Each wrapping is shorter without itself, so this ends; three deep is all that MTAs write.
  for (int depth = 0; depth < 3; ++depth) {
    if (!take_postfix(reply) && !take_exim(reply) && !take_sendmail(reply)) break;
  }
  return reply;
}

UnwrappedReply reply_in_excerpt(std::string_view text) {
  std::string_view relay;
  auto rest = text;
  if (take(rest, "relay=")) {
    relay = scan::without_final_dot(rest.substr(0, rest.find_first_of(" ,")));
    constexpr std::string_view kReply = ", reply=", kStat = ", stat=";
    const auto reply = rest.find(kReply), stat = rest.find(kStat);
    if (reply != std::string_view::npos) {
      rest = rest.substr(reply + kReply.size(), stat == std::string_view::npos || stat < reply
                                                    ? std::string_view::npos
                                                    : stat - reply - kReply.size());
    } else if (stat != std::string_view::npos) {
      rest = rest.substr(stat + kStat.size());
    }
  } else if (take(rest, "H=")) {
    if (!take_host(rest, ": ", relay)) rest = text;
  } else {
    take(rest, "stat=");
  }
  auto reply = unwrap_reply(rest);
  if (reply.relay.empty()) reply.relay = relay;
  return reply;
}

std::string plain_words(std::string_view text) {
  return joined(text, {});
}

PlainReply plain_reply(std::uint16_t code, std::string_view enhanced, std::string_view text) {
  const auto codes = scan::reply_codes(text);
  PlainReply plain;
  plain.code = code != 0 ? code : codes.code;
  plain.enhanced = enhanced.empty() ? codes.enhanced : enhanced;
  if (plain.enhanced.empty() && codes.code == 0) plain.enhanced = scan::enhanced_code_at(text);
  if (codes.code != 0) {
    plain.words = joined(text, text.substr(0, 3));
  } else {
    const auto own = scan::enhanced_code_at(text);
    plain.words = joined(text.substr(own.size()), {});
  }
  return plain;
}

namespace {

bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '.' || c == '@' || c == '_' || c == '+' || c == '=';
}

// 4.7.28, 421: what a reply turns on. 192.0.2.1 and 20480000 are not.
bool is_status(std::string_view word) {
  if (word.empty() || (word[0] != '4' && word[0] != '5')) return false;
  const auto dots = std::count(word.begin(), word.end(), '.');
  return dots == 0 ? word.size() == 3 : dots == 2 && word[1] == '.' && word.size() <= 8;
}

// A letter and digits, and not many: TSS04, S3150, IB103, CT1, AUP#1010's 1010 excepted.
bool is_short_name(std::string_view word) {
  return word.size() <= 7 && is_letter(word[0]) && word.find('@') == std::string_view::npos;
}

void fold_word(std::string_view word, std::string& folded) {
  const bool address = word.find('@') != std::string_view::npos;
  const bool digits = std::any_of(word.begin(), word.end(), is_digit);
  if (address) {
    folded += '@';
  } else if (!digits || is_status(word) || is_short_name(word)) {
    std::transform(word.begin(), word.end(), std::back_inserter(folded), lower);
  } else {
    folded += '0';
  }
}

}  // namespace

void fold_reply(std::string_view text, std::string& folded) {
  folded.clear();
  text = text.substr(0, kLongestReply);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end]))
      ++end;
    if (end > at) {
      fold_word(text.substr(at, end - at), folded);
      at = end;
    } else {
      folded += text[at++];
    }
  }
}

}  // namespace mtalens
