// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace lw::agent {

enum class Health {
  Good,
  Limited,  ///< It works, with less.
  Bad,
};

/// What was looked at on this host, and what to do about it.
struct Finding {
  std::string subject;  ///< "raw sockets"
  Health health = Health::Good;
  std::string text;  ///< what is so
  std::string fix;   ///< what to do; empty if it is good
};

struct DoctorConfig {
  std::string data_directory;
  std::string server;  ///< HOST[:PORT]; empty: the one that this host has joined
};

/// Looks at everything that an agent needs, as the calling user: rights, its identity, the clock,
/// the data folder, descriptors, name servers, and the way to its server, TLS included. Changes
/// nothing that stays. Blocks for up to some 20 s, when the server does not answer.
std::vector<Finding> examine(const DoctorConfig& config, const Clock& clock);

const char* to_string(Health health);

}  // namespace lw::agent
