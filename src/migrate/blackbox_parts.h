// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrate/settings.h"
#include "model/test_configuration.h"

namespace lw::migrate {

// The readers behind migrate_blackbox.

/// One module: how something is probed, whatever it is.
struct BlackboxModule {
  std::string name;
  Location at;
  bool is_usable = true;            ///< Else nothing here tests like it.
  TestConfiguration configuration;  ///< without name, port and path
  std::optional<Milliseconds> timeout;
};

/// The modules, in the order of the file. What of them is lost goes into the report.
std::vector<BlackboxModule> read_blackbox_modules(const Value& modules, Report& report);

/// What shall be probed and how.
struct BlackboxTarget {
  std::string target;
  std::string module;  ///< empty if it names none
  Seconds frequency{60};
  Location at;
};

/// The targets in `text`, which may be a Prometheus configuration, a list as in its files for
/// file_sd, or lines of "MODULE TARGET". At most kTargetsMax. Fails if it is one of the first two
/// but no YAML.
Result<std::vector<BlackboxTarget>> read_blackbox_targets(std::string_view text,
                                                          std::string_view file, Report& report);

}  // namespace lw::migrate
