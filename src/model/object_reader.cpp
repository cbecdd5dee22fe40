// SPDX-License-Identifier: Apache-2.0
#include "model/object_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace lw {
namespace {

/// What was written instead of text, and how to make it text.
std::string not_text(const Value& value) {
  const bool is_scalar = value.is_number() || value.is_bool();
  return fmt::format("expected text, found {}{}", value.kind(),
                     is_scalar ? "; put it in quotes" : "");
}

/// Cuts what somebody sent down to what a message can show.
std::string shown(std::string_view text) {
  constexpr std::size_t kShownMax = 100;
  if (text.size() <= kShownMax) return std::string(text);
  return std::string(text.substr(0, kShownMax)) + "…";
}

}  // namespace

Place Place::item(std::size_t index) const {
  return {&value->as_array()[index], fmt::format("{}[{}]", path, index)};
}

Place Place::member(std::string_view key, const Value& of) const {
  return {&of, path.empty() ? std::string(key) : fmt::format("{}.{}", path, key)};
}

ObjectReader::ObjectReader(Place place, Diagnostics& faults)
    : place_(std::move(place)), faults_(faults) {
  if (is_object()) return;
  faults_.add(place_.value->location(), place_.path,
              fmt::format("expected an object (key: value lines), found {}", place_.value->kind()));
}

bool ObjectReader::has(std::string_view key) const {
  const Value* const value = place_.value->find(key);
  return value != nullptr && !value->is_null();
}

std::string ObjectReader::path_of(std::string_view key) const {
  return place_.path.empty() ? std::string(key) : fmt::format("{}.{}", place_.path, key);
}

const Value* ObjectReader::take(std::string_view key) {
  know(key);
  const Value* const value = place_.value->find(key);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

void ObjectReader::know(std::string_view key) {
  // A key may be asked for more than once; in a list of what is known it stands once.
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
}

void ObjectReader::fault(std::string_view key, std::string message) {
  const Value* const value = place_.value->find(key);
  const Location at = value != nullptr ? value->location() : place_.value->location();
  faults_.add(at, path_of(key), std::move(message));
}

void ObjectReader::wrong_kind(std::string_view key, const Value& value, std::string_view wanted) {
  fault(key, fmt::format("expected {}, found {}", wanted, value.kind()));
}

std::string ObjectReader::text(std::string_view key) {
  const Value* const value = take(key);
  if (value == nullptr) return {};
  return item_text(place_.member(key, *value), faults_);
}

std::string ObjectReader::required_text(std::string_view key, std::string_view advice) {
  if (!is_object()) return {};
  const Value* const value = place_.value->find(key);
  if (!has(key) || (value->is_string() && value->as_string().empty())) {
    know(key);
    fault(key, fmt::format("`{}` is missing; {}", key, advice));
    return {};
  }
  return text(key);
}

std::optional<bool> ObjectReader::flag(std::string_view key) {
  const Value* const value = take(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->as_bool();
  wrong_kind(key, *value, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view key, std::int64_t min,
                                                  std::int64_t max) {
  const Value* const value = take(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    wrong_kind(key, *value, "a whole number");
    return std::nullopt;
  }
  // Some clients write whole numbers as 30.0.
  const double number = value->as_number();
  const bool is_whole = number == std::floor(number);
  if (is_whole && number >= static_cast<double>(min) && number <= static_cast<double>(max)) {
    return static_cast<std::int64_t>(number);
  }
  fault(key, fmt::format("{} is out of range; use a whole number from {} to {}", number, min, max));
  return std::nullopt;
}

std::optional<double> ObjectReader::number(std::string_view key, double min) {
  const Value* const value = take(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    wrong_kind(key, *value, "a number");
    return std::nullopt;
  }
  if (std::isfinite(value->as_number()) && value->as_number() >= min) return value->as_number();
  fault(key, fmt::format("{} is out of range; use {} or more", value->as_number(), min));
  return std::nullopt;
}

std::optional<std::size_t> ObjectReader::choice(std::string_view key,
                                                std::span<const std::string> names) {
  const std::string word = text(key);
  if (word.empty()) return std::nullopt;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (equals_ignoring_case(word, names[i])) return i;
  }
  const auto close = faults_.is_full() ? std::nullopt : nearest(word, names);
  const std::string advice =
      close ? fmt::format("did you mean `{}`? Known are: ", *close) : "known are: ";
  fault(key, fmt::format("`{}` is not known; {}{}", shown(word), advice, join(names, ", ")));
  return std::nullopt;
}

std::vector<Place> ObjectReader::list(std::string_view key) {
  const Value* const value = take(key);
  if (value == nullptr) return {};
  if (!value->is_array()) {
    wrong_kind(key, *value, "a list");
    return {};
  }
  const Place place = place_.member(key, *value);
  std::vector<Place> items;
  items.reserve(value->as_array().size());
  for (std::size_t i = 0; i < value->as_array().size(); ++i) items.push_back(place.item(i));
  return items;
}

std::vector<std::string> ObjectReader::texts(std::string_view key) {
  std::vector<std::string> texts;
  for (const Place& item : list(key)) texts.push_back(item_text(item, faults_));
  return texts;
}

std::vector<std::pair<std::string, std::string>> ObjectReader::text_map(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> map;
  const auto place = object(key);
  if (!place) return map;
  for (const auto& member : place->value->as_object()) {
    map.emplace_back(member.key, item_text(place->member(member.key, member.value), faults_));
  }
  return map;
}

std::optional<Place> ObjectReader::object(std::string_view key) {
  const Value* const value = take(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_object()) return place_.member(key, *value);
  wrong_kind(key, *value, "an object (key: value lines)");
  return std::nullopt;
}

void ObjectReader::finish() {
  if (!is_object()) return;
  for (const auto& member : place_.value->as_object()) {
    if (std::ranges::find(known_, member.key) != known_.end()) continue;
    if (faults_.is_full()) return;
    const auto close = nearest(member.key, known_);
    const std::string advice = close ? fmt::format(", did you mean `{}`?", *close)
                                     : fmt::format("; known here: {}", join(known_, ", "));
    faults_.add(member.key_location, path_of(shown(member.key)),
                fmt::format("unknown key `{}`{}", shown(member.key), advice));
  }
}

std::string item_text(const Place& place, Diagnostics& faults) {
  if (place.value->is_string()) {
    if (is_utf8(place.value->as_string())) return place.value->as_string();
    faults.add(place.value->location(), place.path,
               "the text is not UTF-8; save the file as UTF-8");
    return {};
  }
  faults.add(place.value->location(), place.path, not_text(*place.value));
  return {};
}

}  // namespace lw
