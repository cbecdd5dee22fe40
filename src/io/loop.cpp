// SPDX-License-Identifier: Apache-2.0
#include "io/loop.h"

#include <fmt/core.h>
#include <sys/epoll.h>

#include <array>
#include <exception>
#include <unordered_map>
#include <utility>
#include <vector>

#define ASIO_STANDALONE
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "base/assert.h"
#include "base/files.h"
#include "base/log.h"
#include "base/timer_queue.h"

namespace lw::io {
namespace {

// Tombstones of cancelled timers are swept once they outnumber the living ones, but not for a few.
constexpr std::size_t kTombstonesMin = 1024;
constexpr int kEventsPerWake = 256;

}  // namespace

/// Shared by the queue and the Timer object, so that either may go first.
struct Loop::Timer::Body {
  std::function<void()> work;  ///< Empty once fired or cancelled.
  std::shared_ptr<std::size_t> tombstones;
};

/// Shared by the table and the Watch object, so that either may go first.
struct Loop::Watch::Body {
  int fd = -1;
  Interest interest = Interest::Read;
  std::function<void()> ready;
  bool active = true;
  std::weak_ptr<WatchTable> table;
};

/// An epoll set of our own inside Asio's: level-triggered, several watches on one descriptor, and
/// one system call to add or remove one, which matters when each TCP check is a descriptor.
struct Loop::WatchTable {
  struct Entry {
    std::uint32_t generation = 0;
    std::uint32_t events = 0;
    std::vector<std::shared_ptr<Watch::Body>> watches;
  };

  FileDescriptor set{::epoll_create1(EPOLL_CLOEXEC)};
  std::unordered_map<int, Entry> entries;
  std::uint32_t next_generation = 0;

  void add(const std::shared_ptr<Watch::Body>& body);
  void remove(const Watch::Body& body);
  void update(int fd, Entry& entry);
  void dispatch();
  void dispatch_one(const epoll_event& event);
};

namespace {

std::uint32_t events_of(Loop::Interest interest) {
  switch (interest) {
    case Loop::Interest::Read:
      return EPOLLIN | EPOLLRDHUP;
    case Loop::Interest::Write:
      return EPOLLOUT;
    case Loop::Interest::Error:
      return EPOLLERR;
  }
  return 0;
}

}  // namespace

void Loop::WatchTable::add(const std::shared_ptr<Watch::Body>& body) {
  Entry& entry = entries[body->fd];
  if (entry.watches.empty()) entry.generation = next_generation++;
  entry.watches.push_back(body);
  update(body->fd, entry);
}

void Loop::WatchTable::remove(const Watch::Body& body) {
  const auto found = entries.find(body.fd);
  if (found == entries.end()) return;
  std::erase_if(found->second.watches, [&](const auto& watch) { return watch.get() == &body; });
  update(body.fd, found->second);
  if (found->second.watches.empty()) entries.erase(found);
}

void Loop::WatchTable::update(int fd, Entry& entry) {
  std::uint32_t wanted = 0;
  for (const auto& watch : entry.watches) wanted |= events_of(watch->interest);
  if (wanted == entry.events) return;
  epoll_event event{};
  event.events = wanted;
  // The generation tells an event of a closed descriptor from one of its successor of that number.
  event.data.u64 =
      (static_cast<std::uint64_t>(entry.generation) << 32) | static_cast<std::uint32_t>(fd);
  const int operation = entry.events == 0 ? EPOLL_CTL_ADD
                        : wanted == 0     ? EPOLL_CTL_DEL
                                          : EPOLL_CTL_MOD;
  const int failed = ::epoll_ctl(set.get(), operation, fd, &event);
  // Removing what was closed too early is the caller's fault, but harmless.
  if (failed != 0 && operation != EPOLL_CTL_DEL) {
    log::error("loop", fmt::format("cannot watch descriptor {}: errno {}", fd, errno));
  }
  entry.events = wanted;
}

void Loop::WatchTable::dispatch() {
  std::array<epoll_event, kEventsPerWake> events;
  const int count = ::epoll_wait(set.get(), events.data(), kEventsPerWake, 0);
  for (int i = 0; i < count; ++i) dispatch_one(events.at(static_cast<std::size_t>(i)));
}

void Loop::WatchTable::dispatch_one(const epoll_event& event) {
  const int fd = static_cast<int>(event.data.u64 & 0xffffffffU);
  const auto found = entries.find(fd);
  if (found == entries.end() || found->second.generation != event.data.u64 >> 32) return;
  // A copy: callbacks add and remove watches.
  const std::vector<std::shared_ptr<Watch::Body>> watches = found->second.watches;
  const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
  bool has_error_watch = false;
  for (const auto& watch : watches) has_error_watch |= watch->interest == Interest::Error;
  for (const auto& watch : watches) {
    // A failure wakes everybody who could learn of it by reading or writing, unless somebody asked
    // for failures only: error queues are not for readers.
    const bool by_failure = failed && (!has_error_watch || (event.events & EPOLLHUP) != 0);
    const bool ready = (event.events & events_of(watch->interest)) != 0 || by_failure;
    if (ready && watch->active) {
      const std::function<void()> call = watch->ready;  // Survives a watch that cancels itself.
      call();
    }
  }
}

struct Loop::Impl {
  Impl() : events(context, watches->set.get()), alarm(context) { wait_for_events(); }
  ~Impl() { events.release(); }

  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  std::shared_ptr<WatchTable> watches = std::make_shared<WatchTable>();
  asio::posix::stream_descriptor events;
  asio::steady_timer alarm;
  std::optional<Instant> alarm_at;
  bool is_firing = false;  ///< The alarm is set when all timers that are due have been called.
  TimerQueue<std::shared_ptr<Timer::Body>> timers;
  std::shared_ptr<std::size_t> tombstones = std::make_shared<std::size_t>(0);

  void wait_for_events();
  void set_alarm();
  void fire_due();
  void sweep();
};

void Loop::Impl::wait_for_events() {
  events.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& e) {
    if (e) return;
    watches->dispatch();
    wait_for_events();
  });
}

void Loop::Impl::set_alarm() {
  if (is_firing) return;
  const auto next = timers.next();
  if (!next || (alarm_at && *alarm_at <= *next)) return;
  alarm_at = next;
  alarm.expires_at(*next);
  alarm.async_wait([this](const asio::error_code& error) {
    if (error) return;  // Set anew for an earlier time.
    alarm_at.reset();
    is_firing = true;
    fire_due();
    is_firing = false;
    set_alarm();
  });
}

void Loop::Impl::fire_due() {
  // First collect, then call: a timer that sets itself anew for "now" must not starve descriptors.
  const Instant now = SystemClock().now();
  std::vector<std::shared_ptr<Timer::Body>> due;
  while (auto body = timers.pop_due(now)) {
    if ((*body)->work) {
      due.push_back(std::move(*body));
    } else {
      --*tombstones;
    }
  }
  for (const auto& body : due) {
    if (!body->work) {  // Cancelled by one before it.
      --*tombstones;
      continue;
    }
    const std::function<void()> work = std::exchange(body->work, nullptr);
    work();
  }
}

void Loop::Impl::sweep() {
  if (*tombstones < kTombstonesMin || *tombstones * 2 < timers.size()) return;
  timers.remove_if([](const auto& body) { return !body->work; });
  *tombstones = 0;
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

namespace {

template <class Run>
void run_or_abort(Run run) {
  try {
    run();
  } catch (const std::exception& exception) {
    log::error("loop", fmt::format("exception out of a callback: {}", exception.what()));
    std::terminate();
  }
}

}  // namespace

void Loop::run() {
  run_or_abort([this] { impl_->context.run(); });
  impl_->context.restart();
}

void Loop::run_for(std::chrono::nanoseconds patience) {
  run_or_abort([&] { impl_->context.run_for(patience); });
  impl_->context.restart();
}

void Loop::stop() { impl_->context.stop(); }

void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

Loop::Timer::Timer() = default;
Loop::Timer::~Timer() { cancel(); }
Loop::Timer::Timer(Timer&&) noexcept = default;

Loop::Timer& Loop::Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    cancel();
    body_ = std::move(other.body_);
  }
  return *this;
}

void Loop::Timer::cancel() {
  const std::shared_ptr<Body> body = std::move(body_);
  body_.reset();
  if (!body || !body->work) return;
  // Moved out first: what it captures may own this very timer.
  const std::function<void()> work = std::exchange(body->work, nullptr);
  ++*body->tombstones;
}

Loop::Timer Loop::after(std::chrono::nanoseconds delay, std::function<void()> work) {
  return at(SystemClock().now() + delay, std::move(work));
}

Loop::Timer Loop::at(Instant when, std::function<void()> work) {
  LW_ASSERT(work);
  impl_->sweep();
  Timer timer;
  timer.body_ = std::make_shared<Timer::Body>();
  timer.body_->work = std::move(work);
  timer.body_->tombstones = impl_->tombstones;
  impl_->timers.push(when, timer.body_);
  impl_->set_alarm();
  return timer;
}

Loop::Watch::Watch() = default;
Loop::Watch::~Watch() { cancel(); }
Loop::Watch::Watch(Watch&&) noexcept = default;

Loop::Watch& Loop::Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    cancel();
    body_ = std::move(other.body_);
  }
  return *this;
}

void Loop::Watch::cancel() {
  const std::shared_ptr<Body> body = std::move(body_);
  body_.reset();
  if (!body || !body->active) return;
  body->active = false;
  if (const auto table = body->table.lock()) table->remove(*body);
}

Loop::Watch Loop::watch(int fd, Interest interest, std::function<void()> ready) {
  Watch watch;
  watch.body_ = std::make_shared<Watch::Body>();
  watch.body_->fd = fd;
  watch.body_->interest = interest;
  watch.body_->ready = std::move(ready);
  watch.body_->table = impl_->watches;
  impl_->watches->add(watch.body_);
  return watch;
}

}  // namespace lw::io
