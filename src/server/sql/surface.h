// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kql/catalog.h"
#include "server/logs/log_table.h"
#include "server/sql/statement.h"

namespace lw::server::sql {

/// The database in which statements run, beside the store's: it is empty, so that a name that is
/// none of ours is nothing.
std::string sandbox_of(const std::string& database);

/// What the engine has, as in Surface; its databases without ours.
struct EngineNames {
  std::vector<std::string> databases;
  Names functions;
};

/// The log tables (server/logs/log_table.h) as SQL shows them, restricted to `scope`, which has one
/// workspace; they lie in the store's `database`. `catalog` is make_catalog(scope) and must outlive
/// the surface.
Surface make_surface(const logs::Scope& scope, const kql::Catalog& catalog,
                     const std::string& database, EngineNames engine);

/// What the engine itself is to leave out of its tables, whatever a statement says: the setting
/// `additional_table_filters`, for callers of that workspace and the store's `database`. Empty for
/// the default workspace, which has everything. So that no row of another workspace leaves even if
/// the checks of statement.h are wrong.
std::string separation_of(const logs::WorkspaceView& workspace, const std::string& database);

/// The type that a column has in SQL.
std::string sql_type_of(const kql::TableColumn& column);

}  // namespace lw::server::sql
