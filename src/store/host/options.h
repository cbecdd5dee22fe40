// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace lw::store::host {

/// The command line of linewatch-store. Passwords come by environment, where `ps` does not show
/// them.
struct Options {
  std::string data;                   ///< --data DIR, required
  std::string address = "127.0.0.1";  ///< --listen ADDRESS:PORT
  std::uint16_t port = 0;
  std::string port_file;           ///< --port-file FILE: gets "http://ADDRESS:PORT\n" once ready
  std::string user = "linewatch";  ///< --user
  std::string database = "linewatch";  ///< --database
  std::string library;                 ///< --library FILE
  std::uint64_t memory_max_mb = 2048;  ///< --memory-max-mb: RSS at which the process gives up
  bool help = false;
};
Result<Options> read_options(const std::vector<std::string>& arguments);
std::string usage();

}  // namespace lw::store::host
