// SPDX-License-Identifier: Apache-2.0
// Puts a simulated network behind a TUN device, so that any program can trace through it. All
// decisions are in SimulatedNetwork; this file moves packets between it and the device.
#include <fmt/core.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "base/files.h"
#include "base/time.h"
#include "link/tunnel.h"
#include "simnet/network.h"
#include "simnet/network_reader.h"

namespace lw::lab {
namespace {

struct Options {
  std::string file;
  std::string device = "simnet0";
  std::string namespace_file;
  std::optional<std::uint64_t> seed;
};

constexpr std::size_t kPacketMax = 65'536;
// Packets that one turn reads before it looks at the clock for those that are due.
constexpr int kReadBatch = 256;

Result<NetworkConfig> load(const Options& options) {
  const std::string text = TRY(read_file(options.file));
  NetworkRead read = parse_network(text, options.file);
  std::string faults;
  for (const Diagnostic& fault : read.faults) faults += to_string(fault) + "\n";
  if (!faults.empty()) return fail(ErrorCode::InvalidInput, faults);
  if (options.seed) read.config.seed = *options.seed;
  return std::move(read.config);
}

/// True if there may be more.
bool read_packets(int device, SimulatedNetwork& network, const Clock& clock) {
  static std::array<std::uint8_t, kPacketMax> buffer;
  for (int i = 0; i < kReadBatch; ++i) {
    const ssize_t got = ::read(device, buffer.data(), buffer.size());
    if (got <= 0) return false;
    network.deliver(Bytes(buffer).first(static_cast<std::size_t>(got)), clock.now());
  }
  return true;
}

void write_packets(SimulatedNetwork& network, int device, Instant now) {
  // The device refuses packets while its interface is down.
  network.hand_out_departed(
      now, [&](Bytes packet) { (void)!::write(device, packet.data(), packet.size()); });
}

std::optional<timespec> until_next(const SimulatedNetwork& network, const Clock& clock) {
  const auto next = network.next_departure();
  if (!next) return std::nullopt;
  const auto wait = std::max(*next - clock.now(), std::chrono::nanoseconds(0));
  const auto seconds = std::chrono::duration_cast<Seconds>(wait);
  return timespec{seconds.count(), (wait - seconds).count()};
}

/// Moves packets until SIGTERM or SIGINT.
void run(SimulatedNetwork& network, int device, int signals, const Clock& clock) {
  std::array<pollfd, 2> watched{{{device, POLLIN, 0}, {signals, POLLIN, 0}}};
  bool may_have_more = false;
  while (true) {
    std::optional<timespec> wait = until_next(network, clock);
    if (may_have_more) wait = timespec{};
    ::ppoll(watched.data(), watched.size(), wait ? &*wait : nullptr, nullptr);
    if ((watched[1].revents & POLLIN) != 0) return;
    if ((watched[0].revents & POLLIN) != 0) may_have_more = read_packets(device, network, clock);
    write_packets(network, device, clock.now());
  }
}

int block_end_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  return ::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

void print_counters(const NetworkCounters& c) {
  fmt::print(R"({{"received":{},"malformed":{},"answered":{},"lost":{},"refused":{},"silent":{}}})"
             "\n",
             c.received, c.malformed, c.answered, c.lost, c.refused, c.silent);
}

Result<void> simulate(const Options& options) {
  const int signals = block_end_signals();
  NetworkConfig config = TRY(load(options));
  const Descriptor device =
      TRY(open_tunnel(options.namespace_file, options.device, TunnelKind::Tun));
  const SystemClock clock;
  SimulatedNetwork network(std::move(config), clock.now());
  // Whoever started this waits for the line before it configures the interface.
  fmt::print("ready\n");
  std::fflush(stdout);
  run(network, device.get(), signals, clock);
  print_counters(network.counters());
  return {};
}

}  // namespace
}  // namespace lw::lab

int main(int argc, char** argv) {
  lw::lab::Options options;
  CLI::App app("Puts a network that a file describes behind a TUN device.");
  app.add_option("FILE", options.file, "The network (docs/formats/simnet.md)")->required();
  app.add_option("--device", options.device, "Interface to make")->capture_default_str();
  app.add_option("--ns", options.namespace_file, "Namespace file to make it in");
  app.add_option("--seed", options.seed, "Chances other than those of the file");
  CLI11_PARSE(app, argc, argv);
  const auto result = lw::lab::simulate(options);
  if (result) return 0;
  fmt::print(stderr, "linewatch-simnet: {}\n", result.error().message);
  return 1;
}
