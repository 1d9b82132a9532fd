// A message's way into the queue, through it and out of it, as the programs around the queue say it.
//
//   pickup:    5A2C63F1: uid=33 from=<www-data>
//   cleanup:   5A2C63F1: message-id=<20261123@example.com>
//   qmgr:      5A2C63F1: from=<jo@example.com>, size=5360, nrcpt=1 (queue active)
//   qmgr:      5A2C63F1: from=<jo@example.com>, status=expired, returned to sender
//   bounce:    5A2C63F1: sender non-delivery notification: ADD2F8052
//   qmgr:      5A2C63F1: removed
#include "parsers/postfix_line.h"

namespace mtalens::postfix {
namespace {

using scan::take;

bool add_ended(const Line& line, Ended how) {
  add(line, EventKind::ended).ended = how;
  return true;
}

bool add_note(const Line& line) {
  add(line, EventKind::note);
  return true;
}

void set_sender(Event& event, std::string_view sender) {
  event.sender = sender;
  event.null_sender = sender.empty();
}

// `<address>` up to the last bracket, behind which nothing stands that a stranger chose.
std::optional<std::string_view> take_last_address(std::string_view& text) {
  const auto end = text.rfind('>');
  if (end == std::string_view::npos || !text.starts_with('<')) return std::nullopt;
  const auto inside = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return inside;
}

// from=<…>, size=…, nrcpt=… (queue active), or from=<…>, status=expired, returned to sender
bool parse_qmgr(const Line& line) {
  auto rest = line.text;
  if (rest == "removed") return add_ended(line, Ended::removed);
  if (rest == "skipped, still being delivered") return add_note(line);
  if (scan::starts(rest, "enabling VERP for sender ")) return add_note(line);
  if (!take(rest, "from=")) return false;
  const auto sender = take_last_address(rest);
  if (!sender) return false;

  if (take(rest, ", size=")) {
    const auto size = scan::take_number(rest);
    if (!size || !take(rest, ", nrcpt=")) return false;
    const auto recipients = scan::take_number(rest);
    if (!recipients) return false;
    Event& event = add(line, EventKind::queued);
    set_sender(event, *sender);
    event.size_bytes = *size;
    event.recipients = *recipients;
    return true;
  }
  if (!scan::starts(rest, ", status=expired") && !scan::starts(rest, ", status=force-expired")) return false;
  Event& event = add(line, EventKind::ended);
  set_sender(event, *sender);
  event.ended = Ended::expired;
  event.returned_to_sender = rest.ends_with(", returned to sender");
  return true;
}

// uid=1000 from=<user>, and orig_id=… where postsuper -r requeued it
bool parse_pickup(const Line& line) {
  auto rest = line.text;
  if (!take(rest, "uid=")) return false;
  const auto uid = scan::take_number(rest);
  if (!uid || !take(rest, " from=")) return false;
  const auto sender = take_address(rest, " orig_id=", " orig_id=");
  if (!sender) return false;
  Event& event = add(line, EventKind::received);
  event.uid = *uid;
  set_sender(event, *sender);
  if (take(rest, " orig_id=") && is_queue_id(rest)) {
    event.relation = Relation::requeued_from;
    event.other_queue_id = rest;
  }
  return true;
}

// message-id=<…>; a bad one may come without its brackets
bool parse_message_id(const Line& line) {
  auto id = line.text;
  take(id, "resent-");
  if (!take(id, "message-id=")) return false;
  if (id.starts_with('<')) id.remove_prefix(1);
  if (id.ends_with('>')) id.remove_suffix(1);
  add(line, EventKind::queued).message_id = id;
  return true;
}

bool parse_cleanup(const Line& line) {
  // A message that a header check discards, or whose client went away, never sees the queue manager.
  if (scan::starts(line.text, "removed (")) return add_ended(line, Ended::removed);
  return parse_message_id(line);
}

bool parse_bounce(const Line& line) {
  struct Notice {
    std::string_view words;
    Relation relation;
    bool returned_to_sender;
  };
  static constexpr Notice kNotices[] = {
      {"sender non-delivery notification: ", Relation::bounce, true},
      {"sender delay notification: ", Relation::delay_notice, false},
      {"postmaster non-delivery notification: ", Relation::bounce, false},
      {"postmaster delay notification: ", Relation::delay_notice, false},
      {"sender delivery status notification: ", Relation::none, false},  // of success
  };
  for (const auto& notice : kNotices) {
    auto id = line.text;
    if (!take(id, notice.words)) continue;
    Event& event = add(line, notice.relation == Relation::none ? EventKind::note : EventKind::related);
    event.relation = notice.relation;
    event.other_queue_id = id;
    event.returned_to_sender = notice.returned_to_sender;
    return true;
  }
  return scan::starts(line.text, "not sending trace/success notification") && add_note(line);
}

bool parse_postsuper(const Line& line) {
  if (line.text == "removed") return add_ended(line, Ended::deleted);
  if (line.text == "requeued") return add_ended(line, Ended::requeued);
  for (const auto words : {"placed on hold", "released from hold", "expired"}) {
    if (line.text == words) return add_note(line);
  }
  return false;
}

}  // namespace

bool parse_queue(const Line& line) {
  if (line.queue_id.empty()) return false;
  switch (line.daemon) {
    case Daemon::qmgr:
      return parse_qmgr(line);
    case Daemon::pickup:
      return parse_pickup(line);
    case Daemon::cleanup:
      return parse_cleanup(line);
    case Daemon::bounce:
      return parse_bounce(line);
    case Daemon::postsuper:
      return parse_postsuper(line);
    default:
      return false;
  }
}

}  // namespace mtalens::postfix
