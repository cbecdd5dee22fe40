// SPDX-License-Identifier: Apache-2.0
#include "kql/names.h"

namespace lw::kql {

std::string NameMaker::given(const std::string& name) {
  taken_.insert(name);
  return name;
}

std::string NameMaker::made(const std::string& name) {
  if (!name.empty()) return unique(name);
  std::string numbered;
  do {
    numbered = "Column" + std::to_string(++unnamed_);
  } while (taken_.contains(numbered));
  return given(numbered);
}

std::string NameMaker::unique(const std::string& name) {
  std::string free = name;
  for (int number = 1; taken_.contains(free); ++number) free = name + std::to_string(number);
  return given(free);
}

bool matches_pattern(std::string_view name, std::string_view pattern) {
  std::size_t at = 0, star = std::string_view::npos, resume = 0, i = 0;
  while (i < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = i;
    } else if (at < pattern.size() && pattern[at] == name[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace lw::kql
