// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/metrics/dimensions.h"

namespace lw::server::metrics {

/// `A eq 'a1' and B eq 'b1' or B eq 'b2' and C eq '*'`: for each dimension the values that are
/// wanted, compared without case; none for '*', which wants all. `or` joins values of one dimension
/// only. The dimensions named are those that series are told apart by.
struct Filter {
  struct Condition {
    Dimension dimension;
    std::vector<std::string> values;
  };
  std::vector<Condition> conditions;
};
Result<Filter> parse_filter(std::string_view text);

/// Why a request cannot be answered, told to whoever sent it.
std::unexpected<Error> wrong(std::string text);

}  // namespace lw::server::metrics
