// SPDX-License-Identifier: Apache-2.0
// What of http_server.h needs no server: looking into a request, and escapes.
#include <fmt/core.h>

#include <algorithm>

#include "base/ids.h"
#include "base/text.h"
#include "io/http_server.h"

namespace lw::io {
namespace {

std::string first_of(const std::vector<std::pair<std::string, std::string>>& pairs,
                     std::string_view name, bool ignore_case) {
  const auto found = std::ranges::find_if(pairs, [&](const auto& pair) {
    return ignore_case ? equals_ignoring_case(pair.first, name) : pair.first == name;
  });
  return found == pairs.end() ? std::string() : found->second;
}

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string HttpRequest::header(std::string_view name) const {
  return first_of(headers, name, true);
}

std::string HttpRequest::parameter(std::string_view name) const {
  return first_of(query, name, false);
}

bool HttpRequest::has_parameter(std::string_view name) const {
  return std::ranges::any_of(query, [&](const auto& pair) { return pair.first == name; });
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const std::string_view digits = text.substr(i + 1, 2);
      const auto byte = digits.size() == 2 ? parse_hex(digits) : std::nullopt;
      if (!byte) {
        return fail(ErrorCode::InvalidInput,
                    fmt::format("\"%{}\" at character {} is no percent escape; write %25 for a "
                                "percent sign",
                                digits, i + 1));
      }
      decoded += static_cast<char>(*byte);
      i += 2;
    }
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(byte)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

}  // namespace lw::io
