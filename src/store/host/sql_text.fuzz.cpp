// SPDX-License-Identifier: Apache-2.0
// The text of a query as a client sends it.
#include "store/host/sql_text.h"

#include "base/assert.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const std::string_view text = fuzz::Input(data, size).text();
  const store::host::SqlText read = store::host::read_sql_text(text);
  LW_ASSERT(fuzz::is_inside(read.statement, text) && fuzz::is_inside(read.data, text));
  LW_ASSERT(text.starts_with(read.statement));
  LW_ASSERT(text.find(read.format) != std::string_view::npos || read.format == "Values");
  if (!read.has_data) {
    LW_ASSERT(read.statement == text && read.data.empty());
    return 0;
  }
  LW_ASSERT(read.is_insert && text.ends_with(read.data));
  LW_ASSERT(read.statement.size() + read.data.size() < text.size());
  // Without its data the statement is an INSERT that waits for some.
  const store::host::SqlText alone = store::host::read_sql_text(read.statement);
  LW_ASSERT(alone.is_insert && !alone.has_data);
  return 0;
}
