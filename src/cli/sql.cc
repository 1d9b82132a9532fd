// mtalens sql: what ClickHouse is to be told.
#include "clickhouse/sql.h"

#include "cli/commands.h"
#include "cli/output.h"

namespace mtalens {

int run_sql(const Options& options) {
  Output output(options.output, 0644);
  if (options.what == "schema") output.write(clickhouse::schema());
  if (options.what == "views") output.write(clickhouse::views(options.cluster));
  if (options.what == "findings") output.write(clickhouse::findings());
  output.done();
  return 0;
}

}  // namespace mtalens
