// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "cli/terminal.h"

namespace lw::cli {
namespace {

constexpr std::size_t kWideColumnMin = 40;

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

/// How a table fits its terminal.
struct Layout {
  std::vector<std::size_t> shown;   ///< columns on the row's line, in order
  std::vector<std::size_t> widths;  ///< of all columns
  bool has_own_line = false;        ///< the wide column stands below each row
};

std::size_t width_of(const Layout& layout, bool with_last) {
  std::size_t total = 0;
  for (const std::size_t i : layout.shown) total += layout.widths[i] + 2;
  return with_last ? total : total - layout.widths[layout.shown.back()] - 2;
}

/// Takes the least important column out; false if all that are left must stay.
bool drop_column(Layout& layout, const std::vector<Column>& columns) {
  const auto last =
      std::ranges::max_element(layout.shown, {}, [&](std::size_t i) { return columns[i].rank; });
  if (columns[*last].rank == 0) return false;
  layout.shown.erase(last);
  return true;
}

Layout lay_out(const std::vector<Column>& columns,
               const std::vector<std::vector<std::string>>& rows) {
  Layout layout;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = display_width(columns[i].title);
    for (const auto& row : rows) width = std::max(width, display_width(row[i]));
    layout.widths.push_back(width);
    layout.shown.push_back(i);
  }
  const std::size_t terminal = is_terminal() ? terminal_width() : 0;
  if (terminal == 0 || width_of(layout, true) <= terminal + 2) return layout;
  if (!columns.back().is_wide) {
    while (width_of(layout, true) > terminal + 2 && drop_column(layout, columns)) {
    }
    return layout;
  }
  const auto left = [&] {
    const std::size_t used = width_of(layout, false);
    return terminal > used ? terminal - used : 0;
  };
  while (left() < kWideColumnMin && drop_column(layout, columns)) {
  }
  std::size_t& wide = layout.widths.back();
  if (left() >= std::min(kWideColumnMin, wide)) {
    wide = std::min(wide, left());
  } else {
    layout.shown.pop_back();
    layout.has_own_line = true;
  }
  return layout;
}

void print_line(const Layout& layout, const std::vector<std::string>& cells, bool may_colour) {
  std::string text;
  for (const std::size_t i : layout.shown) {
    const std::string shown = cut(cells[i], layout.widths[i]);
    const std::size_t padding = layout.widths[i] - std::min(layout.widths[i], display_width(shown));
    text += may_colour ? coloured(shown) : shown;
    if (i != layout.shown.back()) text += std::string(padding + 2, ' ');
  }
  fmt::print("{}\n", text);
}

void print_table(const std::vector<Column>& columns, const Value::Array& items) {
  std::vector<std::vector<std::string>> rows;
  for (const Value& item : items) {
    std::vector<std::string> row;
    row.reserve(columns.size());
    for (const Column& column : columns) row.push_back(column.text(item));
    rows.push_back(std::move(row));
  }
  const Layout layout = lay_out(columns, rows);
  const bool has_colour = is_coloured_terminal();
  std::vector<std::string> titles;
  titles.reserve(columns.size());
  for (const Column& column : columns) titles.push_back(column.title);
  print_line(layout, titles, false);
  for (const auto& row : rows) {
    print_line(layout, row, has_colour);
    if (layout.has_own_line && row.back() != "-") fmt::print("    {}\n", row.back());
  }
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

Column column(std::string title, std::string key, int rank) {
  return {.title = std::move(title),
          .text = [key = std::move(key)](const Value& item) { return field(item, key); },
          .is_wide = false,
          .rank = rank};
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
