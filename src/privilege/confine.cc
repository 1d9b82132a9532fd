#include "privilege/confine.h"

#include <sys/prctl.h>

namespace mtalens {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

void confine(const Needs& needs) {
  if (kSanitized) return;
  leave_root(needs);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;  // what the other two ask for
  keep_to_folders(needs);
  refuse_calls(needs);
}

}  // namespace mtalens
