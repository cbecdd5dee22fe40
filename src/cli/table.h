// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/document.h"

namespace lw::cli {

/// One column of a list: its title and how to get its text out of an item.
struct Column {
  std::string title;
  std::function<std::string(const Value& item)> text;
  /// May be cut to fit the terminal, down to 40 columns; below that it gets a line of its own under
  /// each row, whole. The last column only.
  bool is_wide = false;
  /// On a narrow terminal columns of a higher rank are left out first; 0 always stays.
  int rank = 0;
};

/// Prints `items` in the wanted format: table and csv by columns, json and yaml as they are. On a
/// terminal a table is cut to its width and states are coloured (not with NO_COLOR).
void print_list(const std::string& format, const std::vector<Column>& columns, const Value& items);

/// Prints one object: a table has a line per member.
void print_object(const std::string& format, const Value& object);

/// The member's text or number, "-" if it is missing or null.
std::string field(const Value& item, std::string_view key);
/// A column of that member.
Column column(std::string title, std::string key, int rank = 0);
/// "12.3 ms" of a member in milliseconds, "-" if it is missing.
std::string milliseconds_field(const Value& item, std::string_view key);

/// Width in columns of UTF-8 text, one per code point: enough for what we print.
std::size_t display_width(std::string_view text);

}  // namespace lw::cli
