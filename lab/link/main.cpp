// SPDX-License-Identifier: Apache-2.0
// Joins two network namespaces by a link with delay, jitter, loss, reordering, duplication, a rate
// limit and an MTU, since the kernels that tests run on may lack netem. All decisions are in
// Impairment; this file moves packets between it and two TUN devices.
#include <fmt/core.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/time.h"
#include "link/control.h"
#include "link/impairment.h"
#include "link/settings.h"
#include "link/tunnel.h"

namespace lw::lab {
namespace {

struct Options {
  std::string namespace_a, namespace_b;
  std::string interface_a = "link0", interface_b = "link0";
  std::string control;
  std::string settings;
  std::uint64_t seed = 1;
  bool tap = false;
};

// With TAP a frame has 14 bytes more than the interface's MTU; 64 KiB holds any.
constexpr std::size_t kPacketMax = 65'536;
// Packets that one turn reads from one side before it looks at the clock again.
constexpr int kReadBatch = 64;

void read_packets(int from, Impairment& into, const Clock& clock) {
  static std::array<std::uint8_t, kPacketMax> buffer;
  for (int i = 0; i < kReadBatch; ++i) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got <= 0) return;
    into.push(Packet(buffer.begin(), buffer.begin() + got), clock.now());
  }
}

void write_packets(Impairment& from, int into, Instant now) {
  for (const Packet& packet : from.take_departed(now)) {
    // The device refuses a packet while its interface is down: a cable that is unplugged.
    (void)!::write(into, packet.data(), packet.size());
  }
}

class Link {
 public:
  Link(Descriptor a, Descriptor b, Control control, int signals, std::uint64_t seed)
      : a_(std::move(a)),
        b_(std::move(b)),
        control_(std::move(control)),
        signals_(signals),
        a_to_b_(seed),
        b_to_a_(seed ^ 0x5bd1e995U) {}

  Result<void> apply(std::string_view line) {
    const LinkPair wanted = TRY(parse_settings(line, {a_to_b_.settings(), b_to_a_.settings()}));
    if (wanted.a_to_b != a_to_b_.settings()) a_to_b_.set(wanted.a_to_b);
    if (wanted.b_to_a != b_to_a_.settings()) b_to_a_.set(wanted.b_to_a);
    return {};
  }

  /// Moves packets until SIGTERM or SIGINT.
  void run() {
    while (true) {
      std::array<pollfd, 4> watched{{{a_.get(), POLLIN, 0},
                                     {b_.get(), POLLIN, 0},
                                     {control_.descriptor(), POLLIN, 0},
                                     {signals_, POLLIN, 0}}};
      const std::optional<timespec> wait = until_next_departure();
      ::ppoll(watched.data(), watched.size(), wait ? &*wait : nullptr, nullptr);
      if ((watched[3].revents & POLLIN) != 0) return;
      read_packets(a_.get(), a_to_b_, clock_);
      read_packets(b_.get(), b_to_a_, clock_);
      write_packets(a_to_b_, b_.get(), clock_.now());
      write_packets(b_to_a_, a_.get(), clock_.now());
      control_.serve([this](const std::string& request) { return answer(request); });
    }
  }

 private:
  [[nodiscard]] std::optional<timespec> until_next_departure() const {
    const auto a = a_to_b_.next_departure();
    const auto b = b_to_a_.next_departure();
    if (!a && !b) return std::nullopt;
    const Instant next = std::min(a.value_or(Instant::max()), b.value_or(Instant::max()));
    const auto wait = std::max(next - clock_.now(), std::chrono::nanoseconds(0));
    const auto seconds = std::chrono::duration_cast<Seconds>(wait);
    return timespec{seconds.count(), (wait - seconds).count()};
  }

  std::string answer(const std::string& request) {
    if (request == "show") return show();
    if (!request.starts_with("set ")) return "error: say `set KEY=VALUE ...` or `show`";
    const auto applied = apply(std::string_view(request).substr(4));
    return applied ? "ok" : "error: " + applied.error().message;
  }

  static std::string describe(const Impairment& direction) {
    const LinkCounters& c = direction.counters();
    return fmt::format(R"({{"settings":{},"received":{},"sent":{},"lost":{},"overflowed":{},)"
                       R"("too_big":{},"duplicated":{},"reordered":{}}})",
                       to_json(direction.settings()), c.received, c.sent, c.lost, c.overflowed,
                       c.too_big, c.duplicated, c.reordered);
  }
  [[nodiscard]] std::string show() const {
    return fmt::format(R"({{"ab":{},"ba":{}}})", describe(a_to_b_), describe(b_to_a_));
  }

  SystemClock clock_;
  Descriptor a_, b_;
  Control control_;
  int signals_;
  Impairment a_to_b_, b_to_a_;
};

int block_end_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  return ::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

Result<void> run_link(const Options& options) {
  const int signals = block_end_signals();
  const TunnelKind kind = options.tap ? TunnelKind::Tap : TunnelKind::Tun;
  Descriptor a = TRY(open_tunnel(options.namespace_a, options.interface_a, kind));
  Descriptor b = TRY(open_tunnel(options.namespace_b, options.interface_b, kind));
  Control control = TRY(Control::open(options.control));
  Link link(std::move(a), std::move(b), std::move(control), signals, options.seed);
  TRY(link.apply(options.settings));
  // Whoever started this waits for the line before it configures the interfaces.
  fmt::print("ready\n");
  std::fflush(stdout);
  link.run();
  return {};
}

}  // namespace
}  // namespace lw::lab

int main(int argc, char** argv) {
  lw::lab::Options options;
  CLI::App app("Joins two network namespaces by a link that delays, loses and reorders packets.");
  app.add_option("--ns-a", options.namespace_a, "Namespace file of end a (default: the own one)");
  app.add_option("--ns-b", options.namespace_b, "Namespace file of end b");
  app.add_option("--if-a", options.interface_a, "Interface to make at end a")
      ->capture_default_str();
  app.add_option("--if-b", options.interface_b, "Interface to make at end b")
      ->capture_default_str();
  app.add_option("--control", options.control, "Unix datagram socket for `set ...` and `show`")
      ->required();
  app.add_option("--set", options.settings,
                 "Settings at the start: \"delay_ms=100 loss=5 dir=ab\"");
  app.add_option("--seed", options.seed, "The same seed gives the same chances")
      ->capture_default_str();
  app.add_flag("--tap", options.tap, "Ethernet frames instead of IP packets");
  CLI11_PARSE(app, argc, argv);
  const auto result = lw::lab::run_link(options);
  if (result) return 0;
  fmt::print(stderr, "linewatch-lab-link: {}\n", result.error().message);
  return 1;
}
