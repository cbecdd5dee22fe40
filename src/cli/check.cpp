// SPDX-License-Identifier: Apache-2.0
// linewatch check: one round of checks from here, without a server.
#include <fmt/core.h>

#include <csignal>

#include <CLI/CLI.hpp>

#include "base/files.h"
#include "base/ip_address.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/check_target.h"
#include "cli/context.h"
#include "cli/name_line.h"
#include "cli/table.h"
#include "io/loop.h"
#include "model/limits.h"
#include "model/round.h"
#include "probe/prober.h"

namespace lw::cli {
namespace {

struct CheckOptions {
  std::string target;
  int count = 0;
  int interval_ms = 200;
  int timeout_ms = 0;
  bool v4 = false;
  bool v6 = false;
  bool https = false;
  std::string extra_ca;
  CheckSettings settings;
};

Value ms(const std::optional<Microseconds>& duration) {
  return duration ? Value(static_cast<double>(duration->count()) / 1000.0) : Value();
}

Value list_of(const std::vector<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push(text);
  return list;
}

Value tls_document(const TlsFacts& tls) {
  return Value::object({{"subject", tls.subject},
                        {"issuer", tls.issuer},
                        {"names", list_of(tls.names)},
                        {"notBefore", to_iso8601(tls.not_before)},
                        {"notAfter", to_iso8601(tls.not_after)},
                        {"version", tls.version},
                        {"cipher", tls.cipher},
                        {"key", tls.key},
                        {"chain", list_of(tls.chain)},
                        {"verified", tls.is_verified}});
}

Value round_document(const Test& test, const Round& round) {
  const RoundSummary summary = summarize(round);
  Value checks = Value::array();
  for (const Check& check : round.checks) {
    checks.push(Value::object({{"outcome", outcome_name(check.outcome)},
                               {"roundTripTimeMs", ms(check.rtt)},
                               {"offsetMs", ms(check.offset)}}));
  }
  Value value;
  value.set("target", test.destination_address);
  value.set("address", round.address);
  value.set("protocol", test.configuration->protocol_name());
  value.set("started", to_iso8601(round.started));
  value.set("checksTotal", summary.total);
  value.set("checksFailed", summary.failed);
  value.set("checksVoid", summary.voided);
  value.set("roundTripTimeMinMs", ms(summary.rtt_min));
  value.set("roundTripTimeMs", ms(summary.rtt_avg));
  value.set("roundTripTimeMaxMs", ms(summary.rtt_max));
  value.set("jitterMs", ms(summary.jitter));
  value.set("detail", round.detail);
  if (round.reply_ttls) {
    value.set("replyTtl", Value::object({{"lowest", int{round.reply_ttls->lowest}},
                                         {"highest", int{round.reply_ttls->highest}}}));
  }
  if (round.name) value.set("name", name_value(*round.name));
  value.set("httpStatus", round.http_status ? Value(*round.http_status) : Value());
  if (round.http) {
    value.set("http", Value::object({{"dnsMs", ms(round.http->dns)},
                                     {"connectMs", ms(round.http->connect)},
                                     {"tlsMs", ms(round.http->tls)},
                                     {"requestMs", ms(round.http->request)},
                                     {"firstByteMs", ms(round.http->first_byte)},
                                     {"transferMs", ms(round.http->transfer)}}));
  }
  if (round.http_facts) {
    value.set("answer", Value::object({{"version", round.http_facts->version},
                                       {"redirects", round.http_facts->redirects},
                                       {"url", round.http_facts->url},
                                       {"bodyBytes", round.http_facts->body_bytes}}));
  }
  if (round.tls) value.set("tls", tls_document(*round.tls));
  value.set("checks", std::move(checks));
  return value;
}

void print_check(int number, const Check& check, const std::string& detail) {
  if (check.outcome == CheckOutcome::Success) {
    fmt::print("{:>3}  ok  {}\n", number, check.rtt ? to_human(*check.rtt) : "");
  } else {
    fmt::print("{:>3}  {}{}{}\n", number, to_string(check.outcome), detail.empty() ? "" : ": ",
               detail);
  }
  std::fflush(stdout);
}

void print_phases(const HttpPhases& phases) {
  const auto shown = [](const std::optional<Microseconds>& phase) {
    return phase ? to_human(*phase) : std::string("-");
  };
  fmt::print("last: dns {}, connect {}, tls {}, request {}, first byte {}, transfer {}\n",
             shown(phases.dns), shown(phases.connect), shown(phases.tls), shown(phases.request),
             shown(phases.first_byte), shown(phases.transfer));
}

void print_ttls(const ReplyTtls& ttls) {
  if (ttls.lowest == ttls.highest) {
    fmt::print("replies came with TTL {}\n", ttls.lowest);
  } else {
    fmt::print("replies came with TTLs {} to {}: by ways of different lengths\n", ttls.lowest,
               ttls.highest);
  }
}

void print_answer(const HttpFacts& facts) {
  fmt::print("answer: {}, {} bytes of body read", facts.version, facts.body_bytes);
  if (facts.redirects > 0) {
    fmt::print(", from {} after {}", facts.url,
               counted(static_cast<std::size_t>(facts.redirects), "redirect"));
  }
  fmt::print("\n");
}

void print_summary(const std::string& target, const Round& round) {
  const RoundSummary summary = summarize(round);
  if (round.name) fmt::print("name {}\n", name_line(target, name_value(*round.name)));
  fmt::print("{} of {} checks failed", summary.failed, summary.total);
  if (summary.rtt_avg) {
    fmt::print("; min {}, average {}, max {}", to_human(*summary.rtt_min),
               to_human(*summary.rtt_avg), to_human(*summary.rtt_max));
    if (summary.jitter) fmt::print(", jitter {}", to_human(*summary.jitter));
  }
  fmt::print("\n");
  if (round.reply_ttls) print_ttls(*round.reply_ttls);
  if (round.http) print_phases(*round.http);
  if (round.http_facts) print_answer(*round.http_facts);
  if (!round.detail.empty()) fmt::print("{}\n", round.detail);
  if (round.tls) {
    fmt::print("certificate: {} ({}), issued by {}, expires {}, {}\n", round.tls->subject,
               round.tls->key, round.tls->issuer, to_iso8601(round.tls->not_after),
               round.tls->is_verified ? "verified" : "not verified");
  }
}

/// Void checks say nothing about the target, but a round of them is no success either.
int exit_code(const Round& round) {
  const RoundSummary summary = summarize(round);
  return summary.failed == 0 && summary.total > 0 ? kExitSuccess : kExitNegative;
}

int run(const Context& context, const std::string& protocol, const CheckOptions& options) {
  CheckTarget wish{.protocol = protocol,
                   .target = options.target,
                   .https = options.https,
                   .count = options.count,
                   .timeout = Milliseconds(options.timeout_ms),
                   .version = std::nullopt,
                   .settings = options.settings};
  if (options.v4) wish.version = IpVersion::V4;
  if (options.v6) wish.version = IpVersion::V6;
  const auto test = to_test(wish);
  if (!test) return report(test.error());
  ProberConfig config;
  if (!options.extra_ca.empty()) {
    const auto roots = read_file(options.extra_ca);
    if (!roots) return report(roots.error());
    config.extra_ca_pem = *roots;
  }
  // Ctrl-C ends a check at once, as people expect of such a command.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);

  const bool is_table = context.output.empty() || context.output == "table";
  const SystemClock clock;
  io::Loop loop;
  Prober prober(loop, clock, config, [](Round&&) {});
  std::optional<Round> finished;
  int number = 0;
  loop.post([&] {
    prober.check(
        *test,
        [&](const Check& check, const std::string& detail) {
          if (is_table) print_check(++number, check, detail);
        },
        [&](Round&& round) {
          finished = std::move(round);
          loop.stop();
        },
        Milliseconds(options.interval_ms));
  });
  loop.run();
  if (is_table) {
    print_summary(test->destination_address, *finished);
  } else {
    print_object(context.output, round_document(*test, *finished));
  }
  return exit_code(*finished);
}

void add_packet_options(CLI::App& verb, const std::string& protocol, CheckSettings& settings) {
  verb.add_option("--source-address", settings.source_address, "Address of this host to send from");
  verb.add_option("--interface", settings.source_interface, "Interface of this host to send from");
  verb.add_option("--dscp", settings.dscp, "DSCP of the packets")->check(CLI::Range(0, 63));
  verb.add_option("--ttl", settings.ttl, "Time to live, or hop limit")->check(CLI::Range(1, 255));
  if (protocol != "icmp") return;
  verb.add_option("--payload-bytes", settings.payload_bytes, "Data in each echo request")
      ->check(CLI::Range(limits::kPayloadBytesMin, limits::kPayloadBytesMax));
  verb.add_flag("--dont-fragment", settings.dont_fragment, "Forbid fragments on the way");
}

void add_http_options(CLI::App& verb, CheckSettings& settings) {
  const auto one_of = [](const std::vector<std::string>& words) {
    return CLI::IsMember(words, CLI::ignore_case);
  };
  verb.add_option("--method", settings.method, "get, head or post")
      ->check(one_of({"get", "head", "post"}));
  verb.add_option("--header", settings.headers, "Request header 'Name: value'; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--http-version", settings.http_version, "any, 1.1 or 2")
      ->check(one_of({"any", "1.1", "2"}));
  verb.add_option("--max-redirects", settings.max_redirects, "Redirects to follow; 0: none")
      ->check(CLI::Range(0, limits::kRedirectsMax));
  verb.add_option("--body-matches", settings.body_matches,
                  "Regular expression (RE2) that the body must contain");
  verb.add_option("--body-bytes-max", settings.body_bytes_max, "Read no more of the body")
      ->check(CLI::Range(std::int64_t{0}, limits::kBodyBytesMax));
  verb.add_option("--revocation", settings.revocation,
                  "Check whether certificates are revoked: off, soft, or strict (must be known)")
      ->check(one_of({"off", "soft", "strict"}));
}

void add_protocol(CLI::App& check, Context& context, const std::string& protocol,
                  const char* help) {
  auto* const verb = check.add_subcommand(protocol, help);
  auto options = std::make_shared<CheckOptions>();
  verb->add_option("target", options->target,
                   protocol == "http"  ? "URL, or HOST[:PORT]"
                   : protocol == "tcp" ? "HOST:PORT"
                                       : "HOST")
      ->required();
  verb->add_option("-c,--count", options->count, "Number of checks")->check(CLI::Range(1, 100));
  verb->add_option("-i,--interval", options->interval_ms, "Milliseconds between checks")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  verb->add_option("-t,--timeout", options->timeout_ms, "Time-out of a check in milliseconds")
      ->check(CLI::Range(10, 60'000));
  verb->add_flag("-4", options->v4, "IPv4 only");
  verb->add_flag("-6", options->v6, "IPv6 only");
  add_packet_options(*verb, protocol, options->settings);
  if (protocol == "http") {
    add_http_options(*verb, options->settings);
    verb->add_flag("--https", options->https, "Use TLS on a port other than 443");
    verb->add_option("--extra-ca", options->extra_ca, "PEM file of further roots to trust");
  }
  verb->callback([=, &context] {
    context.action = [=, &context] { return run(context, protocol, *options); };
  });
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  auto* const check =
      app.add_subcommand("check", "Check a target once from here, without a server");
  check->require_subcommand(1);
  add_protocol(*check, context, "icmp", "Echo requests");
  add_protocol(*check, context, "tcp", "TCP handshakes");
  add_protocol(*check, context, "http", "HTTP or HTTPS requests");
  add_check_stamp(*check, context);
}

}  // namespace lw::cli
