// SPDX-License-Identifier: Apache-2.0
#include "io/snappy.h"

#include <snappy.h>

namespace lw::io {

std::string snappy_compress(std::string_view bytes) {
  std::string compressed;
  ::snappy::Compress(bytes.data(), bytes.size(), &compressed);
  return compressed;
}

Result<std::string> snappy_uncompress(std::string_view bytes, std::size_t bytes_max) {
  std::size_t size = 0;
  std::string text;
  const bool is_known = ::snappy::GetUncompressedLength(bytes.data(), bytes.size(), &size);
  if (!is_known || size > bytes_max || !::snappy::Uncompress(bytes.data(), bytes.size(), &text)) {
    return fail(ErrorCode::InvalidInput, "the bytes are no Snappy block of that size");
  }
  return text;
}

}  // namespace lw::io
