// SPDX-License-Identifier: Apache-2.0
#include "model/status_codes.h"

#include <fmt/core.h>

#include "base/number.h"

namespace lw {
namespace {

std::optional<int> parse_code(std::string_view text) {
  const auto code = parse_number<int>(text);
  if (text.size() != 3 || !code || *code < 100 || *code > 600) return std::nullopt;
  return code;
}

/// The code with each trailing x replaced by `digit`.
std::optional<int> parse_pattern(std::string_view text, char digit) {
  std::string code(text);
  for (std::size_t i = code.size(); i > 1 && (code[i - 1] == 'x' || code[i - 1] == 'X'); --i) {
    code[i - 1] = digit;
  }
  return parse_code(code);
}

}  // namespace

std::optional<StatusCodeRange> parse_status_codes(std::string_view text) {
  const auto dash = text.find('-');
  const bool is_range = dash != std::string_view::npos;
  const auto first = is_range ? parse_code(text.substr(0, dash)) : parse_pattern(text, '0');
  const auto last = is_range ? parse_code(text.substr(dash + 1)) : parse_pattern(text, '9');
  if (!first || !last || *first > *last) return std::nullopt;
  return StatusCodeRange{*first, *last};
}

std::string to_string(const StatusCodeRange& range) {
  if (range.first == range.last) return fmt::format("{}", range.first);
  if (range.first % 100 == 0 && range.last == range.first + 99) {
    return fmt::format("{}xx", range.first / 100);
  }
  return fmt::format("{}-{}", range.first, range.last);
}

}  // namespace lw
