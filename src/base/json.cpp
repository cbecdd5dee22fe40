// SPDX-License-Identifier: Apache-2.0
// JSON in and out of Value; the one file that includes nlohmann/json.
#include <fmt/core.h>

#include <cmath>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/document.h"

namespace lw {
namespace {

/// Builds a Value from the parser's events and stops it at our limits.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put({}); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return put(static_cast<double>(value));
    return put(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override {
    if (!open_.back().keys.insert(value).second) {
      return refuse(fmt::format("member \"{}\" is there twice; keep one", value));
    }
    open_.back().key = std::move(value);
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception& failure) override {
    std::string message = failure.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: …": the code is noise.
    if (const auto end = message.find("] "); end != std::string::npos) message.erase(0, end + 2);
    return refuse("not valid JSON: " + message);
  }

  Result<Value> finish() {
    if (error_) return fail(ErrorCode::InvalidInput, *error_);
    return std::move(root_);
  }

 private:
  /// An object or list whose end has not come yet.
  struct Open {
    bool is_object = false;
    Value::Object object;
    Value::Array array;
    std::string key;
    // Looking through the members instead would make a large object quadratic work.
    std::unordered_set<std::string> keys;
  };

  bool refuse(std::string message) {
    error_ = std::move(message);
    return false;
  }
  bool put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Open& parent = open_.back(); parent.is_object) {
      parent.object.push_back({std::move(parent.key), std::move(value), {}});
    } else {
      parent.array.push_back(std::move(value));
    }
    return true;
  }
  bool open(bool is_object) {
    if (open_.size() >= static_cast<std::size_t>(kDocumentDepthMax)) {
      return refuse(fmt::format("nested more than {} levels deep", kDocumentDepthMax));
    }
    open_.emplace_back().is_object = is_object;
    return true;
  }
  bool close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    if (closed.is_object) return put(std::move(closed.object));
    return put(std::move(closed.array));
  }

  Value root_;
  std::vector<Open> open_;
  std::optional<std::string> error_;
};

nlohmann::ordered_json to_nlohmann(const Value& value) {
  if (value.is_null()) return nullptr;
  if (value.is_bool()) return value.as_bool();
  if (value.is_int()) return value.as_int();
  if (value.is_number()) {
    // JSON has no NaN; missing is missing.
    if (!std::isfinite(value.as_number())) return nullptr;
    return value.as_number();
  }
  if (value.is_string()) return value.as_string();
  if (value.is_array()) {
    auto array = nlohmann::ordered_json::array();
    for (const Value& item : value.as_array()) array.push_back(to_nlohmann(item));
    return array;
  }
  auto object = nlohmann::ordered_json::object();
  // push_back instead of operator[]: the latter searches, which is quadratic on large objects.
  for (const auto& member : value.as_object()) {
    object.push_back({member.key, to_nlohmann(member.value)});
  }
  return object;
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
  if (text.size() > kDocumentBytesMax) {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("the document has {} bytes; at most {} are read", text.size(),
                            kDocumentBytesMax));
  }
  Builder builder;
  nlohmann::json::sax_parse(text, &builder);
  return builder.finish();
}

std::string to_json(const Value& value, int indent) {
  return to_nlohmann(value).dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace lw
