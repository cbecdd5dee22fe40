// SPDX-License-Identifier: Apache-2.0
#include "evaluate/alerts.h"

#include <algorithm>

namespace lw {

std::vector<Timestamp> due_evaluations(Seconds frequency, std::optional<Timestamp> last,
                                       Timestamp now) {
  const auto length = Microseconds(frequency);
  const auto settled = now - kAlertDelay;
  const Timestamp newest(settled.time_since_epoch() / length * length);
  // A last one in the future: the clock was wrong, and set back since.
  if (!last || *last > now) return {newest};
  std::vector<Timestamp> ends;
  for (Timestamp end = newest; end > *last && ends.size() < kAlertsMadeUpFor; end -= length) {
    ends.push_back(end);
  }
  std::ranges::reverse(ends);
  return ends;
}

bool breaches(const AlertCriterion& criterion, double value) {
  switch (criterion.comparison) {
    case AlertOperator::Equals:
      return value == criterion.threshold;
    case AlertOperator::GreaterThan:
      return value > criterion.threshold;
    case AlertOperator::GreaterThanOrEqual:
      return value >= criterion.threshold;
    case AlertOperator::LessThan:
      return value < criterion.threshold;
    case AlertOperator::LessThanOrEqual:
      return value <= criterion.threshold;
  }
  return false;
}

AlertFinding find_breach(const AlertRule& rule, std::span<const std::optional<double>> values) {
  // A condition that is known not to hold decides, whatever the others would say.
  bool is_complete = values.size() == rule.criteria.size();
  for (std::size_t i = 0; i < std::min(values.size(), rule.criteria.size()); ++i) {
    if (!values[i]) {
      is_complete = false;
    } else if (!breaches(rule.criteria[i], *values[i])) {
      return AlertFinding::Clear;
    }
  }
  return is_complete ? AlertFinding::Breach : AlertFinding::NoData;
}

AlertTrack AlertTrack::firing() {
  AlertTrack track;
  track.is_firing_ = true;
  return track;
}

AlertTrack::Change AlertTrack::evaluate(AlertFinding finding, bool auto_mitigate) {
  switch (finding) {
    case AlertFinding::NoData:
      return Change::None;
    case AlertFinding::Breach:
      clears_ = 0;
      if (is_firing_) return Change::None;
      is_firing_ = true;
      return Change::Fires;
    case AlertFinding::Clear:
      if (!is_firing_ || !auto_mitigate || ++clears_ < kAlertClearsToResolve) return Change::None;
      is_firing_ = false;
      clears_ = 0;
      return Change::Resolves;
  }
  return Change::None;
}

}  // namespace lw
