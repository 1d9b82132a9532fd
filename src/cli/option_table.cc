#include "cli/option_table.h"

#include <algorithm>
#include <numeric>

namespace mtalens {
namespace {

constexpr std::string_view kReading = "What is read";
constexpr std::string_view kStretch = "Which stretch of it";
constexpr std::string_view kWriting = "What is written";
constexpr std::string_view kProgram = "The program";

// Edits that make `a` of `b`: a letter more, a letter less, another letter, two letters swapped (Damerau's distance,
// its short form).
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  std::iota(d[0].begin(), d[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

const std::vector<OptionEntry>& option_table() {
  static const std::vector<OptionEntry> kOptions{
      {.name = "mta", .argument = "NAME", .values = "auto postfix sendmail exim",
       .help = "take every line for that MTA's; `patterns list` names all there are", .preset = "auto: each line is recognized",
       .group = kReading},
      {.name = "journal", .help = "read systemd's journal of this machine: what mail programs wrote", .commands = "report queue trace compare events check watch",
       .group = kReading},
      {.name = "year", .argument = "YEAR", .help = "of each file's first stamp that bears none",
       .preset = "told from the file's age", .group = kReading},
      {.name = "timezone", .argument = "ZONE",
       .help = "of stamps that bear none, and of what is printed: Europe/London, UTC", .preset = "this machine's",
       .group = kReading},
      {.name = "our-domain", .argument = "DOMAIN", .help = "a domain whose mail is ours", .preset = "those seen in the log",
       .group = kReading, .repeats = true},
      {.name = "jobs", .argument = "N", .help = "threads; the result is the same for any number",
       .preset = "one for each core", .group = kReading},
      {.name = "since", .argument = "TIME",
       .help = "count from here: 2026-12-09, 2026-12-09T14:00, yesterday, -36h (also s, m, d, w)",
       .preset = "the beginning", .group = kStretch, .common = true},
      {.name = "until", .argument = "TIME", .help = "leave out what came later", .preset = "the end", .group = kStretch,
       .common = true},
      {.name = "at", .argument = "TIME", .help = "queue: the moment to look at; compare: when the change was made",
       .preset = "queue: the end of the log", .commands = "queue compare", .group = kStretch},
      {.name = "with", .argument = "FILE", .help = "the logs of after the change; those named before it are of before",
       .commands = "compare", .group = kStretch, .repeats = true, .takes_rest = true},
      {.name = "state", .argument = "FILE",
       .help = "go on where the last run with this file ended, and keep it for the next", .commands = "report queue events",
       .group = kStretch},
      {.name = "state-out", .argument = "FILE", .help = "only write such a file; -: to standard output, without a report",
       .commands = "report queue", .group = kStretch},
      {.name = "host", .argument = "NAME", .help = "whose logs these are, for `merge`; events --format clickhouse: of lines that name no host",
       .preset = "the hosts that they name; where they name none, this machine", .commands = "report queue events", .group = kStretch},
      {.name = "keep", .argument = "DAYS", .help = "how far back a state's history goes", .preset = "400d",
       .commands = "report queue", .group = kStretch},
      {.name = "format", .argument = "FORMAT", .values = "text json html markdown csv prometheus junit mail clickhouse",
       .help = "text or json; events are JSON, one object a line, or rows for clickhouse; report can do html, markdown, csv, prometheus, "
               "junit and mail too, check junit",
       .preset = "text", .group = kWriting, .common = true},
      {.name = "output", .letter = "o", .argument = "FILE", .help = "write there; it appears once all was read",
       .preset = "standard output", .group = kWriting, .common = true},
      {.name = "to", .argument = "ADDRESS", .help = "--format mail: whom it is for", .commands = "report",
       .group = kWriting, .repeats = true},
      {.name = "from", .argument = "ADDRESS", .help = "--format mail: whom it is from", .preset = "who runs it",
       .commands = "report", .group = kWriting},
      {.name = "upload", .argument = "NUMBER", .help = "--format clickhouse: of the upload that the rows belong to",
       .preset = "0", .commands = "events", .group = kWriting},
      {.name = "cluster", .argument = "NAME", .help = "over all shards of that cluster, as ClickHouse's settings name it",
       .preset = "one server", .commands = "sql", .group = kWriting},
      {.name = "expect", .argument = "FILE", .help = "what the report must say; --write-expect makes one to edit",
       .commands = "check", .group = kWriting},
      {.name = "write-expect", .argument = "FILE", .help = "write there what this log's report says", .commands = "check",
       .group = kWriting},
      {.name = "fail-on", .argument = "SEVERITY", .values = "info warning critical",
       .help = "from which severity on a finding fails unless it is expected", .preset = "warning", .commands = "check",
       .group = kWriting},
      {.name = "plain", .help = "a line for each change, as into a pipe, though it is a terminal", .commands = "watch",
       .group = kWriting},
      {.name = "on-finding", .argument = "COMMAND",
       .help = "run by the shell for each change, with the finding as JSON on its standard input", .commands = "watch",
       .group = kWriting},
      {.name = "anonymize", .help = "other names for people, hosts and addresses, so that it can be shown around; the numbers stay",
       .commands = "report queue trace compare events", .group = kWriting},
      {.name = "anonymize-key", .argument = "FILE", .help = "a secret of 16 bytes or more: with the same one the same names each time",
       .preset = "other names in each run", .commands = "report queue trace compare events", .group = kWriting},
      {.name = "color", .argument = "WHEN", .values = "auto always never",
       .help = "auto: on a terminal, unless NO_COLOR is set", .preset = "auto", .group = kWriting},
      {.name = "units", .argument = "UNITS", .values = "si iec",
       .help = "sizes in kB and MB of 1000, or in KiB and MiB of 1024", .preset = "si", .group = kWriting},
      {.name = "quiet-when-clean", .help = "print nothing where no finding is a warning or worse, so that cron sends no mail",
       .commands = "report", .group = kWriting},
      {.name = "quiet", .help = "nothing on standard error but errors", .group = kWriting},
      {.name = "verbose", .help = "every finding with what to do, and on standard error what the run cost",
       .group = kWriting, .common = true},
      {.name = "patterns", .argument = "DIR", .help = "a folder of pattern files over the built-in ones",
       .preset = "/etc/mtalens/patterns where it is", .group = kProgram, .repeats = true},
      {.name = "config", .argument = "FILE", .help = "settings, one `name = value` a line, under these names",
       .group = kProgram},
      {.name = "help", .letter = "h", .argument = "all", .values = "all",
       .help = "this text; behind a command, that command's; --help=all names every option", .group = kProgram,
       .common = true, .optional_argument = true},
      {.name = "version", .help = "the version", .group = kProgram},
  };
  return kOptions;
}

const std::vector<CommandEntry>& command_table() {
  static const std::vector<CommandEntry> kCommands{
      {.name = "report", .arguments = "[FILE…]", .summary = "the diagnosis; the word may be left out",
       .about = "Says who refuses our mail and why, with the limit that the refusals show; whether the queue toward them "
                "empties; which STARTTLS handshakes fail and what became of that mail; and who of ours causes it. Each "
                "finding comes with configuration lines for the MTA that wrote the log, and with the line that proves it. "
                "No file, or -, is standard input.",
       .examples = {{"mtalens /var/log/mail.log*", "rotated and compressed ones too"},
                    {"mtalens --journal", "systemd's, where there are no files"},
                    {"mtalens /var/log/exim4/mainlog*", "Exim's own log"},
                    {"ssh mx2 cat /var/log/mail.log | mtalens", "from a pipe"},
                    {"ssh mx2 journalctl -o export SYSLOG_FACILITY=2 | mtalens", "another machine's journal"},
                    {"mtalens --since yesterday --quiet-when-clean /var/log/mail.log", "every morning, from cron"},
                    {"mtalens --format html -o report.html /var/log/mail.log", "a page to send around"}}},
      {.name = "queue", .arguments = "[--at TIME] [FILE…]", .summary = "what the queue held, by provider and age",
       .about = "The queue at that moment, or at the end of the log: recipients by provider and age, as qshape counts, then "
                "each message with the reason why it waits.",
       .examples = {{"mtalens queue /var/log/mail.log", "now"},
                    {"mtalens queue --at 2026-12-09T14:00 /var/log/mail.log*", "what it held then"}}},
      {.name = "compare", .arguments = "--at TIME [FILE…] | FILE… --with FILE…", .summary = "whether a change helped",
       .about = "Before a moment against after it, or earlier logs against later ones: what wanted to go to each provider, what it took, how the queue went, and "
                "whether the change helped, made no difference or made it worse, or whether it is too early to tell. What "
                "counts is what was offered, not how often it was tried.",
       .examples = {{"mtalens compare --at 2026-12-12T09:00 /var/log/mail.log*", "the change of that morning"},
                    {"mtalens compare mail.log.2 --with mail.log.1 mail.log", "one week against the next"}}},
      {.name = "check", .arguments = "[--expect FILE] [FILE…]", .summary = "for CI: exit 1 where something is wrong or unexpected",
       .about = "Prints one line for each finding of --fail-on's severity or a graver one, and for each number that is not as "
                "--expect says. In GitHub's actions the lines are annotations.",
       .examples = {{"mtalens check sample.log", "fails where a warning stands in it"},
                    {"mtalens check --write-expect expect.json sample.log", "what its report says, to keep beside it"},
                    {"mtalens check --expect expect.json sample.log", "fails where anything changed"},
                    {"mtalens check --format junit -o mail.xml sample.log", "for CI that reads JUnit's XML"}}},
      {.name = "watch", .arguments = "[FILE…]", .summary = "follows a log and says what changes",
       .about = "Reads what is there, then follows it through its rotations. On a terminal it shows the first screen of the "
                "report as of now; elsewhere, or with --plain, it prints a line when a finding begins, gets worse or ends. "
                "What stands when it starts is told first. No file, or -, is standard input. Ctrl-C ends it.",
       .examples = {{"mtalens watch /var/log/mail.log", "on a terminal"},
                    {"mtalens watch --journal", "where there are no files"},
                    {"mtalens watch --plain --on-finding 'mail -s mtalens root' /var/log/mail.log", "a mail for each change"}}},
      {.name = "trace", .arguments = "ID|ADDRESS|MESSAGE-ID [FILE…]", .summary = "one message's whole life, line by line",
       .about = "Every line about a message, across its bounces, forwards and content filters. An address finds all "
                "messages from or to it.",
       .examples = {{"mtalens trace C3A871066FD /var/log/mail.log", "by its queue id"},
                    {"mtalens trace fred@btinternet.com /var/log/mail.log*", "all mail from or to fred"}}},
      {.name = "events", .arguments = "[FILE…]", .summary = "what every line says, as NDJSON or for ClickHouse",
       .about = "One JSON object for each thing that a line says, one a line, for databases and jq; the same names for "
                "every MTA. With --format clickhouse joined events, as rows of the table that `mtalens sql schema` makes.",
       .examples = {{"mtalens events mail.log | jq -r 'select(.code == 421).reply' | sort | uniq -c",
                     "who says 421, and how"}}},
      {.name = "merge", .arguments = "STATE…", .summary = "the states of many hosts, or of many days, into one",
       .about = "Each host writes its state with report --state-out; merge makes one of them, which report --state and queue "
                "--state read. Any order and any grouping gives the same bytes, and a merged state may be merged again. What is "
                "counted adds up; a provider's limit is told for each sending address, where a reply names it, else for each "
                "host. Of one host the state that has all that another has takes its place, and states of different days stand "
                "side by side; where two tell of the same time it says so and writes nothing. - is standard input.",
       .examples = {{"ssh mx1 mtalens report --state-out - /var/log/mail.log > mx1.state", "gather, host by host"},
                    {"mtalens merge -o all.state mx1.state mx2.state mx3.state", "into one"},
                    {"mtalens report --state all.state", "what all of them see"},
                    {"mtalens merge -o all.state all.state mx4.state", "one more"}},
       .reads_logs = false},
      {.name = "patterns", .arguments = "list [WORD…] | test [DIR…]", .values = "list test",
       .summary = "what is known of providers and replies",
       .about = "`list` searches what is known of providers, replies and TLS failures; `test` says whether pattern files "
                "hold what their examples promise.",
       .examples = {{"mtalens patterns list yahoo", "what is known of Yahoo"},
                    {"mtalens patterns test ./my-patterns", "whether a folder of one's own holds"}},
       .reads_logs = false},
      {.name = "sql", .arguments = "schema | views | findings", .values = "schema views findings",
       .summary = "the tables and views for events in ClickHouse",
       .about = "Prints SQL for ClickHouse 18.16 or newer: `schema` makes the tables, `views` what counts over them, "
                "`findings` asks for who throttles, the limits, the queues and the failed handshakes.",
       .examples = {{"mtalens sql schema | clickhouse-client --multiquery", "on each server, once"},
                    {"mtalens sql views --cluster mail | clickhouse-client --multiquery", "over the cluster's shards"}},
       .reads_logs = false},
      {.name = "explain", .arguments = "ID", .summary = "what a finding means and what to do about it",
       .about = "What a finding, a reply's meaning or a TLS cause means, and what to do about it with each MTA.",
       .examples = {{"mtalens explain throttle/too-many-messages", "the commonest one"}},
       .reads_logs = false},
  };
  return kCommands;
}

const CommandEntry* find_command(std::string_view name) {
  const auto& table = command_table();
  const auto at = std::find_if(table.begin(), table.end(), [&](const auto& command) { return command.name == name; });
  return at == table.end() ? nullptr : &*at;
}

bool is_for(const OptionEntry& option, std::string_view command) {
  const auto* entry = find_command(command);
  const bool of_logs = option.group == kReading || option.group == kStretch;
  if (of_logs && entry != nullptr && !entry->reads_logs) return false;
  if (option.commands.empty()) return true;
  const auto names = words(option.commands);
  return std::find(names.begin(), names.end(), command) != names.end();
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find(' ');
    if (end != 0) out.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& names) {
  std::string_view best;
  std::size_t fewest = word.size() < 4 ? 2 : word.size() / 3 + 2;  // that many are too many
  if (word.size() > 64) return best;
  for (const auto name : names) {
    const auto distance = edits(word, name);
    const bool begins_so = word.size() >= 3 && name.starts_with(word);
    if (begins_so && fewest > 1) {
      best = name;
      fewest = 1;
    } else if (distance < fewest) {
      best = name;
      fewest = distance;
    }
  }
  return best;
}

std::vector<std::string_view> option_names() {
  std::vector<std::string_view> out;
  for (const auto& option : option_table()) out.push_back(option.name);
  return out;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> out;
  for (const auto& command : command_table()) out.push_back(command.name);
  return out;
}

}  // namespace mtalens
