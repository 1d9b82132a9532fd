// The files that a user means by a name: a file, a folder of logs, or a pattern in quotes ('/var/log/mail*').
#pragma once

#include <string>
#include <vector>

namespace mtalens {

// Each file once, however often it is named; the order is the names'. Of a folder: what is called like a mail log
// (mail.log, maillog, mainlog and so on, with their rotations), in it and in its folders of that name (exim4, postfix).
// What stands for no file goes to `errors` as "NAME: why". A name that is no pattern stays, whether it is there or not.
std::vector<std::string> named_files(const std::vector<std::string>& names, std::vector<std::string>& errors);

}  // namespace mtalens
