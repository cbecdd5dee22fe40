// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace lw {

/// Bytes from the kernel's generator, fit for keys and tokens. Aborts if the kernel has none.
std::string random_bytes(std::size_t count);
std::uint64_t random_u64();
/// A random UUID (RFC 9562 version 4), lower case.
std::string random_uuid();

}  // namespace lw
