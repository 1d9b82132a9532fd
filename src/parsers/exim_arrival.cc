// A message enters Exim's queue (receive.c):
//   <= boss@lab.example.com H=(client.example.net) [127.0.0.1]:38870 I=[192.0.2.9]:25 P=esmtpsa X=TLS1.3:…:256 CV=no
//      SNI=mx DN="CN=…" A=plain:boss S=304 id=1@client T="a \"subject\"" from <boss@lab.example.com> for a@b c@d
//   <= <> R=1xVY79-0002qH-04 U=Debian-exim P=local S=1834
#include "parsers/exim_line.h"
#include "parsers/scan.h"

namespace mtalens::exim {
namespace {

// How many addresses ` for ` lists; a quoted local part may hold spaces.
std::int64_t count_addresses(std::string_view text) {
  std::int64_t count = 0;
  while (!text.empty()) {
    if (scan::take(text, " ")) continue;
    take_mailbox(text);
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
  std::string_view user;       // U=: the local user, or the peer's ident
  std::string_view auth_user;  // A=, until the S= behind it vouches for it
};

// P= stands behind the ident, in which the peer's machine may claim anything.
void forget_claims_of_ident(Event& event, Origin& origin) {
  if (origin.user.empty()) return;
  origin.auth_user = {};
  event.auth_user = event.tls_version = event.tls_cipher = {};
}

// S= is the last that Exim writes by itself: what a certificate's DN= played before is undone by the true one.
void read_size(std::string_view value, Event& event, Origin& origin) {
  event.size_bytes = scan::take_number(value).value_or(-1);
  event.auth_user = origin.auth_user;
  origin.auth_user = {};
}

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
      origin.auth_user = auth_user_of(take_value(text));
      break;
    case 'P':
      take_value(text);
      forget_claims_of_ident(event, origin);
      break;
    case 'S':
      read_size(take_value(text), event, origin);
      break;
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

}  // namespace

bool parse_arrival(const Line& line, std::string_view text, std::vector<Event>& events) {
  if (text.empty()) return false;
  Event& event = append(events, line, EventKind::received);
  Origin origin;
  event.sender = take_mailbox(text);
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
      event.message_id = take_mailbox(text);
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
