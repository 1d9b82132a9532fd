// The reports of several hosts, or of one host's states one after another, put together into one.
//
// What is counted adds up. What one provider takes is counted by the sending address: each keeps its own walls, told by
// the address where a reply names it, else by the host.
#pragma once

#include <string>
#include <vector>

#include "mtalens/analysis.h"
#include "track/piece.h"

namespace mtalens {

struct HostPiece {
  std::string host;  // by which it goes; the pieces of one host have the same
  Piece piece;
};

// The pieces of one host stand together, in the order of their times; those but the last left what waited to the next.
Analysis join(std::vector<HostPiece> pieces);

}  // namespace mtalens
