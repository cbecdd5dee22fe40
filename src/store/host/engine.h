// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/host/chdb_api.h"

namespace lw::store::host {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// What a statement gave: the document, or ClickHouse's error number and text.
struct Answer {
  int code = 0;  ///< 0: fine
  std::string error;
  std::string body;
  double elapsed_seconds = 0;
  std::uint64_t result_rows = 0, read_rows = 0, read_bytes = 0, written_rows = 0, written_bytes = 0;
};

struct Statement {
  std::string_view sql;
  std::string_view format;
  NamedValues parameters;
};

/// Reader: limits, read-only, and only for single reading statements (see `classify`).
enum class Role { Writer, Reader };

/// A session of the engine. One statement at a time and one thread at a time. After an error it
/// flushes itself, since what a failed statement had written would come out with the next answer,
/// and a cancelled query stays listed until the next statement.
class Connection {
 public:
  Connection(const ChdbApi& api, ChdbConnection* handle) : api_(api), handle_(handle) {}
  ~Connection() { api_.close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Answer query(const Statement& statement);
  /// Hands the document over in pieces as they come; `sink` returns false to stop. Only for formats
  /// without header, whose pieces can be joined. The answer's body stays empty.
  Answer stream(const Statement& statement, const std::function<bool(std::string)>& sink);
  /// Runs an INSERT without FORMAT clause with `data` in `statement.format`.
  Answer insert(const Statement& statement, std::string_view data);
  [[nodiscard]] ChdbAnalysis classify(std::string_view sql) const;
  /// Makes `database` the current one, if it is not already.
  Answer use(const std::string& database);

 private:
  void flush();
  Answer finish(ChdbResult* result);

  const ChdbApi& api_;
  ChdbConnection* handle_;
  std::string database_;
};

struct EngineConfig {
  std::string library;
  std::string data;      ///< absolute
  std::string database;  ///< created on start; current in every connection
};

/// The engine of this process; there can be one. Any thread may connect.
class Engine {
 public:
  static Result<std::unique_ptr<Engine>> start(const EngineConfig& config);
  /// Over functions that are there already, without control connection. For tests, and `start`.
  Engine(const ChdbApi& api, std::vector<std::string> arguments, std::string database)
      : api_(api), arguments_(std::move(arguments)), database_(std::move(database)) {}

  /// An error's text begins with ClickHouse's number: what the engine said, 36 where the settings
  /// are to blame, 210 where the engine takes no connection at all.
  Result<std::unique_ptr<Connection>> connect(Role role, const NamedValues& settings) const;
  [[nodiscard]] std::string version() const { return api_.version(); }
  /// Stays open as long as the engine is to run; for maintenance.
  Connection& control() { return *control_; }
  void close() { control_.reset(); }

 private:
  std::unique_ptr<Connection> open(Role role, const NamedValues& settings) const;

  ChdbApi api_;
  std::vector<std::string> arguments_;
  std::string database_;
  std::unique_ptr<Connection> control_;
};

/// The N of "Code: N. DB::Exception: …", or 1002 (unknown exception) if it is not there.
int error_number(std::string_view text);

}  // namespace lw::store::host
