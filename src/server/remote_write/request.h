// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

/// Prometheus' remote write 1.0 (its specification; message prometheus.WriteRequest). Pure.
namespace lw::server::remote_write {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// One value of one series at one time.
struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
  Timestamp at{};
};

/// The message's bytes, not packed yet: one series for each sample, its labels sorted by name as
/// the receivers ask, none of them empty. `more` are added to each; a series' own go before.
std::string encode_write_request(const std::vector<Sample>& samples, const Labels& more);

}  // namespace lw::server::remote_write
