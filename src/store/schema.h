// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/client.h"

namespace lw::store {

/// How long rows may be kept, in days. Each is a class of partitions of its own, so that expired
/// days are dropped as whole files; more classes would multiply the files.
inline constexpr std::array<std::uint16_t, 5> kKeepDays = {7, 30, 90, 365, 730};
/// The smallest class that keeps rows for at least `days`; the largest if none does.
std::uint16_t keep_days_class(int days);

/// The SELECT that makes rows of `m1` out of those in `table`, which has the columns of `rounds`.
std::string minutes_of(std::string_view table);

/// The version of the schema that this program reads and writes.
int schema_version();

/// Brings the store's tables to this program's schema, creating the database if need be. Safe to
/// repeat and after a crash at any point; one process at a time. Refuses a store whose schema is
/// newer than this program. `progress` gets a line for people before each step.
Result<void> migrate(Client& client, const Clock& clock,
                     const std::function<void(std::string_view)>& progress = {});

}  // namespace lw::store
