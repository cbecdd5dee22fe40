// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace lw {

/// The bytes as a gzip member (RFC 1952), packed for speed rather than size. Pure; some 10 ms a
/// megabyte.
std::string gzip(std::string_view bytes);

}  // namespace lw
