// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lw {

/// A regular expression in RE2's syntax. Searching takes time linear in the text, whoever wrote
/// the expression. May be shared between threads.
class Pattern {
 public:
  /// An expression that pattern_fault() finds nothing wrong with; any other finds nothing.
  explicit Pattern(const std::string& expression);
  ~Pattern();

  /// True if a part of `text`, which need not be UTF-8, matches.
  [[nodiscard]] bool is_in(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What is wrong with an expression, in words; empty if nothing is.
std::string pattern_fault(const std::string& expression);

}  // namespace lw
