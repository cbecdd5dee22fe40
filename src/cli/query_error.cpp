// SPDX-License-Identifier: Apache-2.0
#include "cli/query_error.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/document.h"
#include "base/text.h"
#include "cli/table.h"

namespace lw::cli {
namespace {

constexpr std::size_t kLineMax = 100;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// `count` characters of UTF-8 from the front.
std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size() && (count > 0 || is_continuation(text[end]))) {
    if (!is_continuation(text[end])) --count;
    ++end;
  }
  return text.substr(0, end);
}

/// The line with a mark under the token; a long line is shown from near the place on.
std::string with_mark(std::string line, std::size_t column, const std::string& token) {
  std::ranges::replace(line, '\t', ' ');
  while (!line.empty() && line.back() == '\r') line.pop_back();
  std::string_view shown = line;
  std::size_t before = column - 1;
  constexpr std::size_t kLead = 40;
  if (display_width(shown) > kLineMax && before > kLead) {
    shown.remove_prefix(first_characters(shown, before - kLead).size());
    before = kLead;
  }
  shown = first_characters(shown, kLineMax);
  const std::size_t width = display_width(shown);
  before = std::min(before, width);
  const std::size_t marks =
      std::clamp<std::size_t>(display_width(token), 1, std::max<std::size_t>(1, width - before));
  return fmt::format("  {}\n  {}{}", shown, std::string(before, ' '), std::string(marks, '^'));
}

std::string fault_text(const std::vector<std::string>& lines, const Value& fault) {
  const auto line = static_cast<std::size_t>(fault.number("line"));
  const auto column = static_cast<std::size_t>(fault.number("pos"));
  if (line == 0 || column == 0 || line > lines.size()) return fault.text("message");
  return fmt::format("line {}, column {}: {}\n{}", line, column, fault.text("message"),
                     with_mark(lines[line - 1], column, fault.text("token")));
}

}  // namespace

std::string explain_query_error(std::string_view query, std::string_view body) {
  const auto document = parse_json(body);
  const Value* const error = document ? document->find("error") : nullptr;
  if (error == nullptr) return {};
  const std::vector<std::string> lines = split(query, '\n');
  std::string text;
  if (const Value* const details = error->find("details");
      details != nullptr && details->is_array()) {
    for (const Value& fault : details->as_array()) {
      text += (text.empty() ? "" : "\n") + fault_text(lines, fault);
    }
  }
  if (!text.empty()) return text;
  const Value* const inner = error->find("innererror");
  return inner == nullptr ? std::string() : inner->text("message");
}

}  // namespace lw::cli
