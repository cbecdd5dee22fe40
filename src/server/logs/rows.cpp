// SPDX-License-Identifier: Apache-2.0
#include "server/logs/rows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/document.h"
#include "kql/literal.h"

namespace lw::server::logs {
namespace {

using kql::Type;

void append_csv_text(std::string& out, std::string_view text) {
  // A cell that begins with such a sign would be run as a formula by spreadsheets; it stays as it
  // is, since CSV is data for programs as well, and docs/logs.md says so.
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_text(std::string& out, std::string_view text, TextForm form) {
  if (form == TextForm::Json) {
    append_json_string(out, text);
  } else {
    append_csv_text(out, text);
  }
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_real(std::string& out, double value, TextForm form) {
  if (std::isnan(value)) return append_text(out, "NaN", form);
  if (std::isinf(value)) return append_text(out, value > 0 ? "Infinity" : "-Infinity", form);
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_value(std::string& out, store::RowReader& row, Type type, TextForm form) {
  switch (type) {
    case Type::Bool:
      out += row.number<std::uint8_t>() != 0 ? "true" : "false";
      return;
    case Type::Int:
      return append_integer(out, row.number<std::int32_t>());
    case Type::Long:
      return append_integer(out, row.number<std::int64_t>());
    case Type::Real:
    case Type::Decimal:
      return append_real(out, row.number<double>(), form);
    case Type::DateTime:
      return append_text(out, kql::datetime_text(row.number<std::int64_t>()), form);
    case Type::TimeSpan:
      return append_text(out, kql::timespan_text(row.number<std::int64_t>()), form);
    case Type::String:
    case Type::Guid:
    case Type::Dynamic:
    case Type::Error:
      return append_text(out, row.text(), form);
  }
}

/// Whether the cell is null; takes the sign off the front. Strings have none.
bool take_null(store::RowReader& row, Type type) {
  return type != Type::String && row.number<std::uint8_t>() != 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const bool is_plain = std::ranges::all_of(
      text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (!is_plain) {
    out += to_json(Value(text));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

void append_cell(std::string& out, store::RowReader& row, Type type, TextForm form) {
  if (!take_null(row, type)) return append_value(out, row, type, form);
  if (form == TextForm::Json) out += "null";
}

WrittenRows write_json_rows(std::string& out, std::string_view bytes,
                            const std::vector<kql::ResultColumn>& columns, std::size_t rows_max,
                            std::size_t bytes_max) {
  WrittenRows written;
  const std::size_t begin = out.size();
  out += '[';
  for (store::RowReader row(bytes); !row.at_end() && !row.is_broken();) {
    if (written.rows == rows_max || out.size() - begin > bytes_max) {
      written.is_cut = true;
      break;
    }
    out += written.rows == 0 ? "[" : ",[";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += ',';
      append_cell(out, row, columns[i].type, TextForm::Json);
    }
    out += ']';
    ++written.rows;
    written.is_broken = row.is_broken();
  }
  out += ']';
  return written;
}

RowText::RowText(std::vector<kql::ResultColumn> columns, TextForm form)
    : columns_(std::move(columns)), form_(form) {
  for (const kql::ResultColumn& column : columns_) {
    std::string& key = keys_.emplace_back(keys_.empty() ? "{" : ",");
    append_json_string(key, column.name);
    key += ':';
  }
}

std::optional<std::string> RowText::tail() {
  if (!rest_.empty()) return std::nullopt;
  return std::string();
}

std::string RowText::head() {
  std::string line;
  if (form_ == TextForm::Json) return line;
  for (const kql::ResultColumn& column : columns_) {
    if (&column != &columns_.front()) line += ',';
    append_csv_text(line, column.name);
  }
  return line + "\r\n";
}

void RowText::append_row(std::string& out, store::RowReader& row) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Type type = columns_[i].type;
    if (form_ == TextForm::Csv) {
      if (i > 0) out += ',';
      append_cell(out, row, type, form_);
      continue;
    }
    out += keys_[i];
    if (type != Type::Dynamic) {
      append_cell(out, row, type, form_);
    } else if (take_null(row, type)) {
      out += "null";
    } else {
      out += row.text();
    }
  }
  out += form_ == TextForm::Csv ? "\r\n" : "}\n";
}

std::string RowText::take(std::string_view bytes) {
  rest_ += bytes;
  std::string text;
  std::size_t read = 0;
  for (store::RowReader row(rest_); !row.at_end();) {
    const std::size_t before = text.size();
    append_row(text, row);
    if (row.is_broken()) {
      // The row goes on in the next piece.
      text.resize(before);
      break;
    }
    read = rest_.size() - row.left();
  }
  rest_.erase(0, read);
  return text;
}

}  // namespace lw::server::logs
