// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/channel.h"
#include "io/http_server.h"
#include "store/host/pool.h"
#include "store/host/reaper.h"

namespace lw::store::host {

struct FrontConfig {
  std::string database;
  std::string user;  ///< may do everything that the engine's grants allow
  std::string password;
  std::string reader_password;  ///< of the user `reader`; empty: there is no such user
};

/// ClickHouse's HTTP interface in front of the engine: what its clients send and see, as far as
/// documented. Sessions, compression and external tables are refused. The handler runs on HTTP
/// threads and only checks and queues.
class HttpFront {
 public:
  /// `memory_failures` gets an item whenever a statement met a memory limit. `reaper`, if there is
  /// one, ends queries whose client has left. All must outlive this.
  HttpFront(FrontConfig config, Pool& pool, Channel<bool>& memory_failures,
            Reaper* reaper = nullptr)
      : config_(std::move(config)),
        pool_(pool),
        memory_failures_(memory_failures),
        reaper_(reaper) {}

  void handle(io::HttpRequest request, const io::HttpResponder& responder);

 private:
  struct Task;
  [[nodiscard]] Answer authenticate(const io::HttpRequest& request, Role& role) const;
  void run(Session& session, const Task& task) const;
  Answer execute(Connection& connection, const Task& task, bool& streamed) const;
  Answer stream(Connection& connection, const Task& task, const Statement& statement,
                bool& streamed) const;

  FrontConfig config_;
  Pool& pool_;
  Channel<bool>& memory_failures_;
  Reaper* const reaper_;
};

}  // namespace lw::store::host
