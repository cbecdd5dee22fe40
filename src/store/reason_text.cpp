// SPDX-License-Identifier: Apache-2.0
#include "store/reason_text.h"

namespace lw::store {

namespace {
/// Begins a text that is kept as it is, since it has a mark of its own.
constexpr char kVerbatim = '\x02';
}  // namespace

std::string pack_reason(const std::string& text, std::optional<Microseconds> average) {
  const bool has_marks =
      text.find(kAverageMark) != std::string::npos || text.starts_with(kVerbatim);
  if (has_marks) return kVerbatim + text;
  if (!average) return text;
  const std::string words = to_human(*average);
  const auto at = text.find(words);
  if (at == std::string::npos) return text;
  return text.substr(0, at) + kAverageMark + text.substr(at + words.size());
}

std::string unpack_reason(std::string stored, std::optional<Microseconds> average) {
  if (stored.starts_with(kVerbatim)) return stored.substr(1);
  const auto at = stored.find(kAverageMark);
  if (at == std::string::npos || !average) return stored;
  return stored.replace(at, 1, to_human(*average));
}

}  // namespace lw::store
