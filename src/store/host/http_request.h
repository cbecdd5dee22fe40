// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "io/http_server.h"
#include "store/host/engine.h"

namespace lw::store::host {

struct Credentials {
  std::string user;
  std::string password;
  bool given = false;
};

/// From X-ClickHouse-User and -Key, else Basic authorization, else `user` and `password`
/// parameters.
Credentials read_credentials(const io::HttpRequest& request);

/// What ClickHouse's HTTP interface reads from a request, apart from credentials.
struct QueryRequest {
  std::string text;            ///< the query parameter, then the body on a new line
  std::string database;        ///< empty: the default one
  std::string default_format;  ///< "TabSeparated" unless given
  std::string query_id;
  NamedValues parameters;  ///< param_NAME without the prefix
  NamedValues settings;    ///< allowed ones only
  bool wait_end_of_query = false;
  Answer refused;  ///< code not 0: answer this instead of running anything
};
QueryRequest read_query_request(io::HttpRequest&& request, Role role);

/// The status that ClickHouse sends with an error number.
int status_of(int error_number);

/// An error in ClickHouse's form: "Code: 115. DB::Exception: text. (UNKNOWN_SETTING)".
Answer refusal(int code, const std::string& text, const std::string& name);

}  // namespace lw::store::host
