// Numbers, times and names as an admin reads them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/meaning.h"  // stage_name, cause_name
#include "mtalens/event.h"

namespace mtalens {

std::string grouped(std::uint64_t number);                                  // 1,204
std::string counted(std::uint64_t number, std::string_view noun);           // 1 message, 1,204 messages
std::string plural(std::string_view noun);                                  // messages, refusals, tries
double tenths(double value);                                                // rounded, not negative: enough of a mean
std::string duration(std::int64_t us);                                      // 3d 4h, 12m 5s
std::string moment(std::int64_t us);                                        // 9 Dec 17:42, in the process's zone
std::string span_of(std::int64_t first_us, std::int64_t last_us);           // 9 Dec 17:42 to 11 Dec 08:03
std::string day(std::int64_t us);                                           // 9 Dec 2026
std::string clock_time(std::int64_t us);                                    // 17:42
std::string zone_name(std::int64_t us);                                     // UTC, CET, +0530
std::string iso_utc(std::int64_t us);                                       // 2026-12-09T17:42:00Z
std::string list_of(const std::vector<std::string>& names, std::size_t most);  // a, b and 3 more
std::string_view stage_words(Stage stage);                                  // "after DATA"
std::string mta_title(std::string_view mta);                               // Postfix, sendmail
std::string_view direction_name(Direction direction);                       // "inbound"

enum class Units { si, iec };
std::string size(std::uint64_t bytes, Units units);                         // 7.1 MB, 6.8 MiB

}  // namespace mtalens
