// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/client.h"
#include "store/native.h"

/// What the readers of the store's tables share.
namespace lw::store {

/// A time as SQL.
inline std::string micro(Timestamp time) {
  return "fromUnixTimestamp64Micro(" + std::to_string(to_unix_us(time)) + ", 'UTC')";
}

/// `column` within [from, to), and its hour too.
inline std::string within(const std::string& column, Timestamp from, Timestamp to) {
  return column + " >= " + micro(from) + " AND " + column + " < " + micro(to) +
         " AND toStartOfHour(" + column + ") >= toStartOfHour(" + micro(from) +
         ") AND toStartOfHour(" + column + ") <= toStartOfHour(" + micro(to) + ")";
}

/// Runs `sql` and reads the answer row by row.
template <class Row, class Read>
Result<std::vector<Row>> rows_of(Client& client, const std::string& sql, const Read& read,
                                 const NamedValues& settings = {}) {
  const std::string bytes = TRY(client.query(sql + " FORMAT RowBinary", {}, settings));
  std::vector<Row> rows;
  for (RowReader reader(bytes); !reader.at_end();) {
    rows.push_back(read(reader));
    if (reader.is_broken()) {
      return fail(ErrorCode::Internal, "the store's answer is cut off or of another form");
    }
  }
  return rows;
}

}  // namespace lw::store
