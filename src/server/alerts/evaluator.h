// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "server/alerts/alerts.h"
#include "server/control.h"
#include "store/client.h"

namespace lw::server::alerts {

/// Judges alert rules when their time has come: asks the control loop for rules and tests, the
/// store for numbers, and hands back what windows say. Brings alerts' changes to the store as well.
/// One thread of its own.
class Evaluator {
 public:
  /// All must outlive it; the control loop must run.
  Evaluator(Control& control, Alerts& alerts, store::ClientConfig config, const Clock& clock);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

 private:
  struct Planned {
    std::shared_ptr<const Plan> plan;
    std::uint64_t revision = 0;
  };
  void run();
  void bring_changes();
  void judge(const Job& job);
  std::optional<Planned> plan_for(const Job& job);
  /// Runs `question` on the control thread and waits for what it gives; nothing at the end.
  template <class Answer, class Question>
  std::optional<Answer> ask(Question question);

  Control& control_;
  Alerts& alerts_;
  const Clock& clock_;
  Flag stopping_;
  store::Client client_;                     ///< of the evaluator's thread
  Channel<int> pause_{1, WhenFull::Refuse};  ///< nothing comes through; closing it ends a wait
  Thread thread_;
};

/// The rule's plan over the tests of now, made on the control thread in steps, so that rounds are
/// not kept waiting. `done` gets it there.
void make_plan(Control& control, const AlertRule& rule, const TokenScope& scope, Timestamp now,
               std::function<void(Plan plan, std::uint64_t plan_revision)> done);

}  // namespace lw::server::alerts
