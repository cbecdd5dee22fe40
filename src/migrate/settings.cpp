// SPDX-License-Identifier: Apache-2.0
#include "migrate/settings.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace lw::migrate {
namespace {

/// Longer than any interval or time-out; keeps arithmetic in bounds.
constexpr std::int64_t kDurationMsMax = std::int64_t{1000} * 60 * 60 * 24 * 365;

bool says_nothing(const Value& value) {
  if (value.is_null()) return true;
  if (value.is_bool()) return !value.as_bool();
  if (value.is_string()) return value.as_string().empty();
  if (value.is_array()) return value.as_array().empty();
  return value.is_object() && value.as_object().empty();
}

std::optional<std::int64_t> milliseconds_of_unit(std::string_view unit) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> kUnits{{
      {"ms", 1},
      {"s", 1'000},
      {"m", 60'000},
      {"h", 3'600'000},
      {"d", 86'400'000},
      {"w", 604'800'000},
      {"y", 31'536'000'000},
  }};
  for (const auto& [name, milliseconds] : kUnits) {
    if (name == unit) return milliseconds;
  }
  return std::nullopt;
}

}  // namespace

std::string text_of(const Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  return value.is_number() ? to_json(value) : std::string();
}

std::optional<double> number_of(const Value& value) {
  if (value.is_number()) return value.as_number();
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = trim(value.as_string());
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<bool> flag_of(const Value& value) {
  if (value.is_bool()) return value.as_bool();
  if (!value.is_string()) return std::nullopt;
  const std::string text = to_lower(trim(value.as_string()));
  if (text == "true" || text == "yes") return true;
  if (text == "false" || text == "no") return false;
  return std::nullopt;
}

std::vector<Value> items_of(const Value* value) {
  if (value == nullptr || value->is_null()) return {};
  return value->is_array() ? value->as_array() : std::vector<Value>{*value};
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_number<std::int64_t>(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = std::min(text.find_first_of("0123456789"), text.size());
    const auto unit = milliseconds_of_unit(text.substr(0, letters));
    text.remove_prefix(letters);
    if (!number || !unit || *number > kDurationMsMax / *unit) return std::nullopt;
    total += *number * *unit;
    if (total > kDurationMsMax) return std::nullopt;
  }
  return Milliseconds(total);
}

Result<Value> parse_document(std::string_view text, std::string_view file) {
  auto document = parse_yaml(text);  // It reads JSON too, and knows the lines.
  if (!document && trim(text).starts_with('{')) {
    auto json = parse_json(text);  // JSON indented by tabs, for one, is no YAML.
    if (json) return json;
  }
  if (!document && !file.empty()) return std::unexpected(document.error().during(file));
  return document;
}

Settings::Settings(const Value& object, std::string path, std::string_view file, Report& report)
    : object_(object), path_(std::move(path)), file_(file), report_(report) {}

const Value* Settings::find(std::string_view key) {
  known_.insert(std::string(key));
  const Value* const value = object_.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string Settings::text(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) return {};
  if (value->is_array() || value->is_object()) wrong_kind(key, "a text");
  return text_of(*value);
}

std::optional<bool> Settings::flag(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto flag = flag_of(*value);
  if (!flag) wrong_kind(key, "true or false");
  return flag;
}

std::optional<double> Settings::number(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto number = number_of(*value);
  if (!number) wrong_kind(key, "a number");
  return number;
}

std::optional<Milliseconds> Settings::duration(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto duration = parse_duration(text_of(*value));
  if (!duration) wrong_kind(key, "a duration such as 30s");
  return duration;
}

std::vector<std::pair<std::string, std::string>> Settings::pairs(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const Value* const value = find(key);
  if (value == nullptr) return pairs;
  if (!value->is_object()) {
    wrong_kind(key, "an object");
    return pairs;
  }
  for (const Value::Member& member : value->as_object()) {
    pairs.emplace_back(member.key, text_of(member.value));
  }
  return pairs;
}

void Settings::lose(std::string_view key, const std::string& why) {
  const Value* const value = find(key);
  if (value != nullptr && !says_nothing(*value)) loss(key, fmt::format("{}: {}", key, why));
}

void Settings::loss(std::string_view key, const std::string& message) {
  report_.loss_in(file_, at(key), path_, message);
}

void Settings::note(std::string_view key, const std::string& message) {
  report_.note_in(file_, at(key), path_, message);
}

void Settings::finish() {
  if (!object_.is_object()) return;
  for (const Value::Member& member : object_.as_object()) {
    if (known_.contains(member.key) || says_nothing(member.value)) continue;
    loss(member.key, fmt::format("{} is not known here and was passed over", quoted(member.key)));
  }
}

Location Settings::at(std::string_view key) const {
  const Value* const value = object_.find(key);
  return value == nullptr ? object_.location() : value->location();
}

void Settings::wrong_kind(std::string_view key, std::string_view wanted) {
  loss(key, fmt::format("{} is not {} and was passed over", key, wanted));
}

}  // namespace lw::migrate
