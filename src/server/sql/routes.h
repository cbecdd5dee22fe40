// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/router.h"
#include "server/sql/service.h"

namespace lw::server::sql {

/// /sql: ClickHouse's HTTP interface (docs/sql.md). `service` outlives the router.
void add_routes(api::Router& router, Service& service);

/// 401 or 403, for a caller without a good token.
void refuse_stranger(const io::HttpResponder& responder);

}  // namespace lw::server::sql
