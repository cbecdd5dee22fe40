// SPDX-License-Identifier: Apache-2.0
#include "store/path_reader.h"

#include <algorithm>
#include <string>

#include "model/path_document.h"
#include "store/read_rows.h"

namespace lw::store {

Result<std::vector<PathReport>> path_reports(Client& client, TestId test, Timestamp from,
                                             Timestamp to, std::size_t limit) {
  // The first row of a report carries it whole. Without FINAL: what came twice is equal, and is
  // taken once by the group.
  const std::string sql =
      "SELECT any(report) FROM paths WHERE test_id = " + std::to_string(test.value) +
      " AND path_index = 0 AND " + within("ts", from, to) +
      " GROUP BY ts, agent_id, spool_id, sequence ORDER BY ts DESC, sequence "
      "DESC LIMIT " +
      std::to_string(limit);
  const auto texts =
      TRY(rows_of<std::string>(client, sql, [](RowReader& row) { return row.text(); }));
  std::vector<PathReport> reports;
  reports.reserve(texts.size());
  for (const std::string& text : texts) reports.push_back(TRY(decode_path_report(text)));
  std::ranges::reverse(reports);
  return reports;
}

Result<std::optional<PathReport>> path_report_at(Client& client, TestId test, Timestamp at,
                                                 Seconds age_max) {
  // Included: a report that was made at this very moment.
  auto reports = TRY(path_reports(client, test, at - age_max, at + Microseconds(1), 1));
  if (reports.empty()) return std::nullopt;
  return std::move(reports.front());
}

}  // namespace lw::store
