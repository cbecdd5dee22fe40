// SPDX-License-Identifier: Apache-2.0
#include "server/remote_write/remote_write.h"

#include <algorithm>

#include "server/metrics/test_metrics.h"

namespace lw::server::remote_write {
namespace {

/// Some ten milliseconds of the control loop.
constexpr std::size_t kTestsInStep = 2'000;

}  // namespace

Result<std::unique_ptr<RemoteWrite>> RemoteWrite::start(const Settings& settings, Control& control,
                                                        const Clock& clock) {
  std::unique_ptr<RemoteWrite> remote(new RemoteWrite(control, clock));
  for (const Target& target : settings.targets) {
    remote->senders_.push_back(TRY(Sender::start(target, clock)));
  }
  remote->thread_ = Thread(
      "remote look", [raw = remote.get(), interval = settings.interval] { raw->run(interval); });
  return remote;
}

RemoteWrite::~RemoteWrite() {
  stop_.close();
  thread_.join();
}

std::vector<SenderStats> RemoteWrite::stats() const {
  std::vector<SenderStats> all;
  all.reserve(senders_.size());
  for (const auto& sender : senders_) all.push_back(sender->stats());
  return all;
}

void RemoteWrite::run(Seconds interval) {
  Instant next = clock_.now();
  while (!stop_.is_closed()) {
    control_.post([this] { begin(); });
    next = std::max(next + interval, clock_.now());
    stop_.pop_for(next - clock_.now());
  }
}

void RemoteWrite::begin() {
  // One that takes longer than the interval is not overtaken.
  if (is_looking_) return;
  is_looking_ = true;
  auto look = std::make_shared<Look>();
  look->order = control_.live().order();
  look->now = clock_.wall_now();
  for (AgentView& view : control_.agents()) {
    look->agents.emplace(view.agent.id, std::move(view.agent));
  }
  go_on(look);
}

void RemoteWrite::go_on(const std::shared_ptr<Look>& look) {
  std::unordered_map<std::string_view, const ConnectionMonitor*> monitors;
  for (const ConnectionMonitor& monitor : control_.models()) monitors[monitor.name] = &monitor;
  const std::size_t end = std::min(look->order.size(), look->next + kTestsInStep);
  for (; look->next < end; ++look->next) {
    const LiveTest* const live = control_.live().find(look->order[look->next]);
    if (live == nullptr) continue;
    const auto monitor = monitors.find(live->test.connection_monitor);
    if (monitor != monitors.end()) look_at(*live, *monitor->second, *look);
  }
  if (look->next >= look->order.size()) return finish(*look);
  control_.post([this, look] { go_on(look); });
}

void RemoteWrite::look_at(const LiveTest& live, const ConnectionMonitor& monitor,
                          Look& look) const {
  const auto told = told_.find(live.test.id);
  const bool is_known = live.last_round && told != told_.end() && told->second == *live.last_round;
  if (live.last_round) look.told[live.test.id] = *live.last_round;
  const auto agent = look.agents.find(live.test.agent);
  for (metrics::TestSample& sample :
       metrics::samples_of(live, monitor, agent == look.agents.end() ? nullptr : &agent->second)) {
    // A round is told of once, with its own time.
    if (sample.measured && is_known) continue;
    look.samples.push_back({.name = std::string(sample.name),
                            .labels = std::move(sample.labels),
                            .value = sample.value,
                            .at = sample.measured.value_or(look.now)});
  }
}

void RemoteWrite::finish(Look& look) {
  is_looking_ = false;
  told_ = std::move(look.told);
  const auto samples = std::make_shared<const std::vector<Sample>>(std::move(look.samples));
  for (const auto& sender : senders_) sender->offer(samples);
}

void add_metrics(const std::vector<SenderStats>& all, Timestamp now, MetricsText& metrics) {
  if (all.empty()) return;
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help,
                       auto value_of) {
    metrics.begin(name, type, help);
    for (const SenderStats& one : all) {
      metrics.sample(static_cast<double>(value_of(one)), {{"target", one.target}});
    }
  };
  add("linewatch_remote_write_samples_sent_total", "counter", "Samples that the receiver took.",
      [](const SenderStats& one) { return one.sent; });
  metrics.begin("linewatch_remote_write_samples_dropped_total", "counter",
                "Samples that were given up: the receiver refused them, or too many waited.");
  for (const SenderStats& one : all) {
    metrics.sample(static_cast<double>(one.refused),
                   {{"target", one.target}, {"reason", "refused"}});
    metrics.sample(static_cast<double>(one.left_out),
                   {{"target", one.target}, {"reason", "queue_full"}});
  }
  add("linewatch_remote_write_retries_total", "counter", "Requests that were made again.",
      [](const SenderStats& one) { return one.retries; });
  add("linewatch_remote_write_samples_waiting", "gauge", "Samples that wait to be sent.",
      [](const SenderStats& one) { return one.waiting; });
  add("linewatch_remote_write_lag_seconds", "gauge",
      "Age of the oldest sample that waits; 0 when none does.", [&](const SenderStats& one) {
        if (!one.oldest_waiting) return 0.0;
        return std::max(0.0, std::chrono::duration<double>(now - *one.oldest_waiting).count());
      });
}

}  // namespace lw::server::remote_write
