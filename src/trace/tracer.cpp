// SPDX-License-Identifier: Apache-2.0
#include "trace/tracer.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <system_error>
#include <utility>

#include "base/slot_map.h"
#include "base/timer_wheel.h"
#include "io/route_source.h"
#include "trace/probe_exchange.h"

namespace lw::trace {
namespace {

constexpr std::uint16_t kUdpPort = 33'434;
constexpr std::size_t kBatch = 64;
/// So much of the rate may be saved up and go out at once.
constexpr Milliseconds kBurst{10};
/// Least time between two looks at what is due: waking up costs more than sending does. Well below
/// kBurst, so that nothing of the rate is lost.
constexpr Milliseconds kTurn{5};
/// With so many probes and answers from one look to the next, answers are fetched at each look and
/// wake nobody in between.
constexpr std::uint64_t kBusy = 4;
/// What this host cannot send now is tried again after, for at most.
constexpr Milliseconds kRetryAfter{3};
constexpr Milliseconds kRetryFor{1'000};
/// The loop was elsewhere for so long: answers that came in time may still wait in the sockets.
constexpr Milliseconds kStall{5};
constexpr Seconds kForgetRoutersEvery{30};

/// Lets so many packets a second pass, evenly (the generic cell rate algorithm, ITU-T I.371).
class Pacer {
 public:
  explicit Pacer(int per_second)
      : each_(std::chrono::nanoseconds(Seconds(1)) / std::max(1, per_second)) {}
  [[nodiscard]] bool is_free(Instant now) const { return free_at_ <= now; }
  [[nodiscard]] Instant free_at() const { return free_at_; }
  void take(std::size_t count, Instant now) {
    free_at_ = std::max(free_at_, now - kBurst) + each_ * static_cast<std::int64_t>(count);
  }

 private:
  std::chrono::nanoseconds each_;
  Instant free_at_{};
};

packet::Transport transport_of(TraceProtocol protocol) {
  switch (protocol) {
    case TraceProtocol::Icmp:
      return packet::Transport::Icmp;
    case TraceProtocol::Udp:
      return packet::Transport::Udp;
    case TraceProtocol::Tcp:
      return packet::Transport::Tcp;
  }
  return packet::Transport::Icmp;
}

/// Why this host did not send it.
std::string reason_of(int error) {
  std::string text = std::generic_category().message(error);
  switch (error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EINVAL:
      return "this host has no route to the destination (" + text + ")";
    case EPERM:
    case EACCES:
      return "this host's firewall or a prohibiting route refused it (" + text + ")";
    case EMSGSIZE:
      return "larger than what the interface takes (" + text + ")";
    case EADDRNOTAVAIL:
      return "the source is no address of this host (" + text + ")";
    case EAGAIN:
    case ENOBUFS:
    case EBUSY:
      return "this host could not send it for a second (" + text + ")";
    default:
      return text;
  }
}

bool is_for_now(int error) { return error == EAGAIN || error == ENOBUFS || error == EBUSY; }

struct OpenProbe {
  ProbeOrder order;
  Instant sent{};
};

struct Running {
  TestId test{};
  TraceTrigger trigger = TraceTrigger::Schedule;
  packet::TraceFlow flow;  ///< of any flow, but for its source port
  Milliseconds timeout{0};
  std::size_t packet_bytes = 0;
  std::optional<IpAddress> asked_source;
  Instant begun{};
  Timestamp started{};
  TraceRound round;
  std::string problem;  ///< why nothing can be sent
  std::function<void(Trace)> done;
  std::function<void(const TraceProbe&)> progress;
  std::vector<OpenProbe> open;     ///< kept for `progress` only
  std::optional<Instant> wake_at;  ///< the earliest that the wheel has of it
};

struct Retry {
  std::uint64_t trace = 0;
  ProbeOrder order;
  Instant at{};
  Instant give_up_at{};
};

}  // namespace

struct Tracer::Impl {
  Impl(io::Loop& on, const Clock& by, const TracerConfig& config)
      : loop(on), clock(by), pacer(config.packets_per_second_max) {}

  io::Loop& loop;
  const Clock& clock;
  std::unique_ptr<ProbeExchange> exchange;
  io::RouteSources sources;
  HopBudget budget;
  Pacer pacer;
  SlotMap<Running> traces;
  TimerWheel<std::uint64_t> wheel;  ///< numbers of traces that want their turn
  std::deque<std::uint64_t> ready;  ///< those whose turn it is
  std::deque<Retry> retries;
  std::vector<ProbeExchange::Outgoing> outgoing;
  std::vector<std::pair<std::function<void(Trace)>, Trace>> finished;
  std::shared_ptr<int> life = std::make_shared<int>(0);
  std::optional<Instant> armed_for;
  Instant turned_at{};        ///< when it was last looked at what is due
  std::uint64_t traffic = 0;  ///< probes and answers until then
  bool is_busy = false;
  Instant forgot_at{};
  std::uint64_t finished_count = 0;
  std::uint64_t spared = 0;
  io::Loop::Timer timer;

  void start(TraceTask task, std::function<void(Trace)> done,
             std::function<void(const TraceProbe&)> progress);
  std::string prepare(const TraceTask& task, packet::TraceFlow& flow, Instant now);
  void schedule(std::uint64_t number, Running& trace);
  void arm();
  void on_timer();
  void choose_polling();
  void drain(Instant now);
  void service(std::uint64_t number, Instant now);
  void refuse(Running& trace, const std::vector<ProbeOrder>& orders, Instant now);
  void enqueue(std::uint64_t number, const Running& trace, const ProbeOrder& order);
  void take_retries(Instant now);
  void flush();
  void note_sent(const ProbeExchange::Outgoing& probe);
  void not_sent(std::uint64_t number, Running& trace, const ProbeOrder& order, int error);
  void on_answer(std::uint64_t number, const ProbeOrder& order, const HopReply& reply, Instant at);
  void tell(Running& trace, const ProbeOrder& order, const HopReply& reply);
  void tell_silence(Running& trace, Instant now);
  void finish(std::uint64_t number, Running& trace);
  void deliver();
};

void Tracer::Impl::start(TraceTask task, std::function<void(Trace)> done,
                         std::function<void(const TraceProbe&)> progress) {
  const Instant now = clock.now();
  packet::TraceFlow flow;
  std::string problem = prepare(task, flow, now);
  const Milliseconds timeout = task.config.timeout;
  HopBudget* const heeded = task.spare_routers ? &budget : nullptr;
  const std::uint64_t number = traces.insert(
      {.test = task.test,
       .trigger = task.trigger,
       .flow = flow,
       .timeout = timeout,
       .packet_bytes = static_cast<std::size_t>(std::max(0, task.packet_bytes.value_or(0))),
       .asked_source = task.source,
       .begun = now,
       .started = clock.wall_now(),
       .round =
           TraceRound(std::move(task.config), task.destination, heeded, std::move(task.hints), now),
       .problem = std::move(problem),
       .done = std::move(done),
       .progress = std::move(progress),
       .open = {},
       .wake_at = {}});
  schedule(number, traces.at(number));
}

/// Fills in the flow. Says why it cannot be sent, if so.
std::string Tracer::Impl::prepare(const TraceTask& task, packet::TraceFlow& flow, Instant now) {
  const TraceProtocol protocol = task.config.protocol;
  flow.transport = transport_of(protocol);
  flow.destination = task.destination;
  flow.traffic_class = static_cast<std::uint8_t>((task.dscp.value_or(0) & 0x3f) << 2);
  if (protocol != TraceProtocol::Icmp) flow.destination_port = task.port;
  if (protocol == TraceProtocol::Udp && task.port == 0) flow.destination_port = kUdpPort;
  if (protocol == TraceProtocol::Tcp && task.port == 0) return "a TCP trace needs a port";
  const bool is_v6 = task.destination.is_v6;
  if (const auto problem = exchange->problem(is_v6)) return problem->message;
  if (task.source && task.source->is_v6 != is_v6) {
    return "the source address " + to_string(*task.source) + " is not of the destination's family";
  }
  const auto source =
      task.source ? Result<IpAddress>(*task.source) : sources.find(task.destination, now);
  if (!source) return source.error().message;
  flow.source = *source;
  return "";
}

void Tracer::Impl::schedule(std::uint64_t number, Running& trace) {
  const auto next = trace.round.next_due();
  if (next && (!trace.wake_at || *next < *trace.wake_at)) {
    wheel.push(*next, number);
    trace.wake_at = next;
  }
  arm();
}

void Tracer::Impl::arm() {
  std::optional<Instant> next = wheel.next();
  const auto consider = [&next](Instant at) { next = next ? std::min(*next, at) : at; };
  if (!ready.empty()) consider(pacer.free_at());
  if (!retries.empty()) consider(retries.front().at);
  if (is_busy) consider(turned_at);
  if (next) next = std::max(*next, turned_at + kTurn);
  if (!next || (armed_for && *armed_for <= *next)) return;
  armed_for = next;
  timer = loop.at(*next, [this] { on_timer(); });
}

void Tracer::Impl::on_timer() {
  Instant now = clock.now();
  const bool has_stalled = armed_for && now - *armed_for > kStall;
  armed_for.reset();
  if (has_stalled || is_busy) {
    exchange->read_pending();
    now = clock.now();
  }
  turned_at = now;
  while (const auto number = wheel.pop_due(now)) {
    Running* const trace = traces.find(*number);
    // Others of the same trace are left over from before it was wanted earlier.
    if (trace == nullptr || !trace->wake_at || *trace->wake_at > now) continue;
    trace->wake_at.reset();
    ready.push_back(*number);
  }
  take_retries(now);
  drain(now);
  if (now - forgot_at > kForgetRoutersEvery) {
    budget.forget_old(now);
    forgot_at = now;
  }
  choose_polling();
  arm();
}

void Tracer::Impl::choose_polling() {
  const ProbeExchange::Counters& counted = exchange->counters();
  const std::uint64_t before = std::exchange(traffic, counted.sent + counted.answers);
  is_busy = traffic - before >= kBusy;
  exchange->set_polled(is_busy);
}

void Tracer::Impl::drain(Instant now) {
  while (!ready.empty() && pacer.is_free(now)) {
    const std::uint64_t number = ready.front();
    ready.pop_front();
    service(number, now);
    if (outgoing.size() >= kBatch) flush();
  }
  flush();
}

void Tracer::Impl::service(std::uint64_t number, Instant now) {
  Running* const trace = traces.find(number);
  if (trace == nullptr) return;
  const std::vector<ProbeOrder> orders = trace->round.take_due(now);
  if (trace->progress) tell_silence(*trace, now);
  if (!trace->problem.empty()) {
    refuse(*trace, orders, now);
    return finish(number, *trace);
  }
  for (const ProbeOrder& order : orders) enqueue(number, *trace, order);
  pacer.take(orders.size(), now);
  if (trace->round.is_complete(now)) return finish(number, *trace);
  schedule(number, *trace);
}

void Tracer::Impl::refuse(Running& trace, const std::vector<ProbeOrder>& orders, Instant now) {
  for (const ProbeOrder& order : orders) trace.round.not_sent(order, trace.problem, now);
}

void Tracer::Impl::enqueue(std::uint64_t number, const Running& trace, const ProbeOrder& order) {
  ProbeExchange::Outgoing probe;
  probe.trace = number;
  probe.order = order;
  probe.flow = trace.flow;
  probe.flow.source_port = exchange->port_of(trace.flow.destination, order.flow);
  probe.timeout = trace.timeout;
  probe.packet_bytes = trace.packet_bytes;
  probe.source = trace.asked_source;
  outgoing.push_back(probe);
}

void Tracer::Impl::take_retries(Instant now) {
  for (std::size_t left = retries.size(); left > 0; --left) {
    const Retry retry = retries.front();
    if (retry.at > now) return;
    retries.pop_front();
    Running* const trace = traces.find(retry.trace);
    if (trace == nullptr) continue;
    if (retry.give_up_at <= now) {
      not_sent(retry.trace, *trace, retry.order, EAGAIN);
      continue;
    }
    enqueue(retry.trace, *trace, retry.order);
    outgoing.back().give_up_at = retry.give_up_at;
  }
}

void Tracer::Impl::flush() {
  // What is told of sending may start traces, which then wait for the next flush.
  std::vector<ProbeExchange::Outgoing> batch;
  batch.swap(outgoing);
  if (batch.empty()) return;
  exchange->send(batch);
  for (const ProbeExchange::Outgoing& probe : batch) note_sent(probe);
  batch.clear();
  if (outgoing.empty()) outgoing.swap(batch);  // Keeps the room.
}

void Tracer::Impl::note_sent(const ProbeExchange::Outgoing& probe) {
  Running* const trace = traces.find(probe.trace);
  if (trace == nullptr) return;
  if (probe.error == 0) {
    trace->round.sent(probe.order, probe.sent);
    if (trace->progress) trace->open.push_back({probe.order, probe.sent});
    return schedule(probe.trace, *trace);
  }
  if (!is_for_now(probe.error)) {
    return not_sent(probe.trace, *trace, probe.order, probe.error);
  }
  const Instant give_up_at =
      probe.give_up_at == Instant{} ? probe.sent + kRetryFor : probe.give_up_at;
  retries.push_back({probe.trace, probe.order, probe.sent + kRetryAfter, give_up_at});
}

void Tracer::Impl::not_sent(std::uint64_t number, Running& trace, const ProbeOrder& order,
                            int error) {
  const Instant now = clock.now();
  trace.round.not_sent(order, reason_of(error), now);
  if (trace.progress) {
    trace.open.push_back({order, now});
    tell(trace, order, {.answer = HopAnswer::LocalError, .detail = reason_of(error)});
  }
  if (trace.round.is_complete(now)) return finish(number, trace);
  schedule(number, trace);
}

void Tracer::Impl::on_answer(std::uint64_t number, const ProbeOrder& order, const HopReply& reply,
                             Instant at) {
  Running* const trace = traces.find(number);
  if (trace == nullptr) return;
  trace->round.received(order, reply, at);
  if (trace->progress) tell(*trace, order, reply);
  if (trace->round.is_complete(at)) return finish(number, *trace);
  schedule(number, *trace);
}

void Tracer::Impl::tell(Running& trace, const ProbeOrder& order, const HopReply& reply) {
  const auto found = std::ranges::find(trace.open, order, &OpenProbe::order);
  // Its time-out has been told of.
  if (found == trace.open.end()) return;
  const auto offset = std::chrono::duration_cast<Microseconds>(found->sent - trace.begun);
  trace.open.erase(found);
  trace.progress({order.flow, order.ttl, offset, reply});
}

void Tracer::Impl::tell_silence(Running& trace, Instant now) {
  std::vector<ProbeOrder> silent;
  for (const OpenProbe& probe : trace.open) {
    if (probe.sent + trace.timeout <= now) silent.push_back(probe.order);
  }
  for (const ProbeOrder& order : silent) tell(trace, order, {});
}

void Tracer::Impl::finish(std::uint64_t number, Running& trace) {
  Trace result = trace.round.outcome();
  result.test = trace.test;
  result.started = trace.started;
  result.trigger = trace.trigger;
  result.source = trace.flow.source;
  result.port = trace.flow.destination_port;
  if (!trace.problem.empty()) result.problem = trace.problem;
  for (const TraceProbe& probe : result.probes) {
    spared += probe.reply.answer == HopAnswer::NotAsked ? 1 : 0;
  }
  ++finished_count;
  finished.emplace_back(std::move(trace.done), std::move(result));
  traces.erase(number);
  // From the loop itself: whoever is called may start traces or end the tracer.
  if (finished.size() > 1) return;
  loop.post([this, alive = std::weak_ptr(life)] {
    if (!alive.expired()) deliver();
  });
}

void Tracer::Impl::deliver() {
  const std::weak_ptr alive(life);
  std::vector<std::pair<std::function<void(Trace)>, Trace>> told;
  told.swap(finished);
  for (auto& [done, trace] : told) {
    if (done) done(std::move(trace));
    if (alive.expired()) return;
  }
}

Result<std::unique_ptr<Tracer>> Tracer::create(io::Loop& loop, const Clock& clock,
                                               const TracerConfig& config) {
  auto impl = std::make_unique<Impl>(loop, clock, config);
  Impl* const self = impl.get();
  impl->exchange = TRY(ProbeExchange::open(
      loop, clock, config.without_privilege,
      {[self](std::uint64_t number, std::uint16_t flow) -> std::optional<packet::TraceFlow> {
         const Running* const trace = self->traces.find(number);
         if (trace == nullptr) return std::nullopt;
         packet::TraceFlow whole = trace->flow;
         whole.source_port = self->exchange->port_of(whole.destination, flow);
         return whole;
       },
       [self](std::uint64_t number, const ProbeOrder& order, HopReply&& reply, Instant at) {
         self->on_answer(number, order, reply, at);
       }}));
  return std::make_unique<Tracer>(std::move(impl));
}

Tracer::Tracer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tracer::~Tracer() = default;

std::string Tracer::limitation() const { return impl_->exchange->limitation(); }

void Tracer::start(TraceTask task, std::function<void(Trace)> done,
                   std::function<void(const TraceProbe&)> progress) {
  impl_->start(std::move(task), std::move(done), std::move(progress));
}

TracerStats Tracer::stats() const {
  const ProbeExchange::Counters& counted = impl_->exchange->counters();
  TracerStats stats;
  stats.running = impl_->traces.size();
  stats.finished = impl_->finished_count;
  stats.probes_sent = counted.sent;
  stats.probes_spared = impl_->spared;
  stats.answers = counted.answers;
  stats.late_answers = counted.late;
  stats.duplicate_answers = counted.duplicates;
  stats.foreign_answers = counted.foreign;
  stats.socket_drops = impl_->exchange->drops();
  return stats;
}

HopBudget& Tracer::budget() { return impl_->budget; }

}  // namespace lw::trace
