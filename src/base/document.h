// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace lw {

/// Where in a text something stands; 1-based, 0 where unknown (JSON bodies, built values).
struct Location {
  int line = 0;
  int column = 0;
  bool operator==(const Location&) const = default;
};

/// A JSON or YAML document as a tree that keeps member order and, for YAML, line numbers. What
/// files, API bodies and answers are made of before and after the typed model. A plain value:
/// copies are deep, no threads involved.
class Value {
 public:
  struct Member;
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;

  // Those with a body stand below, where Member is complete: clang 19 asks for that.
  Value();
  Value(bool value);          // NOLINT(google-explicit-constructor)
  Value(int value);           // NOLINT(google-explicit-constructor)
  Value(std::int64_t value);  // NOLINT(google-explicit-constructor)
  /// Above the signed range it becomes a floating number, as in JSON.
  Value(std::uint64_t value);     // NOLINT(google-explicit-constructor)
  Value(double value);            // NOLINT(google-explicit-constructor)
  Value(const char* value);       // NOLINT(google-explicit-constructor)
  Value(std::string value);       // NOLINT(google-explicit-constructor)
  Value(std::string_view value);  // NOLINT(google-explicit-constructor)
  Value(Array value);             // NOLINT(google-explicit-constructor)
  Value(Object value);            // NOLINT(google-explicit-constructor)

  static Value array();
  static Value object();
  /// An object of the given members, in that order.
  static Value object(std::vector<std::pair<std::string, Value>> members);

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(data_); }
  [[nodiscard]] bool is_int() const { return std::holds_alternative<std::int64_t>(data_); }
  [[nodiscard]] bool is_number() const { return is_int() || std::holds_alternative<double>(data_); }
  [[nodiscard]] bool is_string() const { return std::holds_alternative<std::string>(data_); }
  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(data_); }
  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(data_); }
  /// "null", "boolean", "number", "text", "list" or "object", for messages.
  [[nodiscard]] std::string_view kind() const;

  /// The value as that type; aborts if it is another (ask is_… first).
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] std::int64_t as_int() const;
  [[nodiscard]] double as_number() const;
  [[nodiscard]] const std::string& as_string() const;
  [[nodiscard]] const Array& as_array() const;
  [[nodiscard]] const Object& as_object() const;

  /// The member's value, or null if this is no object or has no such member.
  [[nodiscard]] const Value* find(std::string_view key) const;
  /// The member as text or number, or `otherwise` if it is missing or of another kind.
  [[nodiscard]] std::string text(std::string_view key, std::string otherwise = {}) const;
  [[nodiscard]] double number(std::string_view key, double otherwise = 0) const;
  [[nodiscard]] bool flag(std::string_view key, bool otherwise = false) const;
  /// The member's items; none if it is missing or no list.
  [[nodiscard]] const Array& list(std::string_view key) const;

  /// Adds or replaces a member; turns null into an object.
  Value& set(std::string key, Value value);
  /// Appends to the list; turns null into a list. Returns the appended value.
  Value& push(Value value);
  /// Takes a member out; nothing happens if it is not there.
  void erase(std::string_view key);

  [[nodiscard]] Location location() const { return location_; }
  void set_location(Location at) { location_ = at; }

  /// Equal content; locations do not count, member order does.
  bool operator==(const Value& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
  Location location_;
};

struct Value::Member {
  std::string key;
  Value value;
  Location key_location;
  bool operator==(const Member& other) const { return key == other.key && value == other.value; }
};

inline Value::Value() = default;
inline Value::Value(bool value) : data_(value) {}
inline Value::Value(int value) : data_(std::int64_t{value}) {}
inline Value::Value(std::int64_t value) : data_(value) {}
inline Value::Value(double value) : data_(value) {}
inline Value::Value(const char* value) : data_(std::string(value)) {}
inline Value::Value(std::string value) : data_(std::move(value)) {}
inline Value::Value(std::string_view value) : data_(std::string(value)) {}
inline Value::Value(Array value) : data_(std::move(value)) {}
inline Value Value::array() { return Array{}; }

/// Documents above this are refused before they are parsed.
inline constexpr std::size_t kDocumentBytesMax = std::size_t{8} << 20;
inline constexpr int kDocumentDepthMax = 64;

/// Strict JSON (RFC 8259). Errors name line and column. Duplicate member names are refused.
Result<Value> parse_json(std::string_view text);

/// YAML 1.2 core schema, one document; JSON is read too. Errors name line and column. Duplicate
/// keys, keys that are no text, and documents above the limits are refused.
Result<Value> parse_yaml(std::string_view text);

/// Compact with indent < 0, else with that many spaces per level. Text that is no UTF-8 is escaped.
std::string to_json(const Value& value, int indent = -1);
std::string to_yaml(const Value& value);

}  // namespace lw
