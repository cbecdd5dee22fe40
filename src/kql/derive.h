// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kql/plan.h"

namespace lw::kql {

/// The plan with the columns that follow from a key of the row (TableKey) computed as late as can
/// be: behind a limit; once for each group instead of for each row, where rows are grouped by such
/// columns (first by the key, then by what follows from it, by states of the aggregates); and as
/// the keys that meet a condition, where rows are chosen by such columns. It gives the same rows
/// and columns under the same ids. Null if nothing follows from a key.
PlanPtr derive_late(const Plan& plan);

}  // namespace lw::kql
