// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lw::server {

/// Builds a page of metrics in the Prometheus text format (exposition format 0.0.4).
class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  /// Begins a metric; `type` is "counter" or "gauge". Its samples follow.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void sample(double value, const Labels& labels = {});
  /// A metric with one sample.
  void single(std::string_view name, std::string_view type, std::string_view help, double value);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string name_;
};

}  // namespace lw::server
