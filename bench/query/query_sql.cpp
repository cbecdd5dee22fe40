// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/time.h"
#include "kql/literal.h"
#include "kql/translate.h"
#include "server/logs/log_table.h"

/// query_sql_bench NOW: each line of standard input is a KQL query, each line of standard output
/// {"sql", "settings", "translate_us"} or {"error"}: the SQL that the server would run for it over
/// the default workspace at that instant, what goes with it, and the median time of translating it,
/// catalogue included.
namespace lw::server::logs {
namespace {

constexpr int kTimes = 51;

Value answer_to(const std::string& query, std::int64_t now) {
  const SystemClock clock;
  Scope scope;
  scope.workspaces = {{.id = "w", .name = "default", .is_default = true}};
  kql::Options options;
  options.now = now;
  options.rows_max = 500'000;
  options.form = kql::ResultForm::Rows;
  std::vector<std::int64_t> took;
  std::string sql;
  for (int i = 0; i < kTimes; ++i) {
    const auto begun = clock.now();
    const kql::Catalog catalog = make_catalog(scope);
    const auto translation = kql::translate(query, catalog, options);
    took.push_back(std::chrono::duration_cast<Microseconds>(clock.now() - begun).count());
    if (!translation) return Value::object({{"error", translation.error().front().message}});
    sql = translation->sql;
  }
  std::ranges::sort(took);
  Value settings;
  for (const auto& [name, value] : kql::engine_settings()) settings.set(name, value);
  return Value::object(
      {{"sql", sql}, {"translate_us", took[kTimes / 2]}, {"settings", std::move(settings)}});
}

int run(int argc, char** argv) {
  const auto now = argc == 2 ? kql::datetime_of(argv[1]) : std::nullopt;
  if (!now) {
    std::fputs("query_sql_bench 2026-01-31T00:00:00Z < queries\n", stderr);
    return 2;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << to_json(answer_to(line, *now)) << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace lw::server::logs

int main(int argc, char** argv) { return lw::server::logs::run(argc, argv); }
