// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/files.h"
#include "base/result.h"

namespace lw::server {

/// One block of a settings file of the server, read strictly: each function returns InvalidInput
/// with the file's subject, the place and what to write instead. A view: the document outlives it.
class SettingsBlock {
 public:
  /// `subject` is what all errors begin with ("remote write"), `place` where the block stands
  /// ("targets[0]"). InvalidInput if the value is no block, or has a key that is not `known`.
  static Result<SettingsBlock> open(const Value& value, std::string subject, std::string place,
                                    const std::vector<std::string_view>& known);

  /// Nothing of that name is empty text.
  [[nodiscard]] Result<std::string> text(std::string_view key) const;
  /// From 1 to `max`; `otherwise` if there is none.
  [[nodiscard]] Result<std::int64_t> number(std::string_view key, std::int64_t otherwise,
                                            std::int64_t max) const;
  /// A list of texts; `otherwise` if there is none.
  [[nodiscard]] Result<std::vector<std::string>> texts(
      std::string_view key, std::vector<std::string> otherwise = {}) const;
  [[nodiscard]] Result<bool> flag(std::string_view key, bool otherwise) const;
  [[nodiscard]] const Value* find(std::string_view key) const { return value_->find(key); }
  [[nodiscard]] std::unexpected<Error> wrong(const std::string& what) const;
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  SettingsBlock(const Value& value, std::string subject, std::string place)
      : value_(&value), subject_(std::move(subject)), place_(std::move(place)) {}

  const Value* value_;
  std::string subject_;
  std::string place_;
};

/// What `read` makes of a YAML file. Errors name the file. Blocks.
template <class Settings>
Result<Settings> read_settings_file_with(const std::string& path,
                                         Result<Settings> (*read)(const Value&)) {
  const auto document = parse_yaml(TRY(read_file(path)));
  if (!document) return std::unexpected(document.error().during(path));
  auto settings = read(*document);
  if (!settings) return std::unexpected(settings.error().during(path));
  return settings;
}

}  // namespace lw::server
