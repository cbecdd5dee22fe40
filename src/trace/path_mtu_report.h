// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/path.h"

namespace lw::trace {

/// One sentence for people of what looking for the MTU came to. Hops are named by `path`, which may
/// be null if none is known. Pure.
std::string path_mtu_words(const PathMtuResult& result, const Path* path);

/// Puts the result into a report of the same way, in words by its first path; and an issue
/// (MtuTooSmall), if large packets get lost without a word. What only shrinks the MTU and says so
/// is none: senders adapt. The caller sorts the issues. Pure.
void add_path_mtu(PathReport& report, const PathMtuResult& result);

}  // namespace lw::trace
