// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lw {

/// RFC 4648 §4, with padding.
std::string to_base64(std::string_view bytes);
/// The bytes of such a text; nothing if it is none. Without padding it is taken too, since clients
/// of Basic authorization leave it out.
std::optional<std::string> bytes_of_base64(std::string_view text);
/// RFC 4648 §5 without padding, as JSON Web Signatures have it (RFC 7515 §2).
std::string to_base64url(std::string_view bytes);
/// The bytes of to_base64url()'s text; nothing if it holds anything else, padding included, or has
/// bits that say nothing: no two texts stand for the same bytes.
std::optional<std::string> bytes_of_base64url(std::string_view text);

}  // namespace lw
