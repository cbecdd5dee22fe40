// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace lw::kql {

/// Names of output columns that differ: a second `count_` becomes `count_1`, and what has no name
/// `Column1`, `Column2` …, counted among those without.
class NameMaker {
 public:
  /// Makes a name taken.
  void reserve(std::string_view name) { taken_.insert(std::string(name)); }
  /// A name that the user gave; stays as it is.
  std::string given(const std::string& name);
  /// A name by rule, or none (empty): made different from all so far.
  std::string made(const std::string& name);
  /// `name`, or with the next free number behind it.
  std::string unique(const std::string& name);

 private:
  std::set<std::string> taken_;
  int unnamed_ = 0;
};

/// Whether `name` fits `pattern`, in which `*` stands for any text.
bool matches_pattern(std::string_view name, std::string_view pattern);

}  // namespace lw::kql
