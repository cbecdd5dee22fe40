// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/environment.h"

namespace lw::cli {
namespace {

constexpr std::size_t kWideColumnMin = 24;

bool is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
  return size.ws_col;
}

/// The first `width` columns of `text`, marked if something was cut off.
std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::string out;
  std::size_t used = 0;
  for (const char c : text) {
    const bool is_continuation = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    if (!is_continuation && ++used >= width) break;
    out += c;
  }
  return out + "…";
}

std::string coloured(const std::string& text) {
  static const std::map<std::string, const char*> kColours = {{"Pass", "\033[32m"},
                                                              {"Warning", "\033[33m"},
                                                              {"Fail", "\033[31m"},
                                                              {"Indeterminate", "\033[35m"},
                                                              {"Not Running", "\033[90m"}};
  const auto colour = kColours.find(text);
  if (colour == kColours.end()) return text;
  return colour->second + text + "\033[0m";
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

void print_csv(const std::vector<Column>& columns, const Value::Array& items) {
  const auto line = [&](auto cell) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      fmt::print("{}{}", i == 0 ? "" : ",", csv_cell(cell(columns[i])));
    }
    fmt::print("\n");
  };
  line([](const Column& column) { return column.title; });
  for (const Value& item : items) line([&](const Column& column) { return column.text(item); });
}

std::vector<std::size_t> column_widths(const std::vector<Column>& columns,
                                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = display_width(columns[i].title);
    for (const auto& row : rows) width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  const std::size_t terminal = is_terminal() ? terminal_width() : 0;
  std::size_t total = 0;
  for (const std::size_t width : widths) total += width + 2;
  for (std::size_t i = 0; i < columns.size() && terminal > 0 && total > terminal; ++i) {
    if (!columns[i].is_wide) continue;
    const std::size_t excess = total - terminal;
    const std::size_t kept =
        std::max(kWideColumnMin, widths[i] > excess ? widths[i] - excess : std::size_t{0});
    total -= widths[i] - std::min(widths[i], kept);
    widths[i] = std::min(widths[i], kept);
  }
  return widths;
}

void print_table(const std::vector<Column>& columns, const Value::Array& items) {
  std::vector<std::vector<std::string>> rows;
  for (const Value& item : items) {
    std::vector<std::string> row;
    for (const Column& column : columns) row.push_back(column.text(item));
    rows.push_back(std::move(row));
  }
  const std::vector<std::size_t> widths = column_widths(columns, rows);
  const bool has_colour = is_terminal() && !environment_variable("NO_COLOR");
  const auto line = [&](auto cell, bool may_colour) {
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string shown = cut(cell(i), widths[i]);
      const std::size_t padding = widths[i] - std::min(widths[i], display_width(shown));
      text += may_colour ? coloured(shown) : shown;
      if (i + 1 < columns.size()) text += std::string(padding + 2, ' ');
    }
    fmt::print("{}\n", text);
  };
  line([&](std::size_t i) { return columns[i].title; }, false);
  for (const auto& row : rows) line([&](std::size_t i) { return row[i]; }, has_colour);
}

std::string scalar_text(const Value& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.as_string().empty() ? "-" : value.as_string();
  if (value.is_bool()) return value.as_bool() ? "yes" : "no";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_number()) return fmt::format("{:.6g}", value.as_number());
  return to_json(value);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string field(const Value& item, std::string_view key) {
  const Value* const value = item.find(key);
  return value == nullptr ? "-" : scalar_text(*value);
}

Column column(std::string title, std::string key) {
  return {.title = std::move(title),
          .text = [key = std::move(key)](const Value& item) { return field(item, key); }};
}

std::string milliseconds_field(const Value& item, std::string_view key) {
  const Value* const value = item.find(key);
  if (value == nullptr || !value->is_number()) return "-";
  const double ms = value->as_number();
  return fmt::format("{:.{}f} ms", ms, ms < 10 ? 3 : ms < 100 ? 2 : 1);
}

void print_list(const std::string& format, const std::vector<Column>& columns, const Value& items) {
  if (format == "json") {
    fmt::print("{}\n", to_json(items, 2));
  } else if (format == "yaml") {
    fmt::print("{}", to_yaml(items));
  } else if (format == "csv") {
    print_csv(columns, items.as_array());
  } else {
    print_table(columns, items.as_array());
  }
}

void print_object(const std::string& format, const Value& object) {
  if (format == "json") {
    fmt::print("{}\n", to_json(object, 2));
    return;
  }
  if (format == "yaml") {
    fmt::print("{}", to_yaml(object));
    return;
  }
  Value rows = Value::array();
  for (const auto& member : object.as_object()) {
    rows.push(Value::object({{"name", member.key}, {"value", scalar_text(member.value)}}));
  }
  print_list(format, {column("NAME", "name"), column("VALUE", "value")}, rows);
}

}  // namespace lw::cli
