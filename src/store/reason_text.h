// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

/// Sentences of reasons as `rounds` keeps them. Each sentence of a test that passes names the
/// round's average RTT, which makes it one of its own; with a mark in its place it is the same text
/// round after round, and costs next to nothing. Pure.
namespace lw::store {

/// Stands for the average RTT as to_human writes it.
inline constexpr char kAverageMark = '\x01';

std::string pack_reason(const std::string& text, std::optional<Microseconds> average);
/// What pack_reason was given, also of what was stored before it was there.
std::string unpack_reason(std::string stored, std::optional<Microseconds> average);

}  // namespace lw::store
