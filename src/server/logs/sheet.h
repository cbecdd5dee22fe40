// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/zip_stream.h"
#include "server/logs/rows.h"

namespace lw::server::logs {

/// Makes an Excel workbook (ECMA-376, part 1: SpreadsheetML) of rows that come in pieces, and gives
/// it away in pieces: nothing is kept of the rows. docs/logs.md says what becomes of each type.
class RowSheet final : public RowWriter {
 public:
  explicit RowSheet(std::vector<kql::ResultColumn> columns,
                    std::uint64_t rows_of_sheet = 1'048'575);
  [[nodiscard]] std::string head() override;
  std::string take(std::string_view bytes) override;
  std::optional<std::string> tail() override;

 private:
  void begin_sheet();
  void end_sheet();
  void add_book();

  const std::vector<kql::ResultColumn> columns_;
  const std::uint64_t rows_of_sheet_;
  ZipStream zip_;
  std::string rest_;
  std::uint64_t rows_ = 0;
  int sheets_ = 0;
};

/// One cell of a sheet, read off `row`: `<c><v>1.5</v></c>`.
void append_sheet_cell(std::string& out, store::RowReader& row, kql::Type type);

}  // namespace lw::server::logs
