// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kql/catalog.h"

namespace lw::server::logs {

/// A stretch of time in ticks (kql/type.h), both ends included.
struct TickSpan {
  std::int64_t from = 0;
  std::int64_t to = kql::kTicksMax;
};

/// A workspace as a query sees it.
struct WorkspaceView {
  std::string id;
  std::string name;
  bool is_default = false;  ///< It has everything.
  int keep_days = 0;        ///< 0: as long as rows are kept.
  std::int64_t oldest = 0;  ///< Ticks, of one query: what is older is not shown.
};

/// Whose rows a query may see, and of which time. Several workspaces: a row that is in two of them
/// comes twice, as their rows' TenantId tells.
struct Scope {
  std::vector<WorkspaceView> workspaces;
  std::string subscription;
  TickSpan span;
  std::string monitor = {};  ///< Of this connection monitor only (its key); empty: of all.
  bool sees_audit = false;   ///< Of an administrator for whom nothing is out of scope.
};

/// A column of a log table. Its SQL sees the store's row as `r`, what is known of the row's test as
/// `f` (store/migrations.cpp, test_facts), and gives the form of docs/kql.md.
struct LogColumn {
  std::string name;
  kql::Type type = kql::Type::String;
  std::string sql;
  bool is_nullable = false;
  /// The string column of test_facts that this is: a condition on it chooses tests.
  std::string fact = {};
  std::string description = {};
  std::vector<std::pair<std::int64_t, std::string>> names = {};  ///< kql::TableColumn::names
  int key = -1;  ///< The place in keys_of_rows() of what it follows from; -1: none.
};

/// Where a log table's rows come from. `rows` is a SELECT with `@` in place of its conditions, and,
/// of rounds, `@*` in place of the columns that are read: they have many, some of them computed.
struct LogSource {
  std::string rows;
  std::string time;          ///< column of the rows before anything is joined; empty: has no time
  bool has_hour_key = true;  ///< the sort key begins with toStartOfHour(time)
  bool by_test = true;       ///< has test_id
  std::string agent = {};    ///< else: the column with an agent's name
  Seconds grain{0};          ///< rows stand for so much time from theirs on
  /// About the server itself: in the default workspace only, and for who sees the audit log.
  bool is_audit = false;
};

struct LogTable {
  std::string name;
  std::string description;
  LogSource source;
  std::vector<LogColumn> columns;

  [[nodiscard]] const LogColumn* find(std::string_view column) const;
};

/// All tables, in the order of lists. Built once; any thread.
const std::vector<LogTable>& log_tables();

// Groups of them, each in a file of its own.
std::vector<LogTable> monitor_tables();    ///< Azure's tables of Connection Monitor
std::vector<LogTable> azure_tables();      ///< NetworkMonitoring, AzureMetrics, Heartbeat
std::vector<LogTable> linewatch_tables();  ///< ours

/// What stands behind FROM for one use of the table.
std::string source_of(const LogTable& table, const kql::TableUse& use, const Scope& scope);

/// LogColumn::key of a column of a table whose rows are of tests.
int key_of_column(const LogColumn& column);
/// The values of rows that columns follow from.
const std::vector<kql::TableKey>& keys_of_rows();

/// The tables as the translator takes them. `scope` must outlive it.
kql::Catalog make_catalog(const Scope& scope);

}  // namespace lw::server::logs
