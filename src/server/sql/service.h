// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "io/http_server.h"
#include "server/logs/service.h"
#include "server/sql/request.h"
#include "server/sql/surface.h"
#include "server/token_scope.h"
#include "store/client.h"

namespace lw::server::sql {

/// Who asks, and the way to answer.
struct Question {
  Request request;
  std::shared_ptr<const TokenScope> caller = unlimited_scope();
  io::HttpResponder responder;
};

/// Runs SQL of others on a few threads of its own, as docs/sql.md says. Reads the store as a user
/// who can do nothing else.
class Service {
 public:
  /// `reader` are the credentials of a read-only user, `settings` what goes with each statement;
  /// `writer` makes the empty database in which statements run. `logs` knows the workspaces, is
  /// started before the first question and outlives this.
  Service(store::ClientConfig writer, store::ClientConfig reader, store::NamedValues settings,
          const logs::Service& logs, const Clock& clock);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  /// Ends the threads. Whoever still waits is told that the server stops.
  void stop();

  /// Any thread, never blocking; the question's responder is answered once.
  void ask(Question question);

 private:
  struct Worker;
  struct Statement;
  void run();
  Outcome<void> answer(Worker& worker, const Question& question) const;
  static Outcome<std::string> run_whole(store::Client& client, const Statement& statement);
  Outcome<void> run_in_pieces(store::Client& client, const Question& question,
                              const Statement& statement) const;
  [[nodiscard]] store::Client client_for(const Question& question) const;
  [[nodiscard]] Outcome<logs::WorkspaceView> workspace_for(const Question& question) const;
  Outcome<void> get_ready(Worker& worker) const;
  [[nodiscard]] store::NamedValues settings_for(const Request& request,
                                                const logs::WorkspaceView& workspace,
                                                bool in_pieces) const;

  const store::ClientConfig writer_;
  const store::ClientConfig reader_;
  const store::NamedValues settings_;
  const logs::Service& logs_;
  const Clock& clock_;
  Flag stopping_;
  // HTTP loops → SQL threads
  Channel<Question> questions_{64, WhenFull::Refuse};
  std::vector<Thread> threads_;
};

/// Answers with the refusal in ClickHouse's form.
void refuse(const io::HttpResponder& responder, const Refusal& refusal,
            const std::string& query_id);

}  // namespace lw::server::sql
