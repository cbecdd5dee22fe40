// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrate/report.h"

namespace lw::migrate {

/// One `key = value` of a section.
struct SmokePingSetting {
  std::string key;
  std::string value;
  int line = 0;
};

/// One section: `*** Targets ***` and `+ name` below it, `++ name` below that, and so on.
struct SmokePingSection {
  std::string name;
  int line = 0;
  std::optional<std::size_t> parent;  ///< index; none for a `***` section
  std::vector<SmokePingSetting> settings;

  /// The setting of that name in this very section, or null.
  [[nodiscard]] const SmokePingSetting* find(std::string_view key) const;
};

/// SmokePing's configuration as a tree, each section before those below it. Syntax as the Perl
/// module Config::Grammar reads it: `#` begins a comment, `\` at the end continues the line,
/// `@define NAME VALUE` replaces the word from there on. `@include` is reported as lost: a file is
/// read alone. What stands before any `***` belongs to Targets, so that a Targets file may be given
/// by itself. Lines are counted from 1.
Result<std::vector<SmokePingSection>> parse_smokeping(std::string_view text, Report& report);

/// The `***` section that the section is below, or itself.
std::size_t top_of(const std::vector<SmokePingSection>& sections, std::size_t index);

}  // namespace lw::migrate
