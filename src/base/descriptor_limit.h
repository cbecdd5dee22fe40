// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace lw {

/// Lets this process and its children open as many descriptors as the administrator allows (the
/// hard limit): each connection and each check in flight holds one, and the soft limit is often
/// 1024. Returns how many there may be now.
std::size_t raise_descriptor_limit();

}  // namespace lw
