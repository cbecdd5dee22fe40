// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/time.h"
#include "server/remote_write/request.h"

namespace lw::server::remote_write {

/// Where samples go, and how (docs/metrics.md). Secrets are in files of their own, which are read
/// for each request, so that they can be changed while the server runs.
struct Target {
  std::string name;  ///< in metrics and logs; the URL without user and query if not given
  std::string url;
  std::string user, password_file;  ///< basic authentication
  std::string token_file;           ///< bearer authentication
  std::string authority_file;       ///< PEM; empty: the system's
  Labels headers;
  Labels labels;  ///< added to each series
  std::size_t samples_per_request = 2'000;
  std::size_t samples_waiting_max = 500'000;
  Seconds timeout{30};
};

struct Settings {
  Seconds interval{15};  ///< between two looks at the tests
  std::vector<Target> targets;
};

/// Reads {"intervalSec", "targets": […]}. InvalidInput says where and what is wrong.
Result<Settings> read_settings(const Value& document);
/// The same from a file, YAML or JSON.
Result<Settings> read_settings_file(const std::string& path);

}  // namespace lw::server::remote_write
