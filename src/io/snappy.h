// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace lw::io {

/// Google's Snappy, the block format without framing: what Prometheus' remote write sends. Pure.
std::string snappy_compress(std::string_view bytes);
/// InvalidInput if the bytes are no such block, or would unpack to more than `bytes_max`.
Result<std::string> snappy_uncompress(std::string_view bytes, std::size_t bytes_max);

}  // namespace lw::io
