// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kql/translate.h"
#include "store/native.h"

/// The engine's rows (RowBinary of ResultForm::Rows) as text. Pure.
namespace lw::server::logs {

enum class TextForm { Json, Csv };

/// One cell, read off `row` and appended to `out`: in JSON a datetime is "…Z", a timespan
/// "1.02:03:04", a dynamic its JSON in a string, NaN and infinities strings; null is null. In CSV
/// null is nothing, and text is quoted where it must be (RFC 4180).
void append_cell(std::string& out, store::RowReader& row, kql::Type type, TextForm form);

/// What was made of an answer.
struct WrittenRows {
  std::size_t rows = 0;
  bool is_cut = false;  ///< there were more, or they were too large
  bool is_broken = false;
};
/// "[[…],[…]]", at most `rows_max` rows and about `bytes_max` bytes.
WrittenRows write_json_rows(std::string& out, std::string_view bytes,
                            const std::vector<kql::ResultColumn>& columns, std::size_t rows_max,
                            std::size_t bytes_max);
/// Makes a file of rows that come in pieces, wherever those end.
class RowWriter {
 public:
  RowWriter() = default;
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  virtual ~RowWriter() = default;

  /// What stands before all rows.
  [[nodiscard]] virtual std::string head() = 0;
  /// What there is to send of the rows that are complete now.
  virtual std::string take(std::string_view bytes) = 0;
  /// What stands behind all rows; nothing if they cannot be ended: a row is cut, say.
  virtual std::optional<std::string> tail() = 0;
};

class RowText final : public RowWriter {
 public:
  /// Csv: a line of names, then one for each row; lines end in CRLF. Json: one object per row and
  /// line, in which a dynamic stands as JSON, not as text.
  RowText(std::vector<kql::ResultColumn> columns, TextForm form);
  [[nodiscard]] std::string head() override;
  std::string take(std::string_view bytes) override;
  std::optional<std::string> tail() override;

 private:
  void append_row(std::string& out, store::RowReader& row) const;

  const std::vector<kql::ResultColumn> columns_;
  const TextForm form_;
  std::vector<std::string> keys_;  ///< of JSON objects
  std::string rest_;
};

/// `text` as a JSON string, quotes included.
void append_json_string(std::string& out, std::string_view text);

}  // namespace lw::server::logs
