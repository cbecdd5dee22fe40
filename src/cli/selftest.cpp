// SPDX-License-Identifier: Apache-2.0
// linewatch selftest: how well this machine measures.
#include "probe/selftest.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "base/thread.h"
#include "base/time.h"
#include "cli/context.h"
#include "cli/interrupt.h"
#include "cli/table.h"

namespace lw::cli {
namespace {

void print(const SelfTest& test) {
  const bool has_receive = test.stamps != StampSource::User;
  const bool has_send = has_receive && test.stamps != StampSource::KernelReceive;
  fmt::print("this agent: {}\n\n", describe(test));
  fmt::print("echoes        {} to loopback, {} failed\n", test.echoes, test.failed);
  fmt::print("error         half within {} µs, 999 of 1000 within {} µs, the largest {} µs; {}\n",
             test.error_median.count(), test.error.count(), test.error_max.count(),
             test.is_against_capture ? "against a packet capture"
                                     : "bounded by the round trip, as no capture is allowed");
  fmt::print("timestamps    receive {}, send {}, hardware {}\n", has_receive ? "yes" : "no",
             has_send ? "yes" : "no", test.stamps == StampSource::Hardware ? "yes" : "no");
  fmt::print("socket drops  {}, late replies {}\n", test.socket_drops, test.late_replies);
  fmt::print("host          Linux {}, {} CPUs, raw sockets {}\n", test.kernel, test.cpus,
             test.has_raw_sockets ? "allowed" : "not allowed (CAP_NET_RAW)");
}

int run(const Context& context, const SelfTestOptions& options) {
  end_on_interrupt();
  SelfTest result;
  // The test may move its thread into a network of its own.
  Thread thread("self-test", [&] {
    const SystemClock clock;
    result = measure_self(clock, options);
  });
  thread.join();
  if (context.output.empty() || context.output == "table") {
    print(result);
  } else {
    Value value = to_document(result);
    value.set("summary", "this agent: " + describe(result));
    print_object(context.output, value);
  }
  return result.failed < result.echoes ? kExitSuccess : kExitNegative;
}

}  // namespace

void add_selftest(CLI::App& app, Context& context) {
  auto* const verb =
      app.add_subcommand("selftest", "Measure how exact and how fast this machine measures");
  auto options = std::make_shared<SelfTestOptions>();
  verb->add_option("--seconds", options->seconds,
                   "For the error; finding the capacity takes some 10 s more")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  auto without_capacity = std::make_shared<bool>(false);
  verb->add_flag("--no-capacity", *without_capacity, "Do not look for the highest rate");
  verb->callback([=, &context] {
    options->with_capacity = !*without_capacity;
    context.action = [=, &context] { return run(context, *options); };
  });
}

}  // namespace lw::cli
