// SPDX-License-Identifier: Apache-2.0
// What a table reads of the store, so that no query sees rows of another workspace or time, and the
// engine need not look at rows that no query can use.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>

#include "base/ids.h"
#include "base/text.h"
#include "kql/sql_text.h"
#include "server/logs/log_table.h"
#include "store/client.h"

namespace lw::server::logs {
namespace {

using kql::Restriction;
using kql::TableUse;

// What of a test makes its id: it is the same for ever, whatever else is changed.
constexpr std::array<std::string_view, 6> kLasting = {"monitor",       "monitor_id", "test_group",
                                                      "configuration", "source",     "destination"};

/// Instants beyond which nothing can be stored; the engine's own end later.
constexpr std::int64_t kMicrosMin = 0;
constexpr std::int64_t kMicrosMax = 7'258'118'400'000'000;  // year 2200

std::int64_t micros_until(std::int64_t ticks) {
  const std::int64_t micros = (ticks - kql::kTicksUnixEpoch) / kql::kTicksPerMicrosecond;
  return std::clamp(micros, kMicrosMin, kMicrosMax);
}

/// The first one at or behind that tick.
std::int64_t micros_from(std::int64_t ticks) {
  return micros_until(ticks + kql::kTicksPerMicrosecond - 1);
}

std::string instant(std::int64_t micros) {
  return fmt::format("fromUnixTimestamp64Micro(toInt64({}), 'UTC')", micros);
}

bool is_default(const Scope& scope) {
  return std::ranges::any_of(scope.workspaces, &WorkspaceView::is_default);
}

std::string ids_of(const Scope& scope) {
  std::vector<std::string> ids;
  ids.reserve(scope.workspaces.size());
  for (const WorkspaceView& view : scope.workspaces) ids.push_back(store::quote_text(view.id));
  return "[" + join(ids, ", ") + "]";
}

/// As test_facts has them.
std::string key_of(const WorkspaceView& view) { return store::quote_text(to_lower(view.name)); }

std::string keys_of(const Scope& scope) {
  std::vector<std::string> keys;
  keys.reserve(scope.workspaces.size());
  for (const WorkspaceView& view : scope.workspaces) keys.push_back(key_of(view));
  return "[" + join(keys, ", ") + "]";
}

/// The time that rows can be of: what the request says, what the workspaces still show, and what
/// the query asks for.
TickSpan span_of(const TableUse& use, const Scope& scope) {
  TickSpan span = scope.span;
  std::int64_t oldest = kql::kTicksMax;
  for (const WorkspaceView& view : scope.workspaces) oldest = std::min(oldest, view.oldest);
  span.from = std::max(span.from, oldest);
  for (const Restriction& restriction : use.restrictions) {
    if (restriction.column != "TimeGenerated" || restriction.values.empty()) continue;
    std::int64_t least = kql::kTicksMax, most = 0;
    for (const kql::Constant& value : restriction.values) {
      const auto* const ticks = value.integer();
      if (ticks == nullptr) return span;
      least = std::min(least, *ticks);
      most = std::max(most, *ticks);
    }
    if (restriction.kind != Restriction::Kind::AtMost) span.from = std::max(span.from, least);
    if (restriction.kind != Restriction::Kind::AtLeast) span.to = std::min(span.to, most);
  }
  return span;
}

/// `span` so far that it cuts no row's stretch of time in two.
TickSpan whole_grains(TickSpan span, Seconds grain) {
  const std::int64_t ticks = grain.count() * kql::kTicksPerSecond;
  if (ticks == 0) return span;
  span.from -= span.from % ticks;
  if (span.to < kql::kTicksMax - ticks) span.to += ticks - 1 - span.to % ticks;
  return span;
}

void add_time(std::vector<std::string>& conditions, const LogSource& source, TickSpan span) {
  if (source.time.empty()) return;
  span = whole_grains(span, source.grain);
  const std::string& time = source.time;
  // The key prunes by its own expression only, so the hour is bounded as well; rows need not be
  // compared with it.
  if (const auto from = micros_from(span.from); from > kMicrosMin) {
    conditions.push_back(time + " >= " + instant(from));
    if (source.has_hour_key) {
      conditions.push_back(
          fmt::format("indexHint(toStartOfHour({}) >= toStartOfHour({}))", time, instant(from)));
    }
  }
  if (const auto to = micros_until(span.to); to < kMicrosMax) {
    conditions.push_back(time + " <= " + instant(to));
    if (source.has_hour_key) {
      conditions.push_back(
          fmt::format("indexHint(toStartOfHour({}) <= toStartOfHour({}))", time, instant(to)));
    }
  }
}

/// "'a', 'b'", or nothing if the values are no texts.
std::string texts_of(const Restriction& restriction) {
  std::vector<std::string> texts;
  for (const kql::Constant& value : restriction.values) {
    const auto* const text = value.text();
    if (text == nullptr) return {};
    texts.push_back(store::quote_text(*text));
  }
  return join(texts, ", ");
}

/// The ids of tests in their text form as numbers; what is no id meets no row.
std::string ids_in(const Restriction& restriction) {
  std::vector<std::string> ids = {"0"};
  for (const kql::Constant& value : restriction.values) {
    const auto* const text = value.text();
    if (text == nullptr) return {};
    if (const auto id = parse_hex(*text)) ids.push_back(std::to_string(*id));
  }
  return join(ids, ", ");
}

/// Which tests the query can need.
void add_tests(std::vector<std::string>& conditions, const LogTable& table, const TableUse& use,
               const Scope& scope) {
  for (const Restriction& restriction : use.restrictions) {
    if (restriction.kind != Restriction::Kind::OneOf) continue;
    const LogColumn* const column = table.find(restriction.column);
    if (column == nullptr) continue;
    if (column->name == "TestId") {
      if (const std::string ids = ids_in(restriction); !ids.empty()) {
        conditions.push_back("test_id IN (" + ids + ")");
      }
    } else if (!column->fact.empty() && column->key < 0) {
      if (const std::string texts = texts_of(restriction); !texts.empty()) {
        conditions.push_back(fmt::format(
            "test_id IN (SELECT test_id FROM test_facts WHERE {} IN ({}))", column->fact, texts));
      }
    }
  }
  if (!scope.monitor.empty()) {
    conditions.push_back("test_id IN (SELECT test_id FROM test_facts WHERE monitor = " +
                         store::quote_text(scope.monitor) + ")");
  }
  if (!is_default(scope)) {
    conditions.push_back("test_id IN (SELECT test_id FROM test_facts WHERE hasAny(workspaces, " +
                         keys_of(scope) + "))");
  }
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The columns of the table `alias` that a piece of SQL reads, outside of literals and subqueries.
void collect_columns(std::string_view sql, char alias, std::set<std::string>& columns) {
  for (std::size_t at = 0; at < sql.size();) {
    if (const std::size_t behind = kql::end_of_part(sql, at); behind > at) {
      at = behind;
      continue;
    }
    const std::size_t begin = at;
    while (at < sql.size() && is_word(sql[at])) ++at;
    const bool is_alias = at == begin + 1 && sql[begin] == alias && sql.substr(at).starts_with('.');
    if (at == begin || is_alias) ++at;
    if (!is_alias) continue;
    const std::size_t name = at;
    while (at < sql.size() && is_word(sql[at])) ++at;
    columns.emplace(sql.substr(name, at - name));
  }
}

void collect_facts(std::string_view sql, std::set<std::string>& facts) {
  collect_columns(sql, 'f', facts);
}

bool is_lasting(const std::set<std::string>& facts) {
  return std::ranges::all_of(facts, [](const std::string& fact) {
    return std::ranges::find(kLasting, fact) != kLasting.end();
  });
}

/// One row for each test.
std::string lasting_facts(const std::set<std::string>& facts) {
  std::string list = "test_id";
  for (const std::string& fact : facts) list += ", " + fact;
  return "(SELECT " + list + " FROM test_facts LIMIT 1 BY test_id)";
}

/// Of tests: what stands behind FROM, so that what these pieces of SQL read of a test is there.
std::string join_lasting_facts(std::string_view test, std::span<const std::string> sql) {
  std::set<std::string> facts;
  for (const std::string& piece : sql) collect_facts(piece, facts);
  facts.erase("test_id");
  if (facts.empty()) return {};
  return fmt::format(" LEFT ANY JOIN {} AS f ON f.test_id = {}", lasting_facts(facts), test);
}

/// The tests of which a predicate is true. Nothing is known of some, as in the join above.
std::string tests_with(std::string_view test, std::string_view predicate, bool needs_values) {
  std::set<std::string> facts;
  collect_facts(predicate, facts);
  if (facts.empty() || facts.contains("test_id")) return {};
  if (needs_values) {
    return fmt::format("{} IN (SELECT f.test_id FROM {} AS f WHERE {})", test, lasting_facts(facts),
                       predicate);
  }
  std::string unknown;
  for (const std::string& fact : facts) {
    unknown += (unknown.empty() ? "" : ", ") + ("NULL AS " + fact);
  }
  return fmt::format(
      "({0} IN (SELECT f.test_id FROM {1} AS f WHERE {2}) OR (ifNull((SELECT {2} FROM (SELECT {3}) "
      "AS f), 0) AND {0} NOT IN (SELECT test_id FROM test_facts)))",
      test, lasting_facts(facts), predicate, unknown);
}

/// What was true of the row's test when the row was made.
std::string join_facts(const std::set<std::string>& facts) {
  if (facts.empty()) return {};
  std::string list = "test_id";
  for (const std::string& fact : facts) list += ", " + fact;
  if (is_lasting(facts)) {
    return " LEFT ANY JOIN " + lasting_facts(facts) + " AS f ON f.test_id = r.test_id";
  }
  return " ASOF LEFT JOIN (SELECT " + list +
         ", valid_from FROM test_facts) AS f ON f.test_id = r.test_id AND r.ts >= f.valid_from";
}

/// `rows` with the columns of rounds that columns of the table read. Keys and the time are always
/// there.
std::string with_columns(std::string rows, const LogTable& table, const TableUse& use) {
  constexpr std::string_view kMark = "@*";
  const auto at = rows.find(kMark);
  if (at == std::string::npos) return rows;
  std::set<std::string> columns = {"test_id", "ts", "state", "reason_code"};
  for (const LogColumn& column : table.columns) {
    if (use.reads(column.name)) collect_columns(column.sql, 'r', columns);
  }
  std::string list;
  for (const std::string& column : columns) {
    list += (list.empty() ? "" : ", ") + (column == "reason" ? "reason_text AS reason" : column);
  }
  return rows.replace(at, kMark.size(), list);
}

std::string with_conditions(const std::string& rows, const std::vector<std::string>& conditions) {
  const std::string all = conditions.empty() ? "1" : join(conditions, " AND ");
  std::string sql = rows;
  for (auto at = sql.find('@'); at != std::string::npos; at = sql.find('@', at + all.size())) {
    sql.replace(at, 1, all);
  }
  return sql;
}

/// Rows of agents, who are in a workspace if they run a test of it.
std::string agents_of(const LogSource& source, const Scope& scope) {
  if (source.agent.empty() || (is_default(scope) && scope.monitor.empty())) return {};
  std::vector<std::string> conditions;
  if (!is_default(scope)) conditions.push_back("hasAny(workspaces, " + keys_of(scope) + ")");
  if (!scope.monitor.empty()) conditions.push_back("monitor = " + store::quote_text(scope.monitor));
  return fmt::format("{} IN (SELECT agent FROM test_facts WHERE {})", source.agent,
                     join(conditions, " AND "));
}

/// A row once for each workspace of the scope that has it.
std::string per_workspace(const Scope& scope, const LogSource& source) {
  if (scope.workspaces.size() < 2) return {};
  if (source.is_audit) {
    const auto whole = std::ranges::find_if(scope.workspaces, &WorkspaceView::is_default);
    const std::string id = whole == scope.workspaces.end() ? "" : whole->id;
    return " ARRAY JOIN [" + store::quote_text(id) + "] AS w";
  }
  if (!source.by_test) return " ARRAY JOIN " + ids_of(scope) + " AS w";
  std::vector<std::string> whole;
  for (const WorkspaceView& view : scope.workspaces) {
    if (view.is_default) whole.push_back(store::quote_text(view.id));
  }
  return fmt::format(
      " ARRAY JOIN arrayFilter((id, key) -> has([{}], id) OR has(f.workspaces, key), {}, {}) AS w",
      whole.empty() ? "''" : join(whole, ", "), ids_of(scope), keys_of(scope));
}

}  // namespace

const std::vector<kql::TableKey>& keys_of_rows() {
  static const std::vector<kql::TableKey> kKeys = {
      {.sql = "r.test_id",
       .looked = "f.test_id",
       .at_rows = "test_id",
       .join = join_lasting_facts,
       .condition = tests_with},
      {.sql = "r.state", .looked = {}, .at_rows = {}, .join = {}, .condition = {}},
      {.sql = "r.reason_code", .looked = {}, .at_rows = {}, .join = {}, .condition = {}},
  };
  return kKeys;
}

int key_of_column(const LogColumn& column) {
  std::set<std::string> of_row, facts;
  collect_columns(column.sql, 'r', of_row);
  collect_facts(column.sql, facts);
  if (of_row.empty() && facts.empty()) return -1;
  if (of_row.size() > 1 || !is_lasting(facts)) return -1;
  const std::string key = of_row.empty() ? "test_id" : *of_row.begin();
  if (!facts.empty() && key != "test_id") return -1;
  const auto found = std::ranges::find(keys_of_rows(), "r." + key, &kql::TableKey::sql);
  return found == keys_of_rows().end() ? -1 : static_cast<int>(found - keys_of_rows().begin());
}

std::string source_of(const LogTable& table, const TableUse& use, const Scope& scope) {
  const LogSource& source = table.source;
  std::vector<std::string> conditions;
  add_time(conditions, source, span_of(use, scope));
  if (source.by_test) add_tests(conditions, table, use, scope);
  if (auto agents = agents_of(source, scope); !agents.empty()) conditions.push_back(agents);
  if (source.is_audit && (!is_default(scope) || !scope.monitor.empty())) conditions.push_back("0");
  conditions.insert(conditions.end(), use.conditions.begin(), use.conditions.end());

  std::set<std::string> facts;
  for (const LogColumn& column : table.columns) {
    if (use.reads(column.name)) collect_facts(column.sql, facts);
  }
  const bool is_restricted = source.by_test && !is_default(scope);
  if (is_restricted || (source.by_test && scope.workspaces.size() > 1)) facts.insert("workspaces");
  std::string sql =
      "(" + with_conditions(with_columns(source.rows, table, use), conditions) + ") AS r";
  if (source.by_test) sql += join_facts(facts);
  sql += per_workspace(scope, source);
  if (is_restricted && scope.workspaces.size() == 1) {
    sql += " WHERE has(f.workspaces, " + key_of(scope.workspaces.front()) + ")";
  }
  return sql;
}

}  // namespace lw::server::logs
