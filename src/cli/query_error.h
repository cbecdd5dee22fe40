// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace lw::cli {

/// What the server says of a query, for people: each fault with line and column, the line itself
/// and a mark under the place. `body` is the JSON of an error answer; empty if it says nothing of
/// the query's text.
std::string explain_query_error(std::string_view query, std::string_view body);

}  // namespace lw::cli
