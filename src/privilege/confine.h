// Gives up what a run does not need: a log is written by strangers, and whoever might make the program do their bidding
// should find that it can do little.
//
//   1. Started as root: a user without rights, or root's name with next to none of its rights (user.cc).
//   2. Files can be written only in the folders where something is to be written (folders.cc, Landlock).
//   3. The kernel refuses every call that such a run has no use for (calls.cc, seccomp): EPERM.
//
// What a kernel does not offer is left out without a word. Under the sanitizers, which need more, nothing is given up.
#pragma once

#include <string>
#include <vector>

namespace mtalens {

// What the user asked for, beyond reading files and writing to what is open already.
struct Needs {
  std::vector<std::string> read;     // files and folders that must stay readable
  std::vector<std::string> written;  // files that are made or replaced, by way of others beside them
  bool follows = false;              // waits for files to grow
};

// Call while there is one thread; threads started later are confined as well. There is no way back.
void confine(const Needs& needs);

// The three steps.
void leave_root(const Needs& needs);
void keep_to_folders(const Needs& needs);
void refuse_calls(const Needs& needs);

}  // namespace mtalens
