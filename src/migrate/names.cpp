// SPDX-License-Identifier: Apache-2.0
#include "migrate/names.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace lw::migrate {
namespace {

/// Ten less than a name may have (model/validate.cpp), for the number of a second one.
constexpr std::size_t kNameBytesAtMost = 70;

}  // namespace

std::string valid_name(std::string_view wanted) {
  std::string name = valid_utf8(wanted);
  std::ranges::replace(name, '/', '-');
  std::ranges::replace_if(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '_');
  name = std::string(trim(cut_utf8(name, kNameBytesAtMost)));
  return name.empty() ? "unnamed" : name;
}

std::string Names::of(std::string_view wanted, std::string_view identity) {
  const std::string base = valid_name(wanted);
  auto& given = given_[{base, std::string(identity)}];
  if (given.empty()) given = free_name(base);
  return given;
}

std::string Names::free_name(const std::string& base) {
  if (taken_.emplace(to_lower(base), 1).second) return base;
  while (true) {
    int& asked = taken_[to_lower(base)];
    const std::string name = fmt::format("{}-{}", base, ++asked);
    if (taken_.emplace(to_lower(name), 1).second) return name;
  }
}

}  // namespace lw::migrate
