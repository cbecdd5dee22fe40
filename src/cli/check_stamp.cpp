// SPDX-License-Identifier: Apache-2.0
// linewatch check stamp: loss and delay variation per direction, against a STAMP reflector.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "agent/responder.h"
#include "cli/check_target.h"
#include "cli/context.h"
#include "cli/interrupt.h"
#include "cli/table.h"
#include "io/resolver.h"
#include "model/self_test.h"
#include "probe/stamp_sender.h"

namespace lw::cli {
namespace {

struct StampOptions {
  std::string target;
  StampPlan plan;
  int interval_ms = 100;
  int timeout_ms = 1000;
  bool v4 = false;
  bool v6 = false;
};

Value ms(const std::optional<Nanoseconds>& duration) {
  return duration ? Value(static_cast<double>(duration->count()) / 1e6) : Value();
}

Value number(const std::optional<int>& count) { return count ? Value(*count) : Value(); }

std::optional<Nanoseconds> mean_of(const std::optional<DelayVariation>& variation) {
  return variation ? std::optional(variation->mean) : std::nullopt;
}

Value document(const std::string& target, const IpAddress& address, std::uint16_t port,
               const StampOutcome& outcome) {
  Value value;
  value.set("target", target);
  value.set("address", to_string(address));
  value.set("port", int{port});
  value.set("sent", outcome.sent);
  value.set("received", outcome.received);
  value.set("lostForward", number(outcome.lost_forward));
  value.set("lostBackward", number(outcome.lost_backward));
  value.set("lostUnknown", outcome.lost_unknown);
  value.set("roundTripTimeMinMs", ms(outcome.rtt_min));
  value.set("roundTripTimeMs", ms(outcome.rtt_avg));
  value.set("roundTripTimeMaxMs", ms(outcome.rtt_max));
  value.set("delayVariationForwardMs", ms(mean_of(outcome.forward)));
  value.set("delayVariationBackwardMs", ms(mean_of(outcome.backward)));
  value.set("reordered", outcome.reordered);
  value.set("duplicates", outcome.duplicates);
  value.set("unsent", outcome.unsent);
  value.set("isStateful", outcome.is_stateful ? Value(*outcome.is_stateful) : Value());
  value.set("hasClockStepped", outcome.has_clock_stepped);
  value.set("stamps", stamp_source_name(outcome.stamps));
  value.set("detail", outcome.detail);
  return value;
}

std::string text(const std::optional<Nanoseconds>& duration) {
  return duration ? fmt::format("{:.3f} ms", static_cast<double>(duration->count()) / 1e6) : "-";
}

/// Why the losses have no direction, if they have none.
const char* loss_note(const StampOutcome& outcome) {
  if (outcome.lost() == 0 || outcome.lost_forward || !outcome.is_stateful) return "";
  return *outcome.is_stateful
             ? "the reflector's numbers fit no direction\n"
             : "the reflector copies our numbers (stateless), so losses have no direction\n";
}

void print(const StampOutcome& outcome) {
  fmt::print("{} sent, {} received", outcome.sent, outcome.received);
  if (outcome.lost() > 0) {
    const auto count = [](const std::optional<int>& lost) {
      return lost ? fmt::format("{}", *lost) : std::string("?");
    };
    fmt::print("; lost: {} forward, {} backward, {} with unknown direction",
               count(outcome.lost_forward), count(outcome.lost_backward), outcome.lost_unknown);
  }
  fmt::print("\n{}", loss_note(outcome));
  if (outcome.rtt_avg) {
    fmt::print("round trip       min {}, average {}, max {}\n", text(outcome.rtt_min),
               text(outcome.rtt_avg), text(outcome.rtt_max));
  }
  if (outcome.forward || outcome.backward) {
    fmt::print("delay variation  forward {}, backward {}\n", text(mean_of(outcome.forward)),
               text(mean_of(outcome.backward)));
  }
  if (outcome.has_clock_stepped) fmt::print("this host's clock stepped meanwhile\n");
  if (outcome.reordered > 0 || outcome.duplicates > 0) {
    fmt::print("{} reordered, {} duplicates\n", outcome.reordered, outcome.duplicates);
  }
  if (outcome.unsent > 0) fmt::print("{} not sent\n", outcome.unsent);
  if (!outcome.detail.empty()) fmt::print("{}\n", outcome.detail);
}

/// One address and one session on a loop, to its end.
class Run {
 public:
  Run(const HostTarget& target, io::AddressFamily family, const StampPlan& plan)
      : target_(target), plan_(plan) {
    loop_.post([this, family] {
      resolver_.resolve(target_.host, family, [this](const auto& answer) { on_answer(answer); });
    });
    loop_.run();
  }

  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] const StampOutcome& outcome() const { return outcome_; }
  [[nodiscard]] const IpAddress& address() const { return address_; }

 private:
  void on_answer(const io::NameAnswer& answer) {
    if (answer.addresses.empty()) {
      return stop(
          {ErrorCode::NotFound, fmt::format("`{}` has no address{}{}", target_.host,
                                            answer.evidence.empty() ? "" : ": ", answer.evidence)});
    }
    address_ = answer.addresses.front();
    const auto started =
        sender_.start(address_, target_.port, plan_, [this](const StampOutcome& outcome) {
          outcome_ = outcome;
          loop_.stop();
        });
    if (!started) stop(started.error());
  }
  void stop(const Error& why) {
    failure_ = why;
    loop_.stop();
  }

  const HostTarget target_;
  const StampPlan plan_;
  const SystemClock clock_;
  io::Loop loop_;
  io::Resolver resolver_{loop_, clock_, {}};
  StampSender sender_{loop_, clock_};
  IpAddress address_;
  StampOutcome outcome_;
  std::optional<Error> failure_;
};

int run(const Context& context, const StampOptions& options) {
  const auto target = to_host_target(options.target, agent::kStampResponderPort);
  if (!target) return report(target.error());
  StampPlan plan = options.plan;
  plan.interval = Milliseconds(options.interval_ms);
  plan.timeout = Milliseconds(options.timeout_ms);
  end_on_interrupt();
  const io::AddressFamily family = options.v6   ? io::AddressFamily::V6
                                   : options.v4 ? io::AddressFamily::V4
                                                : io::AddressFamily::V4ThenV6;
  const Run done(*target, family, plan);
  if (done.failure()) return report(*done.failure());
  const StampOutcome& outcome = done.outcome();
  if (context.output.empty() || context.output == "table") {
    print(outcome);
  } else {
    print_object(context.output, document(options.target, done.address(), target->port, outcome));
  }
  return outcome.sent > 0 && outcome.lost() == 0 ? kExitSuccess : kExitNegative;
}

}  // namespace

void add_check_stamp(CLI::App& check, Context& context) {
  auto* const verb = check.add_subcommand(
      "stamp", "Loss and delay variation per direction, against a STAMP reflector (RFC 8762)");
  auto options = std::make_shared<StampOptions>();
  verb->add_option("target", options->target, "HOST[:PORT]; port 8085 if not said otherwise")
      ->required();
  verb->add_option("-c,--count", options->plan.count, "Number of packets")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->add_option("-i,--interval", options->interval_ms, "Milliseconds between packets")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  verb->add_option("-t,--timeout", options->timeout_ms, "Milliseconds to wait after the last one")
      ->check(CLI::Range(10, 60'000))
      ->capture_default_str();
  verb->add_flag("-4", options->v4, "IPv4 only");
  verb->add_flag("-6", options->v6, "IPv6 only");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return run(context, *options); }; });
}

}  // namespace lw::cli
