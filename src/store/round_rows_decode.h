// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "store/native.h"
#include "store/round_rows.h"

/// The way back from encode_native: rows of `rounds` in RowBinary to rounds, check for check.
namespace lw::store {

/// What to SELECT so that read_round can read each row.
std::string readable_round_columns();
StoredRound read_round(RowReader& row);

/// agent_id, spool_id, sequence.
RoundOrigin read_origin(RowReader& row);
/// reason_code, reason_observed, reason_limit, reason; of `rounds`: still packed (reason_text.h).
Reason read_reason(RowReader& row);

}  // namespace lw::store
