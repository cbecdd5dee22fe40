// SPDX-License-Identifier: Apache-2.0
#include "probe/stamp_sender.h"

#include "base/clock_error.h"
#include "base/clock_reading.h"
#include "base/random.h"
#include "probe/outcome_text.h"

namespace lw {
namespace {

constexpr int kExtraMax = 3;

}  // namespace

StampSender::StampSender(io::Loop& loop, const Clock& clock) : loop_(loop), clock_(clock) {}

Result<void> StampSender::start(const IpAddress& peer, std::uint16_t port, const StampPlan& plan,
                                Done done) {
  plan_ = plan;
  done_ = std::move(done);
  session_ = static_cast<std::uint16_t>(random_u64() | 1U);
  socket_ = TRY(io::UdpSocket::connect(
      loop_, peer, port,
      {[this](const io::UdpSocket::Arrival& arrival) { on_arrival(arrival); },
       [this](std::uint32_t key, std::int64_t ns) { tally_.set_sent_stamp(key, ns); },
       [this](const io::IcmpReport& report) { on_refusal(report); }}));
  begun_ = clock_.now();
  // Not from inside: the caller may want to get ready.
  timer_ = loop_.after(Microseconds(0), [this] { send_next(); });
  return {};
}

void StampSender::send_next() {
  send_one();
  if (planned_ < plan_.count) {
    // Counted from the start, so that a late one does not make the others later.
    timer_ = loop_.at(begun_ + plan_.interval * planned_, [this] { send_next(); });
    return;
  }
  wait();
}

void StampSender::send_one() {
  ++planned_;
  const ClockReading now = read_clocks(clock_);
  const std::uint32_t sequence = tally_.send(now);
  const ClockError clock = wall_clock_error();
  const auto bytes = packet::build_stamp_request(
      {.sequence = sequence,
       .sent = tally_.sent_ntp(sequence),
       .error = packet::build_stamp_error({.is_synchronized = clock.is_synchronized,
                                           .is_ptp = false,
                                           .error_ns = clock.error.count() * 1000}),
       .session = session_});
  const int error = socket_->send(bytes, sequence);
  if (error == 0) return;
  tally_.take_back();
  if (detail_.empty()) detail_ = result_of_errno(error).detail;
}

void StampSender::wait() {
  timer_ = loop_.after(plan_.timeout, [this] {
    // Without any reply there is nobody, and more requests say no more.
    const bool may_tell = tally_.answered() > 0 && !tally_.has_last();
    if (!may_tell || extra_ >= kExtraMax) return finish();
    ++extra_;
    send_one();
    wait();
  });
}

void StampSender::on_arrival(const io::UdpSocket::Arrival& arrival) {
  const auto reply = packet::parse_stamp_reply(arrival.bytes);
  if (!reply || arrival.is_cut) return;
  // A reflector without RFC 8972 leaves the session 0.
  if (reply->session != session_ && reply->session != 0) return;
  tally_.receive(*reply, arrival.stamp_ns, read_clocks(clock_));
  const bool is_over = planned_ >= plan_.count && tally_.answered() == tally_.sent();
  // A moment more, for duplicates of the last.
  if (is_over) timer_ = loop_.after(Milliseconds(20), [this] { finish(); });
}

void StampSender::on_refusal(const io::IcmpReport& report) {
  if (detail_.empty()) {
    detail_ = result_of_icmp_error(report.is_v6, report.type, report.code, report.from).detail;
  }
}

void StampSender::finish() {
  timer_.cancel();
  StampOutcome outcome = tally_.outcome();
  if (outcome.lost() > 0 || outcome.unsent > 0) outcome.detail = detail_;
  done_(outcome);
}

}  // namespace lw
