// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lw::cli {

/// Takes the server's answer to a query in pieces and writes it as the user wants it.
class QueryOutput {
 public:
  QueryOutput() = default;
  QueryOutput(const QueryOutput&) = delete;
  QueryOutput& operator=(const QueryOutput&) = delete;
  virtual ~QueryOutput() = default;
  /// False if no more is wanted.
  virtual bool take(std::string_view piece) = 0;
  /// The answer is complete.
  virtual Result<void> end() = 0;
};

/// What the server is asked for so that `output` (table, json, …) can be made of it.
std::string_view server_format(std::string_view output);
bool is_binary_format(std::string_view output);

/// `file` belongs to the caller.
std::unique_ptr<QueryOutput> make_query_output(std::string_view output, std::FILE* file);

/// Rows of RFC 4180 out of pieces of text.
class CsvReader {
 public:
  using Row = std::vector<std::string>;
  /// The rows that are complete now.
  std::vector<Row> take(std::string_view piece);

 private:
  enum class State { Plain, Quoted, QuoteInQuoted };
  State state_ = State::Plain;
  Row row_;
  std::string cell_;
};

}  // namespace lw::cli
