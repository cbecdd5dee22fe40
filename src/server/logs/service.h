// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "kql/translate.h"
#include "registry/documents.h"
#include "server/logs/failure.h"
#include "server/logs/log_table.h"
#include "server/logs/saved_queries.h"
#include "server/logs/workspaces.h"
#include "server/token_scope.h"
#include "store/client.h"

namespace lw::server::logs {

/// Azure's cap on rows of one answer; more are cut off and said so.
inline constexpr std::size_t kRowsMax = 500'000;
inline constexpr Seconds kWaitDefault{180};
inline constexpr Seconds kWaitMax{600};

/// Takes the rows of an answer piece by piece instead of whole; on the query's thread.
struct RowStream {
  std::function<void(const kql::Translation& translation)> begin;  ///< before any piece
  std::function<bool(std::string_view piece)> take;                ///< false: no more is wanted
};

/// A query and where, of when and how it is to be answered.
struct Question {
  std::string text;
  std::string timespan;                 ///< see parse_timespan
  std::string second_timespan = {};     ///< where both URL and body give one: what is in both
  std::vector<std::string> workspaces;  ///< ids, names or resource ids; at least one
  std::string monitor = {};             ///< see Scope
  /// What the caller may see. Who asks for a monitor's rows was let through by it already; other
  /// workspaces than covered ones are refused.
  std::shared_ptr<const TokenScope> caller = unlimited_scope();
  bool sees_audit = false;      ///< see Scope
  Seconds wait = kWaitDefault;  ///< for the engine
  kql::ResultForm form = kql::ResultForm::Rows;
  std::string format = "RowBinary";  ///< of the engine
  std::size_t rows_max = kRowsMax;
  bool is_explain = false;  ///< how it would be run, instead of rows
  std::optional<RowStream> stream = {};
};

struct Reply {
  kql::Translation translation;
  std::string bytes;  ///< in the question's format; for `explain` the engine's words
  Microseconds translated{0}, executed{0};
};

/// Answers queries of the logs on a few threads of its own: neither HTTP loops nor ingest wait for
/// them. Reads the store as a user who can do nothing else.
class Service {
 public:
  /// `reader` are the credentials of a read-only user, `settings` what goes with each statement.
  Service(store::ClientConfig reader, store::NamedValues settings, const Clock& clock);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  /// Call once, before the rest. `folder` has the registry, in which declared workspaces and saved
  /// queries are kept.
  Result<void> start(const std::string& folder, std::string subscription,
                     std::string default_workspace);
  /// Ends the threads. Whoever still waits is told that the server stops.
  void stop();

  using Done = std::function<void(Outcome<Reply>)>;
  /// Any thread, never blocking; `done` is called once, on a thread of the service or at once.
  /// `is_gone` says that nobody waits for the answer any more; asked about once a second.
  void ask(Question question, std::function<bool()> is_gone, Done done);

  [[nodiscard]] Workspaces& workspaces() { return workspaces_; }
  [[nodiscard]] const Workspaces& workspaces() const { return workspaces_; }
  [[nodiscard]] SavedQueries& saved() { return saved_; }
  [[nodiscard]] const SavedQueries& saved() const { return saved_; }
  [[nodiscard]] Timestamp now() const { return clock_.wall_now(); }
  [[nodiscard]] const std::string& subscription() const { return subscription_; }

 private:
  struct Job {
    Question question;
    std::function<bool()> is_gone;
    Done done;
  };
  void run();
  Outcome<Reply> answer(const Job& job) const;
  [[nodiscard]] Outcome<Scope> scope_of(const Question& question, std::int64_t now) const;
  Outcome<kql::Translation> translate(const Question& question, const Scope& scope,
                                      std::int64_t now, store::Client& client) const;
  [[nodiscard]] store::Client client_for(const Job& job) const;
  Outcome<std::string> query(store::Client& client, const Question& question,
                             const std::string& sql) const;
  Outcome<std::string> stream(store::Client& client, const Question& question,
                              const std::string& sql) const;
  [[nodiscard]] store::NamedValues settings_for(const Question& question) const;

  const store::ClientConfig reader_;
  const store::NamedValues settings_;
  const Clock& clock_;
  std::string subscription_;
  Guarded<std::optional<registry::Documents>> documents_;
  Workspaces workspaces_;
  SavedQueries saved_;
  Flag stopping_;
  // HTTP loops → query threads
  Channel<Job> jobs_{64, WhenFull::Refuse};
  std::vector<Thread> threads_;
};

}  // namespace lw::server::logs
