// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lw::store {

/// A step of the schema. Its statements run in order and may run again after a crash, so each must
/// be harmless when repeated. Never change one that has been released: add the next.
struct Migration {
  int version = 0;  ///< 1, 2, 3, …
  std::string_view name;
  std::vector<std::string> statements;
};
std::span<const Migration> migrations();

}  // namespace lw::store
