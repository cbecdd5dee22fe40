// SPDX-License-Identifier: Apache-2.0
#include "server/sql/refusal.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "server/logs/failure.h"
#include "server/sql/vocabulary.h"

namespace lw::server::sql {
namespace {

/// Numbers of faults that the engine finds in the statement's text, before it reads a row: names,
/// types and numbers of arguments, aggregates in the wrong place.
constexpr std::array kOfText = {8,  10,  42,  43,  46,  47,  50,  62,
                                63, 179, 184, 207, 215, 352, 386, 456};
constexpr int kUnknownTable = 60;
constexpr int kUnknownDatabase = 81;
constexpr int kTimeout = 159;
constexpr int kTooManyRows = 158;
constexpr int kMemory = 241;
constexpr int kTooManyQueries = 202;
constexpr int kAccessDenied = 497;
constexpr int kReadOnly = 164;
constexpr int kCancelled = 394;
constexpr int kTooLarge = 396;

/// "Syntax error: failed at position 123 (TOKEN): …" counts in the text that the engine was given,
/// behind which our FORMAT stands.
std::string without_position(std::string_view sentence) {
  constexpr std::string_view kBegin = "failed at position ";
  const auto begin = sentence.find(kBegin);
  const auto open = begin == std::string_view::npos ? begin : sentence.find(" (", begin);
  const auto close = open == std::string_view::npos ? open : sentence.find("):", open);
  if (close == std::string_view::npos) return std::string(sentence);
  const std::string_view token = sentence.substr(open + 2, close - open - 2);
  const bool is_ours = token == "FORMAT" || is_answer_format(token);
  const auto expected = sentence.find("Expected one of");
  const std::string_view rest =
      expected == std::string_view::npos ? std::string_view() : sentence.substr(expected, 200);
  return fmt::format("Syntax error at {}. {}", is_ours ? "the end" : fmt::format("`{}`", token),
                     rest);
}

/// The engine's sentence without number, name and version, and without the statement as it was
/// given to the engine, which the caller would not know again.
std::string sentence_in(std::string_view text) {
  constexpr std::string_view kStart = "DB::Exception: ";
  if (const auto at = text.find(kStart); at != std::string_view::npos) {
    text.remove_prefix(at + kStart.size());
  }
  if (const auto name = text.find(". ("); name != std::string_view::npos) {
    text = text.substr(0, name);
  } else {
    text = text.substr(0, text.rfind(" ("));
  }
  for (const char* const begin : {" in scope ", ": In scope ", ". In query "}) {
    text = text.substr(0, text.find(begin));
  }
  return without_position(text.substr(0, 1'000));
}

int status_of(int number) {
  switch (number) {
    case kTooManyQueries:
      return 429;
    case kTimeout:
      return 408;
    case kAccessDenied:
    case kReadOnly:
      return 403;
    case kUnknownTable:
    case kUnknownDatabase:
      return 404;
    default:
      return 400;
  }
}

std::string advice_on(int number) {
  switch (number) {
    case kTimeout:
      return "The query took longer than it may; ask for less time or fewer rows";
    case kMemory:
      return "The query needs more memory than it may have; ask for less time, or group by fewer "
             "values";
    case kTooManyRows:
    case kTooLarge:
      return "The result is larger than 64 MB; ask for fewer rows or columns, or for a format that "
             "is sent in pieces";
    case kTooManyQueries:
      return "Too many queries are running; try again in some seconds";
    case kCancelled:
      return "The query was given up";
    case kAccessDenied:
    case kReadOnly:
      return "This is not to be had over SQL";
    case kUnknownTable:
    case kUnknownDatabase:
      return "There is no such table; SHOW TABLES lists them";
    default:
      return "The query failed while it ran; on which value is not told";
  }
}

}  // namespace

std::string text_of(const Refusal& refusal) {
  return fmt::format("Code: {}. DB::Exception: {}. ({})\n", refusal.number, refusal.message,
                     refusal.name);
}

Refusal syntax_error(const std::string& message) {
  return {.status = 400, .number = 62, .name = "SYNTAX_ERROR", .message = message};
}

Refusal unknown_function(const std::string& name) {
  return {.status = 400,
          .number = 46,
          .name = "UNKNOWN_FUNCTION",
          .message = fmt::format("There is no function `{}` here", name.substr(0, 100))};
}

Refusal access_denied(const std::string& message) {
  return {.status = 403, .number = kAccessDenied, .name = "ACCESS_DENIED", .message = message};
}

Refusal unknown_database(const std::string& name) {
  return {.status = 404,
          .number = 81,
          .name = "UNKNOWN_DATABASE",
          .message = fmt::format("There is no database `{}`; a database is a workspace",
                                 name.substr(0, 100))};
}

Refusal unknown_table(const std::string& name) {
  return {.status = 404,
          .number = 60,
          .name = "UNKNOWN_TABLE",
          .message =
              fmt::format("There is no table `{}`; SHOW TABLES lists them", name.substr(0, 100))};
}

Refusal result_too_large() {
  return {.status = 400,
          .number = kTooLarge,
          .name = "TOO_MANY_ROWS_OR_BYTES",
          .message = advice_on(kTooLarge)};
}

Refusal from_store(const Error& error, int number) {
  if (number == 0) {
    return {.status = 503,
            .number = 210,
            .name = "NETWORK_ERROR",
            .message = "The store does not answer now; try again"};
  }
  const bool is_of_text = std::ranges::find(kOfText, number) != kOfText.end();
  const std::string name = logs::engine_error_name(error.message);
  return {.status = status_of(number),
          .number = number,
          .name = name.empty() ? "UNKNOWN_EXCEPTION" : name,
          .message = is_of_text ? sentence_in(error.message) : advice_on(number)};
}

}  // namespace lw::server::sql
