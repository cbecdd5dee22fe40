// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "evaluate/alerts.h"
#include "model/action_group.h"
#include "model/alert.h"
#include "notify/notifier.h"
#include "registry/alert_records.h"
#include "server/alerts/plan.h"
#include "server/control.h"
#include "server/token_scope.h"

/// Metric alerts: rules, what fires, and who is told (docs/decisions/0030-metric-alerts.md).
namespace lw::server::alerts {

/// A combination that fires.
struct Firing {
  AlertTrack track;
  Alert alert;
};

/// A rule with what is known of it. Times are ends of windows.
struct Rule {
  registry::StoredResource stored;
  AlertRule model;
  TokenScope scope;                    ///< what its scopes cover
  std::optional<Timestamp> evaluated;  ///< the last window that was judged
  std::string problem;                 ///< why it is not judged as it should be; empty: it is
  bool is_under_way = false;           ///< the evaluator has it
  bool has_changed = false;            ///< since it was last judged
  std::shared_ptr<const Plan> plan;    ///< what it was last judged by
  std::uint64_t plan_revision = 0;     ///< LiveState::plan_revision() of the plan
  std::map<std::string, Firing> firing = {};  ///< by Combination::key()

  [[nodiscard]] const std::string& key() const { return stored.name; }
};

struct Group {
  registry::StoredResource stored;
  ActionGroup model;
};

/// A rule to judge, for the evaluator.
struct Job {
  std::string rule;
  std::string etag;  ///< what comes of another version counts nothing
  AlertRule model;
  std::shared_ptr<const Plan> plan;  ///< if the one that is known is still good
  TokenScope scope;
  std::vector<Timestamp> ends;  ///< of the windows, oldest first
};

/// What is known of alerts at this instant. All of it on the control thread, which owns it; writes
/// block on the disk for milliseconds. A change is in the registry before it is anywhere else.
class Alerts {
 public:
  static constexpr std::size_t kRulesMax = 500;
  static constexpr std::size_t kGroupsMax = 200;

  /// `control`, `notifier` and `clock` must outlive it. `url` is this server's, for links.
  Alerts(registry::AlertRecords records, Control& control, notify::Notifier& notifier,
         const Clock& clock, std::string url);
  /// Reads what there was before, and hands what was not delivered to the notifier. Once, before
  /// the rest.
  Result<void> load();

  // Rules.
  [[nodiscard]] std::vector<const Rule*> rules() const;  ///< by name
  [[nodiscard]] const Rule* find_rule(std::string_view key) const;
  /// `model` is what was read of the document. LimitExceeded above kRulesMax.
  Result<const Rule*> put_rule(const std::string& key, const Value& document, AlertRule model);
  /// What it fired is resolved. NotFound if it is not there.
  Result<void> remove_rule(std::string_view key);

  // Action groups.
  [[nodiscard]] std::vector<const Group*> groups() const;  ///< by name
  [[nodiscard]] const Group* find_group(std::string_view key) const;
  Result<const Group*> put_group(const std::string& key, const Value& document, ActionGroup model);
  Result<void> remove_group(std::string_view key);
  /// A message for trying the group out.
  [[nodiscard]] std::string test_body(const Group& group) const;

  // Alerts.
  /// What fires, the one first that fired last.
  [[nodiscard]] std::vector<const Alert*> firing() const;
  /// Resolves one by hand. NotFound if it does not fire.
  Result<Alert> resolve(std::string_view id);
  /// What the store does not have yet, the oldest first.
  [[nodiscard]] const std::vector<registry::UnsentChange>& unsent() const { return unsent_; }
  /// The store has the changes with these numbers.
  void sent(const std::vector<std::int64_t>& numbers);
  /// The receiver has it, or never will.
  void settled(std::int64_t notification);

  // For the evaluator.
  /// Rules whose windows are to be judged; they are under way until judged() or failed().
  std::vector<Job> take_due();
  /// Takes over what the window up to `end` says. `values` are of `plan`.
  void judged(const std::string& rule, const std::string& etag, Timestamp end,
              std::shared_ptr<const Plan> plan, std::uint64_t plan_revision, const Values& values);
  void failed(const std::string& rule, const std::string& etag, const std::string& problem);
  /// The job is done, whatever came of it.
  void done(const std::string& rule);

  /// What the rule asks for and does not get, in sentences.
  [[nodiscard]] std::vector<std::string> not_served(const AlertRule& rule) const;
  /// The scope that a rule's scopes are. InvalidInput names the first that is none.
  [[nodiscard]] Result<TokenScope> scope_of(const AlertRule& rule) const;

 private:
  /// What follows from judging a rule, before it is written.
  struct Changes {
    registry::AlertOutcome outcome;
    std::vector<std::pair<std::string, Firing>> fired;
    std::vector<std::string> resolved;                       ///< keys of Rule::firing
    std::vector<std::pair<std::string, AlertTrack>> tracks;  ///< of those that go on
  };
  Rule* find_own(std::string_view key);
  [[nodiscard]] Alert new_alert(const Rule& rule, const Combination& combination,
                                const std::vector<std::optional<double>>& values,
                                Timestamp end) const;
  void end_alert(Rule& rule, const std::string& key, Timestamp at, AlertEnd by, Changes& changes);
  /// All that the rule fires ends; so does the rule, if it is gone.
  Result<void> end_all(Rule& rule, AlertEnd by);
  /// What a window says of one combination.
  void judge(Rule& rule, const Combination& combination, const std::string& key,
             const std::vector<std::optional<double>>& values, Timestamp end, Changes& changes);
  void add_notifications(const Rule& rule, const Alert& alert, registry::AlertOutcome& outcome);
  /// Writes what follows, and only then takes it over.
  Result<void> commit(Rule& rule, Changes& changes);
  void count(const Alert& alert, int by);
  void show(const std::vector<TestId>& tests);
  void follow(Firing& firing, const Combination& combination);
  bool give_to_notifier(const registry::Notification& notification);

  registry::AlertRecords records_;
  Control& control_;
  notify::Notifier& notifier_;
  const Clock& clock_;
  const std::string url_;
  std::map<std::string, std::unique_ptr<Rule>> rules_;    ///< by lower-case key
  std::map<std::string, std::unique_ptr<Group>> groups_;  ///< likewise
  std::vector<registry::UnsentChange> unsent_;
  /// How many alerts of each severity fire for a test.
  std::unordered_map<TestId, std::array<std::uint32_t, kAlertSeverities>> counts_;
};

}  // namespace lw::server::alerts
