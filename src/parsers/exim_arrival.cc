// A message enters Exim's queue (receive.c):
//   <= boss@lab.example.com H=(client.example.net) [127.0.0.1]:38870 I=[192.0.2.9]:25 P=esmtpsa X=TLS1.3:…:256 CV=no
//      SNI=mx DN="CN=…" A=plain:boss S=304 id=1@client T="a \"subject\"" from <boss@lab.example.com> for a@b c@d
//   <= <> R=1xVY79-0002qH-04 U=Debian-exim P=local S=1834
#include "parsers/exim_line.h"
#include "parsers/scan.h"

namespace mtalens::exim {
namespace {

// The envelope sender: `<>`, an address, or one whose local part is quoted and may hold spaces.
std::string_view take_sender(std::string_view& text) {
  const auto whole = text;
  if (take_quoted(text)) {
    take_value(text);
    return whole.substr(0, whole.size() - text.size());
  }
  return take_value(text);
}

// How many addresses ` for ` lists; a quoted local part may hold spaces.
std::int64_t count_addresses(std::string_view text) {
  std::int64_t count = 0;
  while (!text.empty()) {
    if (scan::take(text, " ")) continue;
    if (!take_quoted(text)) scan::take(text, "\"");
    take_value(text);
    ++count;
  }
  return count;
}

// A=plain:user, or A=plain:user:sender with +smtp_mailauth.
std::string_view auth_user_of(std::string_view value) {
  if (!scan::take_until(value, ":")) return {};
  return value.substr(0, value.find(':'));
}

struct Origin {
  Host host;
  std::string_view user;  // U=: the local user, or the peer's ident
};

void read_one_letter_field(char key, std::string_view& text, Event& event, Origin& origin) {
  switch (key) {
    case 'H': {
      Host host;
      take_host(text, host);
      // A second one could only be the peer's invention, in its certificate's DN=.
      if (origin.host.name.empty() && origin.host.address.empty()) origin.host = host;
      break;
    }
    case 'U':
      origin.user = take_value(text);
      break;
    case 'X':
      read_tls(take_value(text), event);
      break;
    case 'A':
      event.auth_user = auth_user_of(take_value(text));
      break;
    case 'S': {
      auto value = take_value(text);
      event.size_bytes = scan::take_number(value).value_or(-1);
      break;
    }
    case 'R': {
      const auto value = take_value(text);
      if (message_id_length(value) != value.size()) break;
      event.relation = Relation::bounce_of;
      event.other_queue_id = value;
      break;
    }
    case 'T':
      if (!take_quoted(text)) take_value(text);  // the subject
      break;
    default:
      take_value(text);
  }
}

void read_message_id(std::string_view& text, Event& event) {
  const auto whole = text;
  take_quoted(text);  // "odd id"@host
  take_value(text);
  event.message_id = whole.substr(0, whole.size() - text.size());
}

}  // namespace

bool parse_arrival(const Line& line, std::string_view text, std::vector<Event>& events) {
  if (text.empty()) return false;
  Event& event = append(events, line, EventKind::received);
  Origin origin;
  event.sender = take_sender(text);
  if (event.sender == "<>") {
    event.sender = {};
    event.null_sender = true;
  }
  while (scan::take(text, " ")) {
    if (text.size() > 1 && text[1] == '=') {
      const char key = text[0];
      text.remove_prefix(2);
      read_one_letter_field(key, text, event, origin);
    } else if (scan::take(text, "id=") || scan::take(text, "id*=")) {
      read_message_id(text, event);
    } else if (scan::take(text, "from ")) {
      if (!scan::take_angle(text)) take_value(text);
    } else if (scan::take(text, "for ")) {
      event.recipients = count_addresses(text);
      break;
    } else {
      skip_field(text);
    }
  }
  const bool from_here = origin.host.address.empty() && origin.host.name.empty();
  event.client = from_here ? origin.user : name_of(origin.host);
  if (from_here) event.local_user = origin.user;
  event.client_address = origin.host.address;
  return true;
}

}  // namespace mtalens::exim
