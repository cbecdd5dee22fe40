// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "model/diagnostic.h"

namespace lw {

/// A value of a document together with where it stands: what the readers of the model pass around.
struct Place {
  const Value* value;  ///< Never null; the document must outlive it.
  std::string path;

  [[nodiscard]] Place item(std::size_t index) const;
  [[nodiscard]] Place member(std::string_view key, const Value& of) const;
};

/// Reads the members of one object by name and reports every fault: a missing key, a wrong kind, a
/// value out of range, and, when finish() is called, each key that nobody asked for with the
/// nearest one that somebody did. A null member counts as missing: clients send them for what is
/// not set.
class ObjectReader {
 public:
  /// A value that is no object is reported here; then every read gives its "missing" answer.
  ObjectReader(Place place, Diagnostics& faults);

  [[nodiscard]] bool is_object() const { return place_.value->is_object(); }
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] std::string path_of(std::string_view key) const;

  std::string text(std::string_view key);
  std::string required_text(std::string_view key, std::string_view advice);
  std::optional<bool> flag(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
  std::optional<double> number(std::string_view key, double min);
  /// The index of the member's text in `names`, whatever its case; a fault names the nearest.
  std::optional<std::size_t> choice(std::string_view key, std::span<const std::string> names);
  /// The items of a list; none if it is missing.
  std::vector<Place> list(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);
  /// The member, if it is there and an object.
  std::optional<Place> object(std::string_view key);
  /// A member that is known but not read.
  void ignore(std::string_view key) { know(key); }

  void fault(std::string_view key, std::string message);
  void finish();

 private:
  void know(std::string_view key);
  const Value* take(std::string_view key);
  void wrong_kind(std::string_view key, const Value& value, std::string_view wanted);

  Place place_;
  Diagnostics& faults_;
  std::vector<std::string> known_;  ///< each once
};

/// The text of an item, or a fault.
std::string item_text(const Place& place, Diagnostics& faults);

}  // namespace lw
