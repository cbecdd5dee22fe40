// SPDX-License-Identifier: Apache-2.0
#include "server/settings_block.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"

namespace lw::server {

std::unexpected<Error> SettingsBlock::wrong(const std::string& what) const {
  return fail(ErrorCode::InvalidInput, fmt::format("{}, {}: {}", subject_, place_, what));
}

Result<SettingsBlock> SettingsBlock::open(const Value& value, std::string subject,
                                          std::string place,
                                          const std::vector<std::string_view>& known) {
  SettingsBlock block(value, std::move(subject), std::move(place));
  if (!value.is_object()) return block.wrong("expected a block of settings");
  for (const Value::Member& member : value.as_object()) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    return block.wrong(fmt::format("there is no `{}`; known are {}", printable(member.key, 60),
                                   fmt::join(known, ", ")));
  }
  return block;
}

Result<std::string> SettingsBlock::text(std::string_view key) const {
  const Value* const found = find(key);
  if (found == nullptr) return std::string();
  if (found->is_string() && is_printable(found->as_string())) return found->as_string();
  return wrong(fmt::format("`{}` must be text", key));
}

Result<std::int64_t> SettingsBlock::number(std::string_view key, std::int64_t otherwise,
                                           std::int64_t max) const {
  const Value* const found = find(key);
  if (found == nullptr) return otherwise;
  if (found->is_int() && found->as_int() >= 1 && found->as_int() <= max) return found->as_int();
  return wrong(fmt::format("`{}` must be a whole number from 1 to {}", key, max));
}

Result<std::vector<std::string>> SettingsBlock::texts(std::string_view key,
                                                      std::vector<std::string> otherwise) const {
  const Value* const found = find(key);
  if (found == nullptr) return otherwise;
  if (!found->is_array()) return wrong(fmt::format("`{}` must be a list of texts", key));
  std::vector<std::string> texts;
  for (const Value& item : found->as_array()) {
    if (!item.is_string() || !is_printable(item.as_string()) || item.as_string().empty()) {
      return wrong(fmt::format("`{}` must be a list of texts", key));
    }
    texts.push_back(item.as_string());
  }
  return texts;
}

Result<bool> SettingsBlock::flag(std::string_view key, bool otherwise) const {
  const Value* const found = find(key);
  if (found == nullptr) return otherwise;
  if (found->is_bool()) return found->as_bool();
  return wrong(fmt::format("`{}` must be true or false", key));
}

}  // namespace lw::server
