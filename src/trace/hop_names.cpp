// SPDX-License-Identifier: Apache-2.0
#include "trace/hop_names.h"

#include <utility>

namespace lw::trace {

HopNames::HopNames(io::Loop& loop, const Clock& clock, const HopNamesConfig& config) {
  if (config.ask_name_servers) names_.emplace(loop, clock, config.name_servers);
  if (!config.networks_file.empty()) networks_.emplace(config.networks_file, clock);
}

void HopNames::look_up(const Trace& trace) {
  if (!names_) return;
  for (const TraceProbe& probe : trace.probes) {
    if (probe.reply.rtt) names_->find(probe.reply.from);
  }
}

void HopNames::fill(PathReport& report) {
  for (Path& path : report.paths) {
    for (PathHop& hop : path.hops) {
      if (!hop.address) continue;
      if (names_) hop.name = names_->find(*hop.address).value_or("");
      if (networks_) hop.network = networks_->find(*hop.address);
    }
  }
}

void HopNames::when_known(const PathReport& report, std::function<void()> done) {
  if (!names_) return done();
  PathReport asked = report;
  fill(asked);
  if (names_->asking() == 0) return done();
  // There may be more hops than lookups may be under way.
  names_->when_idle(
      [this, asked = std::move(asked), done = std::move(done)] { when_known(asked, done); });
}

std::optional<Error> HopNames::problem() const {
  return networks_ ? networks_->problem() : std::nullopt;
}

}  // namespace lw::trace
