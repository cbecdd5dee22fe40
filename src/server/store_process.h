// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "base/supervisor.h"
#include "server/server.h"
#include "store/client.h"

namespace lw::server {

/// The store that this server works with: a linewatch-store that it starts and keeps alive, or an
/// external ClickHouse that it only knows the address of. step() belongs to the main thread.
class StoreProcess {
 public:
  static Result<std::unique_ptr<StoreProcess>> create(const ServerConfig& config);
  StoreProcess(const StoreProcess&) = delete;
  StoreProcess& operator=(const StoreProcess&) = delete;

  void step(Instant now);
  void stop() { supervisor_.stop(); }
  [[nodiscard]] const store::ClientConfig& client() const { return client_; }
  /// For queries of users: somebody who can read and do nothing else. What an external store is to
  /// be told for that goes with each statement.
  [[nodiscard]] store::ClientConfig reader() const;
  [[nodiscard]] store::NamedValues reader_settings() const;
  /// "embedded", or the URL.
  [[nodiscard]] const std::string& description() const { return description_; }
  /// Why the store is not running now; empty when it is. Any thread.
  [[nodiscard]] std::string problem() const;

 private:
  StoreProcess();
  Guarded<std::string> problem_{std::string()};
  Supervisor supervisor_;
  store::ClientConfig client_;
  std::string reader_password_;  ///< of our own store
  std::string description_;
};

}  // namespace lw::server
