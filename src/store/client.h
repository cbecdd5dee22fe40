// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/http_client.h"

namespace lw::store {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// Where the store is: linewatch-store on this machine or a ClickHouse server.
struct ClientConfig {
  std::string url = "http://127.0.0.1:8123";
  std::string user = "linewatch";
  std::string password;
  std::string database = "linewatch";
  std::string ca_pem;  ///< Trusted roots for https; empty: the system's.
  Milliseconds connect_timeout{2'000};
  Milliseconds timeout{60'000};
  /// Asked about once a second while a request waits; true ends it with Unavailable.
  std::function<bool()> give_up = {};
};

/// Speaks ClickHouse's HTTP interface. Blocks; one thread at a time, so each thread makes its own.
/// Errors carry ClickHouse's text ("Code: 60. DB::Exception: …"). NoSpace: the store's disk is
/// full. Unavailable: no connection, a time-out, or the store is overloaded; trying again may help.
class Client {
 public:
  explicit Client(ClientConfig config) : config_(std::move(config)) {}

  /// Runs one statement and gives its document, whole or not at all. `parameters` are the values of
  /// `{name:Type}` in the SQL, written as ClickHouse reads them from a TSV field.
  Result<std::string> query(const std::string& sql, const NamedValues& parameters = {},
                            const NamedValues& settings = {});
  /// Hands the document over in pieces as they come, for formats without header and footer. An
  /// error after the first piece is Unavailable, without the engine's words; `sink` returns false
  /// to stop.
  Result<void> stream(const std::string& sql, const NamedValues& settings,
                      const io::HttpSink& sink);
  /// Sends `bytes` as the data of `sql` ("INSERT INTO t (a, b) FORMAT Native"). Not empty, `token`
  /// makes repeated sending harmless: the table and the views behind it take the rows once.
  Result<void> insert(const std::string& sql, std::string bytes, const std::string& token = {});
  /// True if the server answers at all, whatever the credentials.
  Result<void> ping();

  /// ClickHouse's number of the last error; 0 if there was none or no answer came.
  [[nodiscard]] int last_error_number() const { return last_error_number_; }
  [[nodiscard]] const ClientConfig& config() const { return config_; }

 private:
  Result<std::string> send(const std::string& target, std::string body,
                           const io::HttpSink& sink = {});

  ClientConfig config_;
  io::HttpClient http_;
  int last_error_number_ = 0;
};

/// `text` as a ClickHouse string literal or identifier, quoted and escaped.
std::string quote_text(std::string_view text);
std::string quote_name(std::string_view name);
/// `text` as the value of a String parameter.
std::string escape_parameter(std::string_view text);

}  // namespace lw::store
