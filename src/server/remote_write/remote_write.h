// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "server/control.h"
#include "server/metrics_text.h"
#include "server/remote_write/sender.h"

namespace lw::server::remote_write {

/// Pushes the series of /metrics/tests to other systems by Prometheus' remote write: at each
/// interval those of the rounds that came since, with the time when they were measured, and each
/// test's result. Looks at the tests on the control thread, some thousands at a time, so that
/// rounds are not kept waiting; a thread of its own says when, and one for each target sends.
class RemoteWrite {
 public:
  /// Both must outlive it. An error if a target's files cannot be read.
  static Result<std::unique_ptr<RemoteWrite>> start(const Settings& settings, Control& control,
                                                    const Clock& clock);
  /// Control must have been stopped before: its work may be in the middle of a look.
  ~RemoteWrite();

  /// Any thread.
  [[nodiscard]] std::vector<SenderStats> stats() const;

 private:
  /// One look at all tests, in steps.
  struct Look {
    std::vector<TestId> order = {};
    std::size_t next = 0;
    Timestamp now{};
    std::unordered_map<AgentId, Agent> agents = {};
    std::vector<Sample> samples = {};
    std::unordered_map<TestId, Timestamp> told = {};
  };
  RemoteWrite(Control& control, const Clock& clock) : control_(control), clock_(clock) {}
  void run(Seconds interval);
  void begin();
  void go_on(const std::shared_ptr<Look>& look);
  void look_at(const LiveTest& live, const ConnectionMonitor& monitor, Look& look) const;
  void finish(Look& look);

  Control& control_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Sender>> senders_;
  // Of the control thread: the rounds that were told of.
  std::unordered_map<TestId, Timestamp> told_;
  bool is_looking_ = false;
  Channel<int> stop_{1, WhenFull::Refuse};
  Thread thread_;
};

/// What became of samples, for /metrics.
void add_metrics(const std::vector<SenderStats>& all, Timestamp now, MetricsText& metrics);

}  // namespace lw::server::remote_write
