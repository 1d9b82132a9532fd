// What stands behind `<22>1 STAMP ` in RFC 5424: host app pid msgid [structured data] text.
#pragma once

#include <string_view>

#include "mtalens/log_line.h"

namespace mtalens {

// Fills host, program, pid and text; false where the fields before the text are not all there.
bool read_behind_rfc5424_stamp(std::string_view text, LogLine& line);

}  // namespace mtalens
