// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lw::kql {

/// The primitives that SQL has in another meaning than KQL (docs/kql.md): `kql_bin(x, r)`,
/// `kql_real_str(x)` … The translator writes them as calls; before the text leaves, each call is
/// replaced by the primitive's body, so that the engine keeps no state for us.

/// `body` with $1, $2 … replaced by `arguments` ($* by all, joined with commas). An argument that
/// is used several times and is no mere name or literal is computed once, in a lambda. Names in the
/// body that end with '_' belong to its lambdas and become new ones, numbered from `counter`.
std::string apply_template(std::string_view body, std::span<const std::string> arguments,
                           int& counter);

/// All calls replaced; nothing if the text would grow above `bytes_max`.
std::optional<std::string> expand_library(std::string_view sql, std::size_t bytes_max);

/// The names of the primitives, for tests.
std::span<const std::string_view> library_names();

}  // namespace lw::kql
