// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lw {

/// Whether a service that is slow has the application or the network to thank for it.
enum class ServiceIssue { None, Application, Network, Both, Unknown };

/// "none", "application", "network", "both", "unknown".
std::string_view to_text(ServiceIssue issue);

/// What a series was usually and is now, in milliseconds; missing without values.
struct Rise {
  std::optional<double> usual_ms;  ///< the lower quartile, which an incident of hours leaves alone
  std::optional<double> now_ms;    ///< the median of the last steps
};

struct ServiceVerdict {
  ServiceIssue issue = ServiceIssue::Unknown;
  std::string text;  ///< one sentence for people, with the numbers that lead to it
  Rise response, latency;
  /// Pearson's, over the steps where both are known; missing where it has no meaning.
  std::optional<double> correlation;
};

/// Compares the response time of a service with the network latency to it, over the same steps in
/// the order of time; NaN is missing. The last `recent` steps are now. Milliseconds. Pure.
ServiceVerdict judge_service(std::span<const double> response, std::span<const double> latency,
                             std::size_t recent);

}  // namespace lw
