// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kql/catalog.h"
#include "kql/diagnostic.h"
#include "kql/saved.h"
#include "kql/type.h"

namespace lw::kql {

/// A column of a result. In the SQL's result it stands at the same place, in the form of
/// docs/kql.md: a datetime as ticks, a dynamic as JSON text, and so on.
struct ResultColumn {
  std::string name;
  Type type = Type::String;
};

/// What `render` said. It changes nothing in the rows.
struct Render {
  std::string kind;  ///< "timechart"; empty: there was no render.
  std::vector<std::pair<std::string, std::string>> properties;
};

/// For `explain`: what the translation did.
struct Statistics {
  std::size_t query_bytes = 0;
  std::size_t sql_bytes = 0;
  std::size_t operators = 0;  ///< Bound ones; a table of `let` counts at each use.
  std::vector<std::string> tables;
  /// "TimeGenerated at least 2024-05-06T07:00:00.0000000Z", one for each restriction of a table.
  std::vector<std::string> restrictions;
};

/// One result of a query as SQL.
struct Translation {
  /// If set, `sql` is not the query yet: its columns depend on data (bag_unpack, pivot). Run `sql`,
  /// put the rows (all cells as text) into Options::answers under this key, and translate again.
  std::string question;
  std::string sql;
  std::string plan_sql;  ///< The same with the library's primitives as calls: for `explain`.
  std::vector<ResultColumn> columns;
  Render render;
  Statistics statistics;
};

/// How the result's columns leave the engine.
enum class ResultForm {
  Ticks,  ///< As docs/kql.md has them inside a query, under names of no meaning.
  /// The same, but strings are String and all others Nullable of their type, whatever the query is:
  /// so that RowBinary can be read without asking for types.
  Rows,
  /// Under their KQL names and as the engine's own types, for its file formats: a datetime as
  /// DateTime64(6, 'UTC'), since Parquet's 100 ns end in 2262; a bool as Bool, a timespan as text.
  Named,
};

/// The cells of the rows that answered a question, as text.
using Answer = std::vector<std::vector<std::string>>;

struct Options {
  /// The instant of now() and ago(), in ticks since 0001-01-01: one for the whole query.
  std::int64_t now = kTicksUnixEpoch;
  /// Rows above this are cut off; 0: none are. One more is asked for, so that the caller sees it.
  std::uint64_t rows_max = 0;
  ResultForm form = ResultForm::Ticks;
  std::map<std::string, Answer> answers;
  std::size_t sql_bytes_max = std::size_t{4} << 20;
  /// Bound operators and expressions; tables and functions of `let` count at each use.
  std::size_t steps_max = 100'000;
  /// Queries that this one may use by name; a `let` of that name comes first.
  std::vector<SavedFunction> functions = {};
  /// Values of `declare query_parameters`, as KQL literals.
  std::map<std::string, std::string> parameters;
};

/// The last tabular statement of `query` as SQL for ClickHouse, or what is wrong with the query.
/// Pure: the same arguments give the same text. Text of the query is in the SQL only as quoted
/// literals. Everything is bounded: by the query's length, its depth, and by `options`.
std::expected<Translation, Diagnostics> translate(std::string_view query, const Catalog& catalog,
                                                  const Options& options);

/// The engine's settings that the SQL relies on, and the parser limits that it needs.
const std::vector<std::pair<std::string, std::string>>& engine_settings();

}  // namespace lw::kql
