// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "model/alert_rule.h"

/// When alert rules are judged, and what follows from what is found: the transitions of alerts.
/// Pure.
namespace lw {

/// Rounds of a window are in the store so long after its end.
inline constexpr Seconds kAlertDelay{15};
/// So many evaluations that were missed are made up for.
inline constexpr std::size_t kAlertsMadeUpFor = 5;
/// So many evaluations in a row without a breach resolve an alert.
inline constexpr int kAlertClearsToResolve = 3;

/// The ends of the windows to judge now, oldest first: whole multiples of the frequency (since
/// 1970, UTC) after `last`, the newest kAlertsMadeUpFor of them; the newest alone if there is no
/// `last`, or if the clock was set back behind it: a rule must not be blind until then.
std::vector<Timestamp> due_evaluations(Seconds frequency, std::optional<Timestamp> last,
                                       Timestamp now);

/// What a window says of one combination.
enum class AlertFinding {
  NoData,  ///< some condition has no sample: nothing can be said
  Clear,   ///< some condition does not hold
  Breach,  ///< all conditions hold
};
bool breaches(const AlertCriterion& criterion, double value);
/// `values`: each condition's aggregate, in the rule's order; nothing without samples.
AlertFinding find_breach(const AlertRule& rule, std::span<const std::optional<double>> values);

/// Whether one combination of a rule fires, from evaluation to evaluation.
class AlertTrack {
 public:
  enum class Change { None, Fires, Resolves };

  AlertTrack() = default;
  /// One that fires already.
  static AlertTrack firing();
  /// `auto_mitigate`: it resolves by itself.
  Change evaluate(AlertFinding finding, bool auto_mitigate);
  [[nodiscard]] bool is_firing() const { return is_firing_; }

 private:
  bool is_firing_ = false;
  int clears_ = 0;  ///< in a row, while it fires; evaluations without data do not break the row
};

}  // namespace lw
