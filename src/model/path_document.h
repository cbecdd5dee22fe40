// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "model/path.h"
#include "model/trace.h"

/// Path reports and traces as documents: the one form in which they travel from agent to server,
/// are kept in the store, and are given out by the API and the command line (`PathReport` in
/// api/openapi.yaml). Times are ISO 8601, durations milliseconds with microseconds as fraction;
/// what is missing is left out. Pure.
namespace lw {

Value to_document(const PathReport& report);
Value to_document(const PathIssue& issue);
Value to_document(const Trace& trace);

/// Reads what to_document() writes, as another release may have written it: unknown members, labels
/// and kinds of issues are passed over, long texts and lists cut to what the store keeps. Fails,
/// naming the member, on what is no report.
Result<PathReport> read_path_report(const Value& document);

/// The same from and to compact JSON: what spools, messages and the store carry.
std::string encode_path_report(const PathReport& report);
Result<PathReport> decode_path_report(std::string_view json);

}  // namespace lw
