// SPDX-License-Identifier: Apache-2.0
#include "cli/known_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"

namespace lw::cli {
namespace {

struct FilterKind {
  const char* key;   ///< in the query
  const char* noun;  ///< in messages
  const char* path;  ///< of the list that holds all names
  const char* member;
  const char* verb;  ///< that shows that list
};

constexpr std::array<FilterKind, 4> kFilterKinds = {{
    {"connectionMonitor", "connection monitor", "/api/v1/connection-monitors", "name", "monitors"},
    {"testGroup", "test group", "/api/v1/test-groups", "testGroup", "test-groups"},
    {"source", "source", "/api/v1/tests", "source", "tests"},
    {"destination", "destination", "/api/v1/tests", "destination", "tests"},
}};

Result<std::vector<std::string>> names_of(ApiClient& client, const FilterKind& kind) {
  const Value body = TRY(client.get(kind.path, {{"limit", "100000"}}));
  const Value* const list = body.find("value");
  std::set<std::string> names;
  if (list != nullptr && list->is_array()) {
    for (const Value& item : list->as_array()) names.insert(item.text(kind.member));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<void> check_name(ApiClient& client, const FilterKind& kind, const std::string& name) {
  const std::vector<std::string> names = TRY(names_of(client, kind));
  const bool exists = std::ranges::any_of(
      names, [&](const std::string& known) { return equals_ignoring_case(known, name); });
  if (exists) return {};
  const auto near = nearest(name, names);
  return fail(ErrorCode::NotFound,
              fmt::format("no {} `{}`; {}", kind.noun, name,
                          near ? fmt::format("did you mean `{}`?", *near)
                               : fmt::format("see `linewatch get {}`", kind.verb)));
}

}  // namespace

Result<void> check_filter_names(ApiClient& client, const ApiClient::Query& query) {
  for (const auto& [key, name] : query) {
    const auto kind = std::ranges::find_if(
        kFilterKinds, [&key](const FilterKind& candidate) { return key == candidate.key; });
    if (kind != kFilterKinds.end() && !name.empty()) TRY(check_name(client, *kind, name));
  }
  return {};
}

}  // namespace lw::cli
