// SPDX-License-Identifier: Apache-2.0
#include "server/logs/failure.h"

#include <fmt/core.h>

#include "base/log.h"

namespace lw::server::logs {
namespace {

// ClickHouse's numbers.
constexpr int kTimeout = 159;
constexpr int kTooManyRows = 158;
constexpr int kMemory = 241;
constexpr int kTooLarge = 396;
constexpr int kCancelled = 394;
constexpr int kDivision = 153;
constexpr int kBadRegex = 427;
constexpr int kTooManyQueries = 202;

Failure limit(int status, const std::string& code, const std::string& inner,
              const std::string& message) {
  return {.status = status,
          .code = code,
          .message = message,
          .inner = Value::object({{"code", inner}, {"message", message}})};
}

Value fault_value(const kql::Diagnostic& fault) {
  return Value::object({{"code", std::string(code_of(fault.fault))},
                        {"message", fault.message},
                        {"line", fault.line},
                        {"pos", fault.column},
                        {"token", fault.token}});
}

}  // namespace

std::string engine_error_name(std::string_view message) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  for (auto open = message.rfind('('); open != std::string_view::npos && open > 1;
       open = message.rfind('(', open - 1)) {
    const std::string_view rest = message.substr(open + 1);
    const auto end = rest.find_first_not_of(kLetters);
    const bool is_name = end != std::string_view::npos && rest[end] == ')' && end >= 5 &&
                         end <= 60 && message.substr(open - 2, 2) == ". ";
    if (is_name) return std::string(rest.substr(0, end));
  }
  return {};
}

Value to_document(const Failure& failure) {
  Value error;
  error.set("message", failure.message);
  error.set("code", failure.code);
  if (!failure.inner.is_null()) error.set("innererror", failure.inner);
  if (!failure.details.is_null()) error.set("details", failure.details);
  return Value::object({{"error", std::move(error)}});
}

Failure bad_argument(const std::string& code, const std::string& message) {
  return {.status = 400,
          .code = "BadArgumentError",
          .message = "The request had some invalid properties",
          .inner = Value::object({{"code", code}, {"message", message}})};
}

Failure insufficient_access() {
  return {.status = 403,
          .code = "InsufficientAccessError",
          .message =
              "The provided credentials have insufficient access to perform the requested "
              "operation"};
}

Failure from_faults(const kql::Diagnostics& faults) {
  if (faults.empty()) return bad_argument("SemanticError", "The query cannot be translated.");
  const kql::Diagnostic& first = faults.front();
  const bool is_syntax = first.fault == kql::Fault::Syntax;
  Value inner = fault_value(first);
  if (is_syntax) {
    inner.set("message", fmt::format("Query could not be parsed at '{}' on line [{},{}]: {}",
                                     first.token, first.line, first.column, first.message));
  }
  Failure failure = bad_argument(
      is_syntax ? "SyntaxError" : "SemanticError",
      is_syntax ? "A recognition error occurred in the query." : "A semantic error occurred.");
  failure.inner.set("innererror", std::move(inner));
  failure.details = Value::array();
  for (const kql::Diagnostic& fault : faults) failure.details.push(fault_value(fault));
  return failure;
}

Failure from_store(const Error& error, int number) {
  switch (number) {
    case kTimeout:
      return limit(504, "GatewayTimeout", "E_QUERY_TIMED_OUT",
                   "The query took longer than it may; ask for less time or fewer rows, or raise "
                   "the limit with the header `Prefer: wait=SECONDS` (at most 600).");
    case kMemory:
      return limit(400, "BadArgumentError", "E_LOW_MEMORY_CONDITION",
                   "The query needs more memory than it may have; ask for less time, or group by "
                   "fewer values.");
    case kTooLarge:
    case kTooManyRows:
      return limit(400, "BadArgumentError", "E_QUERY_RESULT_SET_TOO_LARGE",
                   "The result is larger than 64 MB; ask for fewer rows or columns.");
    case kBadRegex:
      return bad_argument("SemanticError", "A regular expression of the query is not valid.");
    case kDivision:
      return bad_argument("SemanticError", "The query divides by zero.");
    case kTooManyQueries:
      return limit(429, "ThrottledError", "TooManyRequests",
                   "Too many queries are running; try again in some seconds.");
    case kCancelled:
      return limit(499, "Cancelled", "Cancelled", "The query was given up.");
    default:
      break;
  }
  if (error.code == ErrorCode::Unavailable) {
    return limit(503, "ServiceUnavailable", "ServiceUnavailable",
                 "The store does not answer now; try again.");
  }
  // The SQL is ours, so this is a fault of the translation. The engine's words show the SQL.
  log::error("logs", "a translated query failed in the store: " + error.message.substr(0, 1'000));
  const std::string name = engine_error_name(error.message);
  return {.status = 500,
          .code = "InternalServerError",
          .message =
              "The query could not be run; this is a fault of the server, and its log says "
              "more.",
          .inner = Value::object(
              {{"code", "EngineError"},
               {"message", fmt::format("store error {}{}: a fault of the server, whose log says "
                                       "more",
                                       number, name.empty() ? "" : " (" + name + ")")}})};
}

}  // namespace lw::server::logs
