// One function for each subcommand; each returns the exit code.
#pragma once

#include "cli/options.h"

namespace mtalens {

int run_report(const Options& options);
int run_queue(const Options& options);
int run_events(const Options& options);
int run_compare(const Options& options);
int run_trace(const Options& options);
int run_patterns(const Options& options);
int run_check(const Options& options);
int run_watch(const Options& options);
int run_merge(const Options& options);
int run_sql(const Options& options);
int run_explain(const Options& options);

}  // namespace mtalens
