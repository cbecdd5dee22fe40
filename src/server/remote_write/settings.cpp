// SPDX-License-Identifier: Apache-2.0
#include "server/remote_write/settings.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/files.h"
#include "base/text.h"

namespace lw::server::remote_write {
namespace {

constexpr std::size_t kTargetsMax = 10;

std::unexpected<Error> wrong(const std::string& where, const std::string& what) {
  return fail(ErrorCode::InvalidInput, fmt::format("remote write, {}: {}", where, what));
}

Result<void> check_keys(const Value& value, const std::string& where,
                        const std::vector<std::string_view>& known) {
  if (!value.is_object()) return wrong(where, "expected a block of settings");
  for (const Value::Member& member : value.as_object()) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    return wrong(where, fmt::format("there is no `{}`; known are {}", printable(member.key, 60),
                                    fmt::join(known, ", ")));
  }
  return {};
}

Result<std::string> text_of(const Value& value, const std::string& key, const std::string& where) {
  const Value* const found = value.find(key);
  if (found == nullptr) return std::string();
  if (found->is_string() && is_printable(found->as_string())) return found->as_string();
  return wrong(where, fmt::format("`{}` must be text", key));
}

Result<std::int64_t> number_of(const Value& value, const std::string& key, const std::string& where,
                               std::int64_t otherwise, std::int64_t max) {
  const Value* const found = value.find(key);
  if (found == nullptr) return otherwise;
  if (found->is_int() && found->as_int() >= 1 && found->as_int() <= max) return found->as_int();
  return wrong(where, fmt::format("`{}` must be a whole number from 1 to {}", key, max));
}

Result<Labels> texts_of(const Value& value, const std::string& key, const std::string& where) {
  Labels texts;
  const Value* const found = value.find(key);
  if (found == nullptr) return texts;
  if (!found->is_object()) return wrong(where, fmt::format("`{}` must be names with texts", key));
  for (const Value::Member& member : found->as_object()) {
    const bool is_fine = member.value.is_string() && is_printable(member.value.as_string()) &&
                         is_printable(member.key) && !member.key.empty();
    if (!is_fine) return wrong(where, fmt::format("`{}` must be names with texts", key));
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

Result<void> read_security(const Value& value, const std::string& where, Target& target) {
  target.token_file = TRY(text_of(value, "bearerTokenFile", where));
  target.authority_file = TRY(text_of(value, "caFile", where));
  const Value* const basic = value.find("basicAuth");
  if (basic == nullptr) return {};
  TRY(check_keys(*basic, where + ".basicAuth", {"username", "passwordFile"}));
  target.user = TRY(text_of(*basic, "username", where));
  target.password_file = TRY(text_of(*basic, "passwordFile", where));
  if (target.user.empty() || target.password_file.empty()) {
    return wrong(where, "`basicAuth` needs `username` and `passwordFile`");
  }
  if (!target.token_file.empty()) {
    return wrong(where, "use either `basicAuth` or `bearerTokenFile`");
  }
  return {};
}

Result<Target> read_target(const Value& value, const std::string& where) {
  TRY(check_keys(value, where,
                 {"name", "url", "basicAuth", "bearerTokenFile", "caFile", "headers", "labels",
                  "samplesPerRequest", "samplesWaitingMax", "timeoutSec"}));
  Target target;
  target.url = TRY(text_of(value, "url", where));
  if (!target.url.starts_with("http://") && !target.url.starts_with("https://")) {
    return wrong(where, "`url` must be like https://prometheus:9090/api/v1/write");
  }
  target.name = TRY(text_of(value, "name", where));
  if (target.name.empty()) target.name = short_url(target.url);
  TRY(read_security(value, where, target));
  target.headers = TRY(texts_of(value, "headers", where));
  target.labels = TRY(texts_of(value, "labels", where));
  for (const auto& [name, text] : target.labels) {
    if (!is_label_name(name)) return wrong(where, fmt::format("`{}` is no label's name", name));
  }
  const auto number = [&](const char* key, std::size_t otherwise, std::int64_t max) {
    return number_of(value, key, where, static_cast<std::int64_t>(otherwise), max);
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
  TRY(check_keys(document, "the file", {"intervalSec", "targets"}));
  Settings settings;
  settings.interval = Seconds(
      TRY(number_of(document, "intervalSec", "the file", settings.interval.count(), 3'600)));
  const Value* const targets = document.find("targets");
  if (targets == nullptr || !targets->is_array() || targets->as_array().empty() ||
      targets->as_array().size() > kTargetsMax) {
    return wrong("the file", fmt::format("`targets` must be a list of 1 to {}", kTargetsMax));
  }
  for (std::size_t i = 0; i < targets->as_array().size(); ++i) {
    Target target = TRY(read_target(targets->as_array()[i], fmt::format("targets[{}]", i)));
    if (std::ranges::find(settings.targets, target.name, &Target::name) != settings.targets.end()) {
      return wrong(fmt::format("targets[{}]", i), "another target has that name; give it a `name`");
    }
    settings.targets.push_back(std::move(target));
  }
  return settings;
}

Result<Settings> read_settings_file(const std::string& path) {
  const auto document = parse_yaml(TRY(read_file(path)));
  if (!document) return std::unexpected(document.error().during(path));
  auto settings = read_settings(*document);
  if (!settings) return std::unexpected(settings.error().during(path));
  return settings;
}

}  // namespace lw::server::remote_write
