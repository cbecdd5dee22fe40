// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lw {

/// The candidate closest to `word` by edit distance (insert, delete, replace, swap of neighbours),
/// if it is close enough to be what the writer meant: at most a third of the word, at least 1.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
/// "1 check", "2 checks".
std::string counted(std::size_t number, std::string_view singular, std::string_view plural = {});

/// Lower-case hex of raw bytes, and back (nothing if the text is not an even number of hex digits).
std::string hex_of(std::string_view bytes);
std::optional<std::string> bytes_of_hex(std::string_view hex);

}  // namespace lw
