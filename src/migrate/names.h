// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace lw::migrate {

/// `wanted` as a name that monitors and their parts may have: without `/` and control characters,
/// not too long, never empty.
std::string valid_name(std::string_view wanted);

/// Gives out names so that each means one thing: what comes second under a name that is taken gets
/// "name-2". Case does not count.
class Names {
 public:
  /// The name of the thing that `identity` stands for; the same each time. Things of one wanted
  /// name are told apart by their identity.
  std::string of(std::string_view wanted, std::string_view identity);

 private:
  std::string free_name(const std::string& base);

  std::map<std::pair<std::string, std::string>, std::string> given_;  ///< by base and identity
  std::map<std::string, int> taken_;  ///< names in lower case; how often asked for
};

}  // namespace lw::migrate
