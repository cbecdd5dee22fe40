// SPDX-License-Identifier: Apache-2.0
#include "base/document.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/assert.h"

namespace lw {

Value::Value(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(INT64_MAX)) {
    data_ = static_cast<double>(value);
  } else {
    data_ = static_cast<std::int64_t>(value);
  }
}

Value::Value(Object value) : data_(std::move(value)) {}

Value Value::object() { return Object{}; }

Value Value::object(std::vector<std::pair<std::string, Value>> members) {
  Object object;
  for (auto& [key, value] : members) object.push_back({std::move(key), std::move(value), {}});
  return object;
}

std::string_view Value::kind() const {
  if (is_null()) return "null";
  if (is_bool()) return "boolean";
  if (is_number()) return "number";
  if (is_string()) return "text";
  return is_array() ? "list" : "object";
}

bool Value::as_bool() const {
  LW_ASSERT(is_bool());
  return std::get<bool>(data_);
}

std::int64_t Value::as_int() const {
  LW_ASSERT(is_int());
  return std::get<std::int64_t>(data_);
}

double Value::as_number() const {
  LW_ASSERT(is_number());
  if (is_int()) return static_cast<double>(std::get<std::int64_t>(data_));
  return std::get<double>(data_);
}

const std::string& Value::as_string() const {
  LW_ASSERT(is_string());
  return std::get<std::string>(data_);
}

const Value::Array& Value::as_array() const {
  LW_ASSERT(is_array());
  return std::get<Array>(data_);
}

const Value::Object& Value::as_object() const {
  LW_ASSERT(is_object());
  return std::get<Object>(data_);
}

const Value* Value::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  const auto found = std::ranges::find(as_object(), key, &Member::key);
  return found == as_object().end() ? nullptr : &found->value;
}

std::string Value::text(std::string_view key, std::string otherwise) const {
  const Value* const value = find(key);
  if (value != nullptr && value->is_string()) return value->as_string();
  return otherwise;
}

double Value::number(std::string_view key, double otherwise) const {
  const Value* const value = find(key);
  return value != nullptr && value->is_number() ? value->as_number() : otherwise;
}

bool Value::flag(std::string_view key, bool otherwise) const {
  const Value* const value = find(key);
  return value != nullptr && value->is_bool() ? value->as_bool() : otherwise;
}

const Value::Array& Value::list(std::string_view key) const {
  static const Array kNone;
  const Value* const value = find(key);
  return value != nullptr && value->is_array() ? value->as_array() : kNone;
}

Value& Value::set(std::string key, Value value) {
  if (is_null()) data_ = Object{};
  auto& object = std::get<Object>(data_);
  const auto found = std::ranges::find(object, key, &Member::key);
  if (found != object.end()) {
    found->value = std::move(value);
    return found->value;
  }
  object.push_back({std::move(key), std::move(value), {}});
  return object.back().value;
}

Value& Value::push(Value value) {
  if (is_null()) data_ = Array{};
  auto& array = std::get<Array>(data_);
  array.push_back(std::move(value));
  return array.back();
}

void Value::erase(std::string_view key) {
  if (!is_object()) return;
  std::erase_if(std::get<Object>(data_), [&](const Member& member) { return member.key == key; });
}

bool Value::operator==(const Value& other) const {
  if (is_number() && other.is_number()) return as_number() == other.as_number();
  return data_ == other.data_;
}

}  // namespace lw
