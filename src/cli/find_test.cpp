// SPDX-License-Identifier: Apache-2.0
#include "cli/find_test.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "cli/table.h"

namespace lw::cli {

Result<std::string> find_test(ApiClient& client, const std::string& text) {
  const Value found = TRY(client.get("/api/v1/tests", {{"limit", "100000"}}));
  std::vector<const Value*> fitting;
  const std::string wanted = to_lower(text);
  for (const Value& test : found.find("value")->as_array()) {
    if (field(test, "id") == text) return text;
    std::string name;
    for (const char* key :
         {"connectionMonitor", "testGroup", "source", "destination", "testConfiguration"}) {
      name += (name.empty() ? "" : "/") + test.text(key);
    }
    // The whole name is one test's, whatever longer names begin with it.
    if (to_lower(name) == wanted) return test.text("id");
    // As the table shows it, too.
    const std::string shown = test.text("source") + " → " + test.text("destination");
    const bool is_in_either = to_lower(name).find(wanted) != std::string::npos ||
                              to_lower(shown).find(wanted) != std::string::npos;
    if (is_in_either) fitting.push_back(&test);
  }
  if (fitting.size() == 1) return fitting.front()->text("id");
  if (fitting.empty()) {
    return fail(ErrorCode::NotFound,
                fmt::format("no test has `{}` in its name; see `linewatch get tests`", text));
  }
  std::string message = fmt::format("`{}` fits {} tests; name one:", text, fitting.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(fitting.size(), 10); ++i) {
    const Value& test = *fitting[i];
    message += fmt::format("\n  {}  {} → {}, {}", test.text("id"), test.text("source"),
                           test.text("destination"), test.text("testConfiguration"));
  }
  return fail(ErrorCode::InvalidInput, message);
}

}  // namespace lw::cli
