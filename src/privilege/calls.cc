// The system calls that are left, by seccomp. All others fail with EPERM: nothing is run, no socket opened, no process
// looked into, no memory made executable.
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

#include "privilege/confine.h"

namespace mtalens {
namespace {

class Filter {
 public:
  Filter() : filter_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {}
  ~Filter() { seccomp_release(filter_); }
  Filter(const Filter&) = delete;

  // By name: one that this machine's kind of processor does not have is passed over.
  void allow(std::initializer_list<const char*> calls) {
    for (const char* call : calls) rule(SCMP_ACT_ALLOW, call, {});
  }
  void allow_if(const char* call, std::initializer_list<scmp_arg_cmp> arguments) { rule(SCMP_ACT_ALLOW, call, arguments); }
  // As an older kernel would answer: the library then asks in another way.
  void pretend_unknown(const char* call) { rule(SCMP_ACT_ERRNO(ENOSYS), call, {}); }

  void load() {
    if (filter_ == nullptr || failed_) return;
    // Kernels before 5.16 would take a processor's shortcut away from whoever filters: the speed is to stay.
    seccomp_attr_set(filter_, SCMP_FLTATR_CTL_SSB, 1);
    seccomp_load(filter_);  // a kernel without it: there is no filter then
  }

 private:
  void rule(std::uint32_t action, const char* call, std::initializer_list<scmp_arg_cmp> arguments) {
    const int number = seccomp_syscall_resolve_name(call);
    if (filter_ == nullptr || number < 0) return;
    const int error = seccomp_rule_add_array(filter_, action, number, static_cast<unsigned>(arguments.size()), arguments.begin());
    if (error != 0) failed_ = true;
  }

  scmp_filter_ctx filter_;
  bool failed_ = false;  // a filter with a hole in what it allows would break the run
};

scmp_arg_cmp has(unsigned argument, std::uint64_t bits) { return {argument, SCMP_CMP_MASKED_EQ, bits, bits}; }
scmp_arg_cmp lacks(unsigned argument, std::uint64_t bits) { return {argument, SCMP_CMP_MASKED_EQ, bits, 0}; }
scmp_arg_cmp is(unsigned argument, std::uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }

void allow_reading(Filter& filter) {
  filter.allow({"read", "readv", "pread64", "preadv", "lseek", "close", "fstat", "stat", "lstat", "newfstatat", "statx", "statfs",
                "fstatfs", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "fadvise64",
                "dup", "fcntl", "flock"});
  filter.allow_if("ioctl", {is(1, TIOCGWINSZ)});
  filter.allow_if("ioctl", {is(1, TCGETS)});
  constexpr std::uint64_t kWrites = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
  filter.allow_if("open", {lacks(1, kWrites)});
  filter.allow_if("openat", {lacks(2, kWrites)});
}

// To what is open: standard output, above all.
void allow_output(Filter& filter) { filter.allow({"write", "writev", "pwrite64"}); }

void allow_computing(Filter& filter) {
  filter.allow({"brk", "munmap", "mremap", "madvise", "futex", "sched_yield", "sched_getaffinity", "set_robust_list", "rseq",
                "getrandom", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "sysinfo",
                "uname", "getrusage", "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getcpu", "membarrier",
                "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group"});
  filter.allow_if("mmap", {lacks(2, PROT_EXEC)});
  filter.allow_if("mprotect", {lacks(2, PROT_EXEC)});
  filter.allow_if("prlimit64", {is(2, 0)});  // asks, and sets nothing
  filter.allow_if("tgkill", {is(0, static_cast<std::uint64_t>(getpid()))});  // abort()
  // Threads, and no processes. clone3 hides its flags behind a pointer.
  filter.allow_if("clone", {has(0, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND)});
  filter.pretend_unknown("clone3");
}

void allow_replacing_files(Filter& filter) {
  filter.allow({"open", "openat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "fchmod", "ftruncate",
                "fallocate", "fsync", "fdatasync", "sync_file_range"});
}

void allow_following(Filter& filter) {
  filter.allow({"inotify_init1", "inotify_add_watch", "inotify_rm_watch", "poll", "ppoll", "memfd_create", "ftruncate", "wait4"});
}

// Where the calls and their arguments are as they are written here.
bool is_known_machine() {
  const auto machine = seccomp_arch_native();
  return machine == SCMP_ARCH_X86_64 || machine == SCMP_ARCH_AARCH64;
}

}  // namespace

void refuse_calls(const Needs& needs) {
  if (!is_known_machine()) return;
  Filter filter;
  allow_reading(filter);
  allow_output(filter);
  allow_computing(filter);
  if (!needs.written.empty()) allow_replacing_files(filter);
  if (needs.follows) allow_following(filter);
  filter.load();
}

}  // namespace mtalens
