// Reads the lines of an MTA that is described by data, for which nobody wrote a parser by hand; slower than one, and
// as true.
#pragma once

#include <atomic>
#include <boost/regex.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mtalens/parser.h"
#include "parsers/event_fields.h"
#include "parsers/mta_description.h"

namespace mtalens {

// The names of an expression's groups, in order.
std::vector<std::string> group_names(std::string_view regex);

class PatternParser final : public Parser {
 public:
  // What the description points to must outlive the parser.
  explicit PatternParser(const MtaDescription& mta);

  std::string_view mta() const override { return mta_.name; }
  bool claims_program(std::string_view program) const override;
  bool claims_text(const LogLine& line) const override;
  bool reads_whole_lines() const override { return mta_.header == LineHeader::none; }
  bool parse(const LogLine& line, std::vector<Event>& events) const override;

  // The place of the form that decides; nothing: none does.
  std::optional<std::size_t> form_of(const LogLine& line, Event& event) const;
  // Whether the form's expression gives up on this text: it takes too many steps.
  bool gives_up(std::size_t form, std::string_view text) const;
  // On how many lines some form's expression gave up; beyond kMostGivenUp of them that form is asked no more.
  std::uint32_t given_up() const;
  static constexpr std::uint32_t kMostGivenUp = 16;

 private:
  struct Group {
    std::string name;
    const EventField* field;
  };
  struct Form {
    Form(const LineForm& form);

    const LineForm& says;
    std::vector<Group> groups;
    bool counts_refusals = true;  // where the description does not say whether
    mutable std::once_flag once;
    mutable boost::regex regex;  // compiled when first needed
    mutable std::atomic<std::uint32_t> given_up = 0;
  };
  enum class Match : std::uint8_t { no, yes, gave_up };

  Match match(const Form& form, std::string_view text, boost::cmatch& found) const;
  bool read(const Form& form, const LogLine& line, Event& event) const;
  bool set(const Form& form, std::string_view field, std::string_view text, Event& event) const;
  std::optional<std::string_view> value(const LogLine& line, std::string_view key) const;
  std::optional<std::string_view> value_of_any(const LogLine& line, Texts from) const;
  std::optional<std::string_view> put_together(const LogLine& line, std::string_view from) const;

  MtaDescription mta_;
  std::deque<Form> forms_;
};

}  // namespace mtalens
