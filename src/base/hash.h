// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace lw {

/// XXH64 with seed 0 over the texts, each preceded by its length so that ("ab","c") and ("a","bc")
/// differ. Stable for ever: test ids, phases and rendezvous weights are made of it.
std::uint64_t stable_hash(std::initializer_list<std::string_view> texts);

/// CRC-32 (ISO-HDLC, the one of zlib and gzip) over the bytes, continuing from `crc`.
std::uint32_t crc32(std::string_view bytes, std::uint32_t crc = 0);

}  // namespace lw
