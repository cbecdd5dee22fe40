// SPDX-License-Identifier: Apache-2.0
#include "base/supervisor.h"

#include <algorithm>
#include <utility>

namespace lw {
namespace {

constexpr Milliseconds kFirstDelay{200};
constexpr Milliseconds kLongestDelay{10'000};
constexpr Seconds kGoodRun{30};

class ProcessOfOurs final : public SupervisedChild {
 public:
  explicit ProcessOfOurs(ChildProcess process) : process_(std::move(process)) {}
  std::optional<std::string> exit() override {
    if (process_.running()) return std::nullopt;
    return process_.exit_status();
  }
  void terminate(Milliseconds grace) override { process_.terminate(grace); }
  [[nodiscard]] pid_t pid() const override { return process_.pid(); }

 private:
  ChildProcess process_;
};

}  // namespace

Milliseconds RestartDelay::after_run(std::chrono::nanoseconds ran_for) {
  if (ran_for >= kGoodRun) next_ = Milliseconds(0);
  next_ = std::clamp(next_ * 2, kFirstDelay, kLongestDelay);
  return next_;
}

Supervisor::Supervisor(OnExit on_exit, Spawn spawn)
    : on_exit_(std::move(on_exit)), spawn_(std::move(spawn)) {}

Supervisor::~Supervisor() { stop(); }

Result<std::unique_ptr<SupervisedChild>> Supervisor::spawn_process(
    const ChildSpecification& child) {
  return std::make_unique<ProcessOfOurs>(
      TRY(ChildProcess::spawn(child.arguments, child.environment, child.options)));
}

void Supervisor::add(ChildSpecification child) {
  Entry entry;
  entry.specification = std::move(child);
  entries_.push_back(std::move(entry));
}

void Supervisor::step(Instant now) {
  for (Entry& entry : entries_) {
    if (entry.child) {
      if (const auto how = entry.child->exit()) note_exit(entry, now, *how);
    }
    if (!entry.child && now >= entry.due) start(entry, now);
  }
}

void Supervisor::start(Entry& entry, Instant now) {
  entry.started = now;
  ++entry.starts;
  auto child = spawn_(entry.specification);
  if (child) {
    entry.child = std::move(*child);
  } else {
    note_exit(entry, now, child.error().message);
  }
}

void Supervisor::note_exit(Entry& entry, Instant now, const std::string& how) {
  entry.child.reset();
  entry.due = now + entry.delay.after_run(now - entry.started);
  if (on_exit_) on_exit_(entry.specification.name, how);
}

void Supervisor::stop() {
  while (!entries_.empty()) {
    const Entry entry = std::move(entries_.back());
    entries_.pop_back();
    if (entry.child) entry.child->terminate(entry.specification.grace);
  }
}

const Supervisor::Entry* Supervisor::find(std::string_view name) const {
  const auto found = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry.specification.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

bool Supervisor::is_running(std::string_view name) const { return pid(name) != 0; }

pid_t Supervisor::pid(std::string_view name) const {
  const Entry* const entry = find(name);
  return entry != nullptr && entry->child ? entry->child->pid() : 0;
}

std::uint64_t Supervisor::restarts(std::string_view name) const {
  const Entry* const entry = find(name);
  return entry == nullptr || entry->starts == 0 ? 0 : entry->starts - 1;
}

}  // namespace lw
