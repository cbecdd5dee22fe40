// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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

/// Whether `text` is UTF-8 as RFC 3629 has it: no overlong forms, surrogates or cut characters.
bool is_utf8(std::string_view text);
/// `text` with U+FFFD in place of each byte that is no part of a character.
std::string valid_utf8(std::string_view text);
/// As much of valid UTF-8 as fits into `bytes_max` without cutting a character.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

/// `text` as one harmless line for a log: control characters become "\x0a", and what is longer
/// than `bytes_max` is cut. For what strangers send.
std::string printable(std::string_view text, std::size_t bytes_max);
/// Whether there are no control characters (C0, C1, DEL) in UTF-8 text.
bool is_printable(std::string_view text);

/// Lower-case hex of raw bytes, and back (nothing if the text is not an even number of hex digits).
std::string hex_of(std::string_view bytes);
std::optional<std::string> bytes_of_hex(std::string_view hex);

}  // namespace lw
