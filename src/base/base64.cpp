// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace lw {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Without padding.
std::string encode(std::string_view bytes, std::string_view digits) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view three = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < three.size() ? static_cast<unsigned char>(three[j]) : 0U);
    }
    for (std::size_t j = 0; j <= three.size(); ++j) text += digits[bits >> (18 - 6 * j) & 63];
  }
  return text;
}

/// Of text without padding.
std::optional<std::string> decode(std::string_view text, std::string_view digits) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;  // of bits that are not in `bytes` yet
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffffU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xffU);
  }
  const std::uint32_t rest = bits & ((1U << count) - 1);
  return rest == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text = encode(bytes, kDigits);
  text.resize((text.size() + 3) / 4 * 4, '=');
  return text;
}

std::string to_base64url(std::string_view bytes) { return encode(bytes, kUrlDigits); }

std::optional<std::string> bytes_of_base64url(std::string_view text) {
  return decode(text, kUrlDigits);
}

std::optional<std::string> bytes_of_base64(std::string_view text) {
  if (text.ends_with("==") && text.size() % 4 == 0)
    return decode(text.substr(0, text.size() - 2), kDigits);
  if (text.ends_with('=') && text.size() % 4 == 0)
    return decode(text.substr(0, text.size() - 1), kDigits);
  return decode(text, kDigits);
}

}  // namespace lw
