// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "server/logs/service.h"

namespace lw::server::logs {

/// What a caller asks for beside the rows, with the header Prefer.
struct Wishes {
  Seconds wait = kWaitDefault;
  bool statistics = false;
  bool render = false;
};
/// "wait=60, include-statistics=true,include-render=true"; what is not known is passed over.
Wishes parse_prefer(std::string_view header);

/// {"tables":[{"name":"PrimaryResult","columns":[…],"rows":[…]}]} with statistics and render if
/// wished, and a PartialError if rows were cut off. Pure.
std::string answer_text(const Reply& reply, const Wishes& wishes);

/// How a query is run: SQL, what of it reached the tables, the engine's plan.
Value explanation(const Reply& reply);

}  // namespace lw::server::logs
