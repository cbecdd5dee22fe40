// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "io/http_server.h"
#include "server/sql/refusal.h"
#include "store/client.h"

namespace lw::server::sql {

/// Whether a request's target is one of the SQL interface: "/sql", or below it.
bool is_sql_target(std::string_view target);

/// What stands for `Authorization: Bearer TOKEN` in a request of a ClickHouse client: the password,
/// be it in X-ClickHouse-Key or in Basic authorization. As it is if there is none of these.
std::string authorization_of(const io::HttpRequest& request);

/// What ClickHouse's HTTP interface reads from a request, credentials aside.
struct Request {
  std::string text;               ///< the query parameter, then the body on a new line
  std::string database;           ///< empty: none was named
  std::string format;             ///< where the statement has no FORMAT
  std::string query_id;           ///< the client's, if it is harmless in a header; else ours
  store::NamedValues parameters;  ///< of {name:Type}
  store::NamedValues settings;    ///< that may go along
};

/// Settings that change what a client sees go along; those that are hints, or ask for nothing, are
/// passed over; all others are refused.
Outcome<Request> read_request(const io::HttpRequest& request);

}  // namespace lw::server::sql
