// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/time.h"
#include "migrate/report.h"

namespace lw::migrate {

/// A plain value as text: "443" for 443, "true" for true; empty for lists, objects and null.
std::string text_of(const Value& value);
/// A number, or a text that is one.
std::optional<double> number_of(const Value& value);
/// true and false, as such or as text.
std::optional<bool> flag_of(const Value& value);
/// The items of a list; a single value counts as a list of one; null and missing as none.
std::vector<Value> items_of(const Value* value);
/// "90s", "1m30s", "500ms", "1d": as Prometheus writes durations.
std::optional<Milliseconds> parse_duration(std::string_view text);

/// JSON or YAML. The error names `file`, line and column.
Result<Value> parse_document(std::string_view text, std::string_view file);

/// Reads the settings of one object of a foreign document: what nobody has asked for when finish()
/// is called is reported as lost. The object and the report must outlive it.
class Settings {
 public:
  Settings(const Value& object, std::string path, std::string_view file, Report& report);

  /// The setting, unless it is missing or null.
  const Value* find(std::string_view key);
  std::string text(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  std::optional<double> number(std::string_view key);
  std::optional<Milliseconds> duration(std::string_view key);
  /// The members of an object as texts.
  std::vector<std::pair<std::string, std::string>> pairs(std::string_view key);

  /// Known, and without meaning here.
  void ignore(std::string_view key) { known_.insert(std::string(key)); }
  /// Known, and not carried over, unless it says nothing (false, empty, null).
  void lose(std::string_view key, const std::string& why);
  /// A loss at that setting, or at the object if it is not there.
  void loss(std::string_view key, const std::string& message);
  void note(std::string_view key, const std::string& message);
  void finish();

 private:
  [[nodiscard]] Location at(std::string_view key) const;
  void wrong_kind(std::string_view key, std::string_view wanted);

  const Value& object_;
  std::string path_;
  std::string file_;
  Report& report_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace lw::migrate
