// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/document.h"

namespace lw::cli {

/// How a path report is shown to people.
struct PathTableOptions {
  bool all_paths = false;  ///< not only the one that most flows take
  bool in_colour = false;
  std::size_t width = 0;  ///< columns of the terminal; 0: as wide as it gets
};

/// A `PathReport` (api/openapi.yaml) as lines of text: what is wrong first, then hop by hop how
/// much is lost on the way there, how many probes the hop itself answered, times, and what each
/// link adds. Pure.
std::string path_table(const Value& report, const PathTableOptions& options);

}  // namespace lw::cli
