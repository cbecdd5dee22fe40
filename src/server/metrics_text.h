// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace lw::server {

/// Builds a page of metrics in the Prometheus text format (exposition format 0.0.4), or with
/// measured times and end() in OpenMetrics 1.0.
class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  /// Begins a metric; `type` is "counter" or "gauge". Its samples follow.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  /// `measured`: when, if not now. OpenMetrics only.
  void sample(double value, const Labels& labels = {}, std::optional<Timestamp> measured = {});
  /// A metric with one sample.
  void single(std::string_view name, std::string_view type, std::string_view help, double value);
  /// The last line of OpenMetrics.
  void end() { text_ += "# EOF\n"; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string name_;
};

}  // namespace lw::server
