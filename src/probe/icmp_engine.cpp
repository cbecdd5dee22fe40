// SPDX-License-Identifier: Apache-2.0
#include "probe/icmp_engine.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>

#include "base/clock_reading.h"
#include "base/log.h"
#include "base/random.h"
#include "io/host.h"
#include "io/socket_options.h"
#include "probe/outcome_text.h"

namespace lw {
namespace {

constexpr Seconds kReopenAfter{10};
// Silence may be told so much late: that saves wake-ups, and replies are judged by their stamps.
constexpr Milliseconds kExpireEvery{5};
// So many echoes leave with one system call, and the clock is read once for all of them. That is a
// fallback if the kernel stamps them; else it is all there is.
constexpr std::size_t kTogetherStamped = io::IcmpSocket::kBatch;
constexpr std::size_t kTogetherUnstamped = 16;
// An echo takes the kernel less than that. Where it took longer, the thread has been stopped, and
// nobody knows between which of them.
constexpr Microseconds kSendMax{20};
// One alone may have been lost in a full error queue; that many in a row, and it is the driver.
constexpr int kUnstampedMany = 3;
// Destinations; where there are more, the host is overloaded and drivers are not to blame.
constexpr std::size_t kUnstampedKept = 4'096;

packet::EchoSecret random_secret() {
  return {static_cast<std::uint32_t>(random_u64()), random_u64(), random_u64()};
}

/// How the packets are to leave. What this host lacks for it goes to `fault`.
io::IcmpSocket::Sending sending_of(const PacketOptions& packets, bool is_v6,
                                   std::optional<io::SocketFault>& fault) {
  io::IcmpSocket::Sending how;
  if (packets.dscp) how.traffic_class = *packets.dscp << 2;
  how.ttl = packets.ttl;
  if (!packets.source_address.empty()) {
    how.source = parse_ip_address(packets.source_address);
    if (how.source) fault = io::family_fault(*how.source, is_v6);
  }
  if (!packets.source_interface.empty()) {
    how.interface = io::interface_index(packets.source_interface);
    if (!how.interface) fault = io::interface_fault(packets.source_interface, ENODEV);
  }
  return how;
}

}  // namespace

IcmpEngine::IcmpEngine(io::Loop& loop, const Clock& clock, const Options& options,
                       const CheckSink& sink)
    : loop_(loop),
      clock_(clock),
      options_(options),
      sink_(sink),
      secret_(random_secret()),
      tracker_(secret_) {
  // Early, since the kernel begins to stamp received packets only some time after it is asked to.
  // A refusal is told by the first check that needs the socket.
  for (const bool is_v6 : {false, true}) open(families_.at(is_v6 ? 1 : 0), is_v6);
}

void IcmpEngine::open(Family& family, bool is_v6) {
  const Instant now = clock_.now();
  if (now < family.retry_at) return;
  io::IcmpSocket::Handlers handlers{
      [this, is_v6](std::span<const io::IcmpSocket::Arrival> all) { on_arrivals(is_v6, all); },
      [this](const io::IcmpSocket::Refusal& refusal) { on_refusal(refusal); },
      [this](std::uint32_t key, std::int64_t ns, io::SentAt at) {
        tracker_.set_sent_stamp(key, ns, at);
      }};
  io::IcmpSocket::Options options{.is_v6 = is_v6,
                                  .mark = secret_.mark,
                                  .dont_fragment = options_.dont_fragment,
                                  .with_send_stamps = options_.stamps == EchoStamps::Both};
  options.has_driver_stamps = options_.has_driver_stamps;
  if (options_.receive_buffer) options.receive_buffer = *options_.receive_buffer;
  auto opened = io::IcmpSocket::open(loop_, options, std::move(handlers));
  if (opened) {
    family.socket = std::move(*opened);
    family.failure.reset();
    return;
  }
  family.failure = opened.error();
  family.retry_at = now + kReopenAfter;
}

void IcmpEngine::stage(const CheckTicket& ticket, const IpAddress& to,
                       std::chrono::nanoseconds timeout, const PacketOptions& packets) {
  Family& family = family_of(to);
  if (!family.socket) open(family, to.is_v6);
  if (!family.socket) {
    if (!family.was_told) log::warning("probe", family.failure->message);
    family.was_told = true;
    const bool refused = family.failure->code == ErrorCode::PermissionDenied;
    sink_(ticket,
          failed_check(refused ? CheckOutcome::LocalPermission : CheckOutcome::LocalResources,
                       family.failure->message));
    return;
  }
  std::optional<io::SocketFault> fault;
  Staged staged{{}, sending_of(packets, to.is_v6, fault)};
  if (fault) return sink_(ticket, result_of_fault(fault->error_number, fault->evidence));
  staged.request.ticket = ticket;
  staged.request.to = to;
  staged.request.timeout = timeout;
  if (packets.payload_bytes) {
    staged.request.payload_bytes = static_cast<std::size_t>(*packets.payload_bytes);
  }
  staged.how.with_queue_stamp = wants_queue_stamp(to);
  staged_.push_back(staged);
  if (staged_.size() >= kTogetherStamped) send_staged();
}

void IcmpEngine::send_staged() {
  if (staged_.empty()) return;
  // The sink may stage more, so it is told when all is done.
  Failures failures;
  leaving_.swap(staged_);
  const std::size_t most =
      options_.stamps == EchoStamps::Both ? kTogetherStamped : kTogetherUnstamped;
  for (std::size_t at = 0; at < leaving_.size(); at += most) {
    const std::size_t size = std::min(most, leaving_.size() - at);
    send_together(std::span(leaving_).subspan(at, size), failures);
  }
  leaving_.clear();
  for (auto& [ticket, result] : failures) sink_(ticket, std::move(result));
}

void IcmpEngine::send_together(std::span<Staged> together, Failures& failures) {
  const ClockReading now = read_clocks(clock_);
  std::chrono::nanoseconds soonest = together.front().request.timeout;
  for (Staged& staged : together) {
    EchoRequest& request = staged.request;
    request.sent = now;
    soonest = std::min(soonest, request.timeout);
    const EchoTracker::Outgoing outgoing = tracker_.open(request);
    staged.token = outgoing.token;
    family_of(request.to).socket->stage(request.to, outgoing.message, staged.token, staged.how);
  }
  const Timestamp before = clock_.wall_now();
  for (Family& family : families_) {
    if (!family.socket) continue;
    for (const io::IcmpSocket::Unsent& unsent : family.socket->send_staged()) {
      tracker_.close(unsent.key);
      const auto staged = std::ranges::find(together, unsent.key, &Staged::token);
      failures.emplace_back(staged->request.ticket, result_of_unsent(*staged, unsent.error_number));
    }
  }
  if (options_.stamps == EchoStamps::Receive) share_out_send_time(together, before);
  arm(now.instant + soonest);
}

/// Those that left together left one after the other.
void IcmpEngine::share_out_send_time(std::span<const Staged> together, Timestamp before) {
  const Microseconds took = clock_.wall_now() - before;
  const auto size = static_cast<std::int64_t>(together.size());
  const bool is_known = took >= Microseconds(0) && took <= kSendMax * size;
  for (std::int64_t i = 0; i < size; ++i) {
    const Microseconds after = is_known ? took * i / size : Microseconds(0);
    tracker_.set_sent_time(together[static_cast<std::size_t>(i)].token, before, after);
  }
}

CheckResult IcmpEngine::result_of_unsent(const Staged& staged, int error_number) {
  const auto& source = staged.how.source;
  if (!source || io::is_own_address(*source)) return result_of_errno(error_number);
  // What the kernel says of a source that is not there sounds like a missing route.
  const io::SocketFault fault = io::source_fault(*source, EADDRNOTAVAIL);
  return result_of_fault(fault.error_number, fault.evidence);
}

void IcmpEngine::on_arrivals(bool is_v6, std::span<const io::IcmpSocket::Arrival> arrivals) {
  const ClockReading now = read_clocks(clock_);
  for (const io::IcmpSocket::Arrival& arrival : arrivals) on_arrival(is_v6, arrival, now);
}

void IcmpEngine::on_arrival(bool is_v6, const io::IcmpSocket::Arrival& arrival,
                            const ClockReading& now) {
  const auto message = packet::parse_icmp(is_v6, arrival.message);
  if (!message) return;
  if (const auto* reply = std::get_if<packet::EchoReply>(&*message)) {
    if (const auto request = tracker_.take_reply(*reply)) {
      on_reply(*request, arrival, now);
    }
    return;
  }
  const auto& error = std::get<packet::IcmpError>(*message);
  const bool is_datagram = families_.at(is_v6 ? 1 : 0).socket->is_datagram();
  if (const auto request = tracker_.take_error(error.quote, is_datagram)) {
    sink_(request->ticket, result_of_icmp_error(is_v6, error.type, error.code, arrival.from));
  }
}

void IcmpEngine::on_refusal(const io::IcmpSocket::Refusal& refusal) {
  const bool is_v6 = refusal.destination.is_v6;
  const auto quote = packet::parse_echo_request(is_v6, refusal.destination, refusal.request);
  if (!quote) return;
  if (const auto request = tracker_.take_error(*quote, true)) {
    sink_(request->ticket, result_of_icmp_error(is_v6, refusal.type, refusal.code, refusal.from));
  }
}

void IcmpEngine::on_reply(const EchoRequest& request, const io::IcmpSocket::Arrival& arrival,
                          const ClockReading& now) {
  const EchoTime time = measure_echo(request, arrival.stamp_ns, now);
  // What came after the time-out stays a failure, even if a busy loop saw it before it saw the
  // time.
  if (time.rtt > request.timeout) {
    sink_(request.ticket, result_of_timeout(request.timeout));
    return;
  }
  if (options_.stamps == EchoStamps::Both && arrival.stamp_ns) note_stamp(request);
  CheckResult result;
  result.outcome = CheckOutcome::Success;
  result.rtt = time.rtt;
  result.stamps = time.stamps;
  result.reply_ttl = arrival.ttl;
  sink_(request.ticket, std::move(result));
}

void IcmpEngine::note_stamp(const EchoRequest& request) {
  const bool is_of_driver = request.sent_stamp_ns && request.stamped_at == io::SentAt::Driver;
  if (is_of_driver) {
    if (!unstamped_.empty()) unstamped_.erase(request.to);
    return;
  }
  if (request.sent_stamp_ns) ++queue_stamped_;
  if (unstamped_.size() >= kUnstampedKept && !unstamped_.contains(request.to)) return;
  int& in_a_row = unstamped_[request.to];
  in_a_row = std::min(in_a_row + 1, kUnstampedMany);
}

bool IcmpEngine::wants_queue_stamp(const IpAddress& to) const {
  if (unstamped_.empty()) return false;
  const auto found = unstamped_.find(to);
  return found != unstamped_.end() && found->second >= kUnstampedMany;
}

void IcmpEngine::arm(std::optional<Instant> deadline) {
  if (!deadline || (armed_for_ && *armed_for_ <= *deadline)) return;
  armed_for_ = std::max(*deadline, expired_at_ + kExpireEvery);
  timer_ = loop_.at(*armed_for_, [this] {
    armed_for_.reset();
    expire();
    arm(tracker_.next_deadline());
  });
}

void IcmpEngine::expire() {
  expired_at_ = clock_.now();
  const std::vector<std::uint32_t> silent = tracker_.expired(expired_at_);
  if (silent.empty()) return;
  // After a stall, replies that came in time may still wait in the socket: read them first.
  for (Family& family : families_) {
    if (!family.socket) continue;
    family.socket->read_pending();
    note_drops(family);
  }
  for (const std::uint32_t token : silent) {
    if (const auto request = tracker_.give_up(token)) {
      sink_(request->ticket, result_of_silence(*request));
    }
  }
}

void IcmpEngine::note_drops(Family& family) {
  if (family.socket->drops() == family.drops_seen) return;
  family.drops_seen = family.socket->drops();
  family.last_drop = clock_.now();
}

CheckResult IcmpEngine::result_of_silence(const EchoRequest& request) {
  const Family& family = family_of(request.to);
  if (family.last_drop < request.sent.instant) return result_of_timeout(request.timeout);
  return failed_check(CheckOutcome::LocalOverload,
                      fmt::format("this host dropped replies: its ICMP socket buffer was full "
                                  "({} packets so far)",
                                  family.drops_seen));
}

std::uint64_t IcmpEngine::socket_drops() const {
  std::uint64_t drops = 0;
  for (const Family& family : families_) drops += family.socket ? family.socket->drops() : 0;
  return drops;
}

std::string IcmpEngine::problem() const {
  // Of IPv4: a host without IPv6 is in order.
  const Family& family = families_[0];
  if (!family.socket) return family.failure ? family.failure->message : "";
  if (!family.socket->is_datagram()) return "";
  return "without CAP_NET_RAW, ICMP checks use datagram sockets and paths cannot be traced; grant "
         "it with `setcap cap_net_raw+ep` on the executable, or start the agent as root";
}

}  // namespace lw
