// What the program says of itself, made of the tables in option_table.cc.
#pragma once

#include <string>
#include <string_view>

namespace mtalens {

std::string short_help();                           // --help
std::string full_help();                            // --help=all
std::string command_help(std::string_view command);  // COMMAND --help

// For the distribution: `man`, `man-queue` and so on (mdoc), `bash`, `zsh` or `fish` (completions). Empty: there is no such thing.
std::string generated(std::string_view what);

}  // namespace mtalens
