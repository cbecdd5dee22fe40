// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_text.h"

#include <fmt/core.h>

namespace lw::server {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void MetricsText::begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::sample(double value, const Labels& labels, std::optional<Timestamp> measured) {
  std::string inside;
  for (const auto& [key, text] : labels) {
    inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", key, escaped(text));
  }
  text_ += name_ + (inside.empty() ? "" : "{" + inside + "}") + fmt::format(" {}", value);
  if (measured) {
    const std::int64_t us = to_unix_us(*measured);
    text_ += fmt::format(" {}.{:03}", us / 1'000'000, us % 1'000'000 / 1'000);
  }
  text_ += '\n';
}

void MetricsText::single(std::string_view name, std::string_view type, std::string_view help,
                         double value) {
  begin(name, type, help);
  sample(value);
}

}  // namespace lw::server
