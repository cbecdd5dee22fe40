// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "io/http_server.h"
#include "server/control.h"
#include "server/snapshot.h"
#include "server/token_scope.h"

namespace lw::server {

/// What changed between two revisions of the live states.
struct LiveChanges {
  std::uint64_t revision = 0;       ///< what a client has seen that got these rows
  std::uint64_t plan_revision = 0;  ///< LiveState::plan_revision()
  Timestamp at{};
  bool is_all = true;  ///< no further rows wait
  struct Row {
    TestId id;
    TestMoment moment;
  };
  std::vector<Row> rows;
};

/// "event: rows" with all rows of `changes` (api/openapi.yaml). Pure.
std::string rows_event(const LiveChanges& changes);

/// Tells browsers what changes, by server-sent events (HTML standard, 9.2): each second at most a
/// frame of the rows that changed since the client's last. A client is never waited for: one that
/// is slow gets fewer and larger frames, since each test remembers when it changed last, and one
/// that takes nothing for a while is cut off. One thread of its own.
class Streams {
 public:
  static constexpr std::size_t kClientsMax = 300;

  /// Both must outlive it.
  Streams(Control& control, const Clock& clock);
  ~Streams();
  void start();
  /// Ends all streams; control must have been stopped before or still run.
  void stop();

  /// Any thread. The stream begins with what changed after `since`, or with what changes from now
  /// on. `is_welcome` is asked now and then whether it may go on; on the thread of the streams.
  /// It tells of tests that `scope` covers.
  void open(io::HttpResponder responder, std::optional<std::uint64_t> since,
            std::shared_ptr<const TokenScope> scope, std::function<bool()> is_welcome);
  /// Runs `work` on the streams' thread: what is made of the live states and is too long for the
  /// control loop. Any thread; false if too much waits.
  bool run(std::function<void()> work) { return work_.push(std::move(work)); }

 private:
  struct Client {
    io::HttpResponder responder;
    std::uint64_t revision = 0;  ///< what it has seen
    std::shared_ptr<const TokenScope> scope;
    std::function<bool()> is_welcome;
    std::optional<Instant> full_since = {};
  };
  struct Opening {
    Client client;
    std::uint64_t revision = 0;  ///< now
    std::size_t rows = 0;
    bool must_begin_anew = false;
  };

  void loop();
  void tick();
  void beat();
  void add(Opening opening);
  void ask();
  /// Changes since a revision, as who sees them; null: who sees all.
  using View = std::pair<std::uint64_t, const TokenScope*>;
  using Views = std::map<View, LiveChanges>;
  using Pasts =
      std::map<std::uint64_t, std::set<std::shared_ptr<const TokenScope>>, std::greater<>>;
  [[nodiscard]] static Views changes_since(const Control& control, const Pasts& pasts,
                                           Timestamp now);
  static View view_of(const Client& client);
  void deliver(const Views& changes);
  /// False if the client is to be forgotten.
  bool send(Client& client, const std::string& text);
  bool wake(Client& client);

  Control& control_;
  const Clock& clock_;
  std::vector<Client> clients_;
  Instant next_tick_{};
  Instant next_beat_{};
  std::optional<Instant> asked_;  ///< while the control loop is to tell what changed
  Channel<std::function<void()>> work_{1'000, WhenFull::Refuse};  ///< HTTP, control → streams
  Thread thread_;
};

}  // namespace lw::server
