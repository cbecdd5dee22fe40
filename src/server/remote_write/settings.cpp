// SPDX-License-Identifier: Apache-2.0
#include "server/remote_write/settings.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "server/settings_block.h"

namespace lw::server::remote_write {
namespace {

constexpr std::size_t kTargetsMax = 10;

const std::string kSubject = "remote write";

Result<Labels> labels_of(const SettingsBlock& block, std::string_view key) {
  Labels texts;
  const Value* const found = block.find(key);
  if (found == nullptr) return texts;
  const auto refusal = [&] {
    return block.wrong(fmt::format("`{}` must be names with texts", key));
  };
  if (!found->is_object()) return refusal();
  for (const Value::Member& member : found->as_object()) {
    const bool is_fine = member.value.is_string() && is_printable(member.value.as_string()) &&
                         is_printable(member.key) && !member.key.empty();
    if (!is_fine) return refusal();
    texts.emplace_back(member.key, member.value.as_string());
  }
  return texts;
}

/// As Prometheus has it (data model, label names); those with two underscores are its own.
bool is_label_name(std::string_view name) {
  const auto is_fit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::ranges::all_of(name, is_fit) &&
         !(name[0] >= '0' && name[0] <= '9') && !name.starts_with("__");
}

/// Without what may be secret.
std::string short_url(const std::string& url) {
  const std::string bare = url.substr(0, url.find_first_of("?#"));
  const auto scheme = bare.find("://");
  const auto slash = bare.find('/', scheme + 3);
  const auto at = bare.rfind('@', slash);
  const bool has_user = at != std::string::npos && at > scheme + 2;
  return has_user ? bare.substr(0, scheme + 3) + bare.substr(at + 1) : bare;
}

Result<void> read_security(const SettingsBlock& block, Target& target) {
  target.token_file = TRY(block.text("bearerTokenFile"));
  target.authority_file = TRY(block.text("caFile"));
  const Value* const value = block.find("basicAuth");
  if (value == nullptr) return {};
  const SettingsBlock basic = TRY(SettingsBlock::open(
      *value, kSubject, block.place() + ".basicAuth", {"username", "passwordFile"}));
  target.user = TRY(basic.text("username"));
  target.password_file = TRY(basic.text("passwordFile"));
  if (target.user.empty() || target.password_file.empty()) {
    return block.wrong("`basicAuth` needs `username` and `passwordFile`");
  }
  if (!target.token_file.empty()) {
    return block.wrong("use either `basicAuth` or `bearerTokenFile`");
  }
  return {};
}

Result<Target> read_target(const Value& value, const std::string& place) {
  const SettingsBlock block =
      TRY(SettingsBlock::open(value, kSubject, place,
                              {"name", "url", "basicAuth", "bearerTokenFile", "caFile", "headers",
                               "labels", "samplesPerRequest", "samplesWaitingMax", "timeoutSec"}));
  Target target;
  target.url = TRY(block.text("url"));
  if (!target.url.starts_with("http://") && !target.url.starts_with("https://")) {
    return block.wrong("`url` must be like https://prometheus:9090/api/v1/write");
  }
  target.name = TRY(block.text("name"));
  if (target.name.empty()) target.name = short_url(target.url);
  TRY(read_security(block, target));
  target.headers = TRY(labels_of(block, "headers"));
  target.labels = TRY(labels_of(block, "labels"));
  for (const auto& [name, text] : target.labels) {
    if (!is_label_name(name)) return block.wrong(fmt::format("`{}` is no label's name", name));
  }
  const auto number = [&](const char* key, std::size_t otherwise, std::int64_t max) {
    return block.number(key, static_cast<std::int64_t>(otherwise), max);
  };
  target.samples_per_request = static_cast<std::size_t>(
      TRY(number("samplesPerRequest", target.samples_per_request, 50'000)));
  target.samples_waiting_max = static_cast<std::size_t>(
      TRY(number("samplesWaitingMax", target.samples_waiting_max, 10'000'000)));
  target.timeout = Seconds(TRY(number("timeoutSec", 30, 300)));
  return target;
}

}  // namespace

Result<Settings> read_settings(const Value& document) {
  const SettingsBlock file =
      TRY(SettingsBlock::open(document, kSubject, "the file", {"intervalSec", "targets"}));
  Settings settings;
  settings.interval = Seconds(TRY(file.number("intervalSec", settings.interval.count(), 3'600)));
  const Value* const targets = file.find("targets");
  if (targets == nullptr || !targets->is_array() || targets->as_array().empty() ||
      targets->as_array().size() > kTargetsMax) {
    return file.wrong(fmt::format("`targets` must be a list of 1 to {}", kTargetsMax));
  }
  for (std::size_t i = 0; i < targets->as_array().size(); ++i) {
    const std::string place = fmt::format("targets[{}]", i);
    Target target = TRY(read_target(targets->as_array()[i], place));
    if (std::ranges::find(settings.targets, target.name, &Target::name) != settings.targets.end()) {
      return fail(
          ErrorCode::InvalidInput,
          fmt::format("{}, {}: another target has that name; give it a `name`", kSubject, place));
    }
    settings.targets.push_back(std::move(target));
  }
  return settings;
}

Result<Settings> read_settings_file(const std::string& path) {
  return read_settings_file_with(path, read_settings);
}

}  // namespace lw::server::remote_write
