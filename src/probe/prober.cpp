// SPDX-License-Identifier: Apache-2.0
#include "probe/prober.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "probe/round_runner.h"
#include "probe/schedule.h"
#include "probe/way_back.h"

namespace lw {
namespace {

constexpr Milliseconds kLateAfter{50};
// So many checks per turn; then sockets are read before the next. Their replies fit into the
// sockets.
constexpr std::size_t kChecksPerTurn = 256;
// Checks may begin so much late and then go out together: at thousands per second that saves most
// wake-ups, and kernel stamps do not feel it.
constexpr Milliseconds kTurnEvery{1};
constexpr std::size_t kAhead = 8;

RoundRunner::Options runner_options(ProberConfig config) {
  RoundRunner::Options options;
  options.extra_ca_pem = std::move(config.extra_ca_pem);
  options.resolver.servers = std::move(config.name_servers);
  options.resolver.resolv_conf = std::move(config.resolv_conf);
  options.resolver.hosts = std::move(config.hosts_file);
  options.limits = config.limits;
  options.stamps = config.stamps;
  return options;
}

Schedule::Rhythm rhythm_of(const TestConfiguration& configuration) {
  return {configuration.frequency, configuration.effective_checks_per_round(),
          configuration.timing == CheckTiming::Random, configuration.check_spacing()};
}

bool runs_the_same(const ProbeTask& a, const ProbeTask& b) {
  return a.destination_address == b.destination_address && *a.configuration == *b.configuration;
}

}  // namespace

struct Prober::Impl {
  Impl(io::Loop& on, const Clock& by, ProberConfig config, std::function<void(Round&&)> to)
      : loop(on),
        clock(by),
        on_round(std::move(to)),
        runner(on, by, runner_options(std::move(config)),
               {[this](std::uint64_t round, const Check& check, const std::string& detail) {
                  on_check(round, check, detail);
                },
                [this](std::uint64_t round, Round&& result) {
                  on_finished(round, std::move(result));
                }}) {}

  struct Assigned {
    std::shared_ptr<const ProbeTask> task;  ///< Empty: the place is free.
    std::uint64_t round = 0;                ///< The latest; 0 before the first.
    WayBack way_back;
    bool has_failed = false;  ///< Some check of the last round that ended.
  };
  struct OneShot {
    EachCheck each;
    std::function<void(Round&&)> done;
    std::vector<io::Loop::Timer> timers;
  };

  io::Loop& loop;
  const Clock& clock;
  std::function<void(Round&&)> on_round;
  RoundRunner runner;
  Schedule schedule;
  std::vector<Assigned> assigned;  ///< by handle of the schedule
  std::unordered_map<TestId, Schedule::Handle> handles;
  std::unordered_map<std::uint64_t, OneShot> one_shots;
  std::optional<Instant> armed_for;
  Instant last_turn{};
  io::Loop::Timer timer;
  std::uint64_t late_checks = 0;
  std::uint64_t rounds_finished = 0;

  void keep_or_add(Test&& test, Instant now, std::unordered_map<TestId, Schedule::Handle>& next);
  void stop(Schedule::Handle handle);
  void arm();
  void turn();
  void run_due(const Schedule::Due& due, Instant now);
  void on_check(std::uint64_t round, const Check& check, const std::string& detail);
  static void note_end(Assigned& test, Round& result);
  void on_finished(std::uint64_t round, Round&& result);
};

Prober::Prober(io::Loop& loop, const Clock& clock, ProberConfig config,
               std::function<void(Round&&)> on_round)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(config), std::move(on_round))) {}
Prober::~Prober() = default;

void Prober::trust(const std::string& ca_pem) { impl_->runner.trust(ca_pem); }

void Prober::assign(std::vector<Test> tests) {
  std::unordered_map<TestId, Schedule::Handle> next;
  next.reserve(tests.size());
  impl_->assigned.reserve(tests.size());
  impl_->schedule.reserve(tests.size());
  const Instant now = impl_->clock.now();
  for (Test& test : tests) {
    if (!test.disabled) impl_->keep_or_add(std::move(test), now, next);
  }
  for (const auto& [id, handle] : impl_->handles) {
    if (!next.contains(id)) impl_->stop(handle);
  }
  impl_->handles = std::move(next);
  impl_->arm();
}

void Prober::Impl::keep_or_add(Test&& test, Instant now,
                               std::unordered_map<TestId, Schedule::Handle>& next) {
  const TestId id = test.id;
  if (next.contains(id)) return;
  const auto found = handles.find(id);
  if (found != handles.end()) {
    if (runs_the_same(*assigned[found->second].task, test)) {
      next.emplace(id, found->second);
      return;
    }
    stop(found->second);
    handles.erase(found);
  }
  const Schedule::Handle handle = schedule.add(id, rhythm_of(*test.configuration), now);
  if (handle >= assigned.size()) assigned.resize(handle + 1);
  assigned[handle] = {std::make_shared<const ProbeTask>(std::move(test)), 0, {}, false};
  next.emplace(id, handle);
}

void Prober::Impl::stop(Schedule::Handle handle) {
  schedule.remove(handle);
  runner.abandon(assigned[handle].round);
  assigned[handle] = {};
}

void Prober::Impl::arm() {
  const auto next = schedule.next_due();
  if (!next || (armed_for && *armed_for <= *next)) return;
  armed_for = next;
  timer = loop.at(std::max(*next, last_turn + kTurnEvery), [this] { turn(); });
}

void Prober::Impl::turn() {
  armed_for.reset();
  const Instant now = clock.now();
  const auto dues = schedule.take_due(now, kChecksPerTurn);
  if (!dues.empty()) runner.note_lateness(now, now - dues.front().planned);
  // A full turn means that there is more to do: no pause then.
  if (dues.size() < kChecksPerTurn) last_turn = now;
  {
    const RoundRunner::Together together(runner);
    // What a test needs is seldom in the processor's caches: it comes while others are served.
    for (const Schedule::Due& due : dues) __builtin_prefetch(&assigned[due.test]);
    for (std::size_t i = 0; i < dues.size(); ++i) {
      if (i + kAhead < dues.size()) runner.prefetch(assigned[dues[i + kAhead].test].round);
      run_due(dues[i], now);
    }
  }
  arm();
}

void Prober::Impl::run_due(const Schedule::Due& due, Instant now) {
  Assigned& it = assigned[due.test];
  if (now - due.planned > kLateAfter) ++late_checks;
  if (due.check > 0) return runner.check(it.round, due.check);
  const std::uint64_t round = runner.begin(it.task, !it.has_failed);
  it.round = round;
  runner.check(round, 0);
  runner.resolve(round);
}

void Prober::Impl::on_check(std::uint64_t round, const Check& check, const std::string& detail) {
  const auto found = one_shots.find(round);
  if (found != one_shots.end() && found->second.each) found->second.each(check, detail);
}

/// What a round means for those that follow, and what those before mean for it.
void Prober::Impl::note_end(Assigned& test, Round& result) {
  test.has_failed = std::ranges::any_of(result.checks, [](const Check& check) {
    return kind_of(check.outcome) == OutcomeKind::Failed;
  });
  const std::string note = test.way_back.look_at(result);
  if (note.empty()) return;
  result.detail = result.detail.empty() ? note : result.detail + "; " + note;
}

void Prober::Impl::on_finished(std::uint64_t round, Round&& result) {
  ++rounds_finished;
  auto node = one_shots.extract(round);
  if (node.empty()) {
    if (const auto found = handles.find(result.test); found != handles.end()) {
      note_end(assigned[found->second], result);
    }
    return on_round(std::move(result));
  }
  node.mapped().done(std::move(result));
}

void Prober::check(const Test& test, EachCheck each, std::function<void(Round&&)> done,
                   std::optional<Microseconds> spacing) {
  Impl& impl = *impl_;
  const Microseconds between = spacing.value_or(test.configuration->check_spacing());
  const std::uint64_t round = impl.runner.begin(std::make_shared<const ProbeTask>(test));
  Impl::OneShot& shot = impl.one_shots[round];
  shot.each = std::move(each);
  shot.done = std::move(done);
  for (int i = 0; i < test.configuration->effective_checks_per_round(); ++i) {
    shot.timers.push_back(impl.loop.after(between * i, [&impl, round, i] {
      impl.runner.check(round, i);
      if (i == 0) impl.runner.resolve(round);
    }));
  }
}

ProberStats Prober::stats() const {
  const RoundRunner& runner = impl_->runner;
  const EchoTracker::Counters echoes = runner.icmp().counters();
  return {impl_->schedule.size(),
          runner.running(),
          impl_->rounds_finished,
          runner.checks_started(),
          impl_->schedule.missed_intervals(),
          impl_->late_checks,
          echoes.late,
          echoes.duplicates,
          echoes.foreign,
          runner.icmp().socket_drops()};
}

std::string Prober::problem() const { return impl_->runner.icmp().problem(); }

}  // namespace lw
