// SPDX-License-Identifier: Apache-2.0
// linewatch trace: the way to a target, hop by hop, from here, without a server.
#include <fmt/core.h>

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/check_target.h"
#include "cli/context.h"
#include "cli/interrupt.h"
#include "cli/path_table.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "model/path_document.h"
#include "topology/path_issues.h"
#include "topology/path_statistics.h"
#include "trace/hop_names.h"
#include "trace/multipath.h"
#include "trace/multipath_task.h"
#include "trace/path_mtu_report.h"
#include "trace/path_mtu_run.h"
#include "trace/tracer.h"

namespace lw::cli {
namespace {

constexpr int kReportTraces = 10;
/// Traces out at once, while silent hops are waited for.
constexpr int kRunningMax = 5;
/// Routers are asked once a second, and a search wants answers from all of them.
constexpr Milliseconds kSearchPatience{15'000};
/// Names of hops are waited for so long at the end.
constexpr Seconds kNamesPatience{2};

struct TraceOptions {
  std::string target;
  std::string protocol = "icmp";
  int count = -1;
  double interval_s = 1;
  int ttl_max = 30;
  int timeout_ms = 2'000;
  bool v4 = false;
  bool v6 = false;
  bool all_paths = false;
  bool in_report = false;
  bool wants_mtu = false;
  bool no_names = false;
  std::string networks_file;
  std::optional<int> dscp;
  std::string source_address;
};

trace::HopNamesConfig names_for(const TraceOptions& options) {
  trace::HopNamesConfig config;
  config.ask_name_servers = !options.no_names;
  config.networks_file = options.networks_file;
  return config;
}

/// Somebody who looks on wants all that was seen since the start, or nearly.
topology::PathStatisticsConfig over_an_hour() {
  topology::PathStatisticsConfig config;
  config.window = Seconds(3'600);
  return config;
}

/// Traces again and again, shows what has gathered, and ends the loop when it has done enough.
class TraceCommand {
 public:
  TraceCommand(io::Loop& loop, const Clock& clock, trace::Tracer& tracer, trace::TraceTask task,
               const Context& context, const TraceOptions& options)
      : loop_(loop),
        clock_(clock),
        tracer_(tracer),
        task_(std::move(task)),
        context_(context),
        options_(options),
        names_(loop, clock, names_for(options)) {
    if (options_.all_paths) {
      multipath_.emplace(trace::MultipathConfig{.ttl_max = task_.config.ttl_max});
    }
  }

  /// Why it cannot begin.
  [[nodiscard]] std::optional<Error> problem() const { return names_.problem(); }
  void begin() {
    if (is_live()) {
      // The first table may take some seconds: silent hops are waited for.
      fmt::print("tracing the way to {} …\n", to_string(task_.destination));
      std::fflush(stdout);
      lines_shown_ = 1;
    }
    next();
  }
  int finish() {
    const PathReport report = latest_with_names();
    if (is_table()) {
      show();
    } else {
      print_document(report);
    }
    const bool reached = std::ranges::any_of(report.paths, &Path::is_reached);
    return reached ? kExitSuccess : kExitNegative;
  }

 private:
  [[nodiscard]] bool is_table() const {
    return context_.output.empty() || context_.output == "table";
  }
  [[nodiscard]] bool is_live() const { return is_table() && is_terminal() && !options_.in_report; }
  [[nodiscard]] PathReport latest() const {
    PathReport report = statistics_.report(clock_.wall_now());
    if (report.problem.empty()) report.problem = problem_;
    report.is_refused = is_refused_;
    if (mtu_) {
      trace::add_path_mtu(report, *mtu_);
      topology::sort_by_gravity(report.issues);
    }
    return report;
  }
  [[nodiscard]] PathReport latest_with_names() {
    PathReport report = latest();
    names_.fill(report);
    return report;
  }
  void next();
  void next_if_not_too_many();
  void keep_flows();
  void begin_mtu();
  void take_mtu(PathMtuResult result);
  [[nodiscard]] bool is_done() const {
    if (!problem_.empty()) return true;
    return is_last_started() && running_ == 0 && (!options_.wants_mtu || mtu_.has_value());
  }
  void remember_hints();
  [[nodiscard]] bool is_last_started() const {
    return options_.count > 0 && started_ >= options_.count;
  }
  [[nodiscard]] std::chrono::nanoseconds interval() const {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(options_.interval_s * 1e9));
  }
  void take(const Trace& trace);
  void end();
  void show();
  void print_document(const PathReport& report);

  io::Loop& loop_;
  const Clock& clock_;
  trace::Tracer& tracer_;
  const trace::TraceTask task_;
  const Context& context_;
  const TraceOptions& options_;
  trace::HopNames names_;
  topology::PathStatistics statistics_{over_an_hour()};
  std::optional<trace::Multipath> multipath_;  ///< while paths are still looked for
  std::vector<std::uint16_t> flows_ = {0};
  std::vector<Trace> traces_;  ///< for documents
  std::string problem_;
  bool is_refused_ = false;  ///< by the destination, the last time it answered
  std::unique_ptr<trace::PathMtuRun> mtu_run_;
  std::optional<PathMtuResult> mtu_;
  std::vector<trace::TraceHint> hints_;
  int started_ = 0;
  int running_ = 0;
  std::size_t lines_shown_ = 0;
  io::Loop::Timer timer_;
};

void TraceCommand::next() {
  ++started_;
  ++running_;
  trace::TraceTask task = task_;
  const auto step = multipath_ ? multipath_->next() : std::nullopt;
  if (step) {
    trace::ask_for(*multipath_, *step, kSearchPatience, {}, task);
  } else {
    if (multipath_) keep_flows();
    task.config.flows = flows_;
    task.config.retries = hints_.empty() ? 1 : 0;
    task.hints = hints_;
  }
  tracer_.start(std::move(task), [this](const Trace& trace) { take(trace); });
  // Not waiting for silent hops: what is out is out, and the next trace leaves in its time.
  const bool is_searching = multipath_.has_value();
  if (is_searching || is_last_started() || hints_.empty()) return;
  timer_ = loop_.after(interval(), [this] { next_if_not_too_many(); });
}

/// Traces that wait for silent hops may overlap, up to a point.
void TraceCommand::next_if_not_too_many() {
  if (running_ < kRunningMax) {
    next();
  } else {
    timer_ = loop_.after(interval(), [this] { next_if_not_too_many(); });
  }
}

void TraceCommand::keep_flows() {
  flows_.clear();
  for (const trace::MultipathPath& path : multipath_->paths()) flows_.push_back(path.flow);
  if (flows_.empty()) flows_ = {0};
  multipath_.reset();
}

void TraceCommand::take(const Trace& trace) {
  --running_;
  statistics_.add(trace, clock_.wall_now());
  names_.look_up(trace);
  if (!trace.problem.empty()) problem_ = trace.problem;
  if (is_reached(trace)) is_refused_ = is_refused(trace);
  if (!is_table()) traces_.push_back(trace);
  if (is_live()) show();
  const bool is_searching = multipath_.has_value();
  if (is_searching) multipath_->add(trace);
  // Looking for paths is no trace to the user, however many probes it takes.
  if (is_searching) {
    --started_;
    if (problem_.empty()) next();
    if (!problem_.empty()) end();
    return;
  }
  const bool was_first = hints_.empty();
  remember_hints();
  if (options_.wants_mtu && !mtu_run_ && problem_.empty()) begin_mtu();
  if (is_done()) {
    end();
    return;
  }
  if (was_first && !is_last_started()) {
    timer_ = loop_.after(interval(), [this] { next_if_not_too_many(); });
  }
}

/// Along the way that the first trace found.
void TraceCommand::begin_mtu() {
  trace::PathMtuTask task{.base = task_, .hops = {}};
  task.base.config.flows = {flows_.front()};
  const PathReport report = latest();
  if (!report.paths.empty()) {
    for (const PathHop& hop : report.paths.front().hops) task.hops.push_back(hop.address);
    task.is_reached = report.paths.front().is_reached;
  }
  mtu_run_ = std::make_unique<trace::PathMtuRun>(
      loop_, clock_, tracer_, std::move(task),
      [this](PathMtuResult result) { take_mtu(std::move(result)); });
}

void TraceCommand::take_mtu(PathMtuResult result) {
  mtu_ = std::move(result);
  if (is_live()) show();
  if (is_done()) end();
}

/// Names that are still looked up get a moment.
void TraceCommand::end() {
  timer_ = loop_.after(kNamesPatience, [this] { loop_.stop(); });
  names_.when_known(latest(), [this] { loop_.stop(); });
}

/// Where each flow went, so that the next trace can ask all hops at once.
void TraceCommand::remember_hints() {
  hints_.clear();
  for (const Path& path : latest().paths) {
    for (const std::uint16_t flow : path.flows) {
      trace::TraceHint hint{.flow = flow, .hops = {}};
      for (const PathHop& hop : path.hops) hint.hops.push_back(hop.address);
      hints_.push_back(std::move(hint));
    }
  }
}

void TraceCommand::show() {
  std::string text =
      path_table(to_document(latest_with_names()), {.all_paths = options_.all_paths,
                                                    .in_colour = is_coloured_terminal(),
                                                    .width = terminal_width()});
  if (mtu_run_ && !mtu_ && is_live()) text += "looking for the path MTU …\n";
  // Over the table before, so that it seems to stand still.
  if (lines_shown_ > 0) fmt::print("\x1b[{}A\x1b[J", lines_shown_);
  fmt::print("{}", text);
  std::fflush(stdout);
  lines_shown_ = static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

void TraceCommand::print_document(const PathReport& report) {
  Value document = to_document(report);
  document.erase("testId");
  document.erase("cause");
  document.set("target", options_.target);
  Value traces = Value::array();
  for (const Trace& trace : traces_) traces.push(to_document(trace));
  document.set("rawTraces", std::move(traces));
  print_object(context_.output, document);
}

Result<trace::TraceTask> to_task(const TraceOptions& options) {
  trace::TraceTask task;
  const auto protocol = parse_trace_protocol(options.protocol);
  task.config.protocol = protocol.value_or(TraceProtocol::Icmp);
  task.config.ttl_max = static_cast<std::uint8_t>(options.ttl_max);
  task.config.timeout = Milliseconds(options.timeout_ms);
  task.dscp = options.dscp;
  task.trigger = TraceTrigger::Request;
  // One target, asked each second: routers bear it, and the user wants to see them all.
  task.spare_routers = options.interval_s >= 1 || options.all_paths;
  if (!options.source_address.empty()) {
    task.source = parse_ip_address(options.source_address);
    if (!task.source) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("`{}` is no IP address; write one of this host's, or leave "
                              "--source-address out",
                              options.source_address));
    }
  }
  return task;
}

/// Puts host and port of the target into the task. Runs the loop while a name is looked up.
Result<void> resolve(io::Loop& loop, const Clock& clock, const TraceOptions& options,
                     trace::TraceTask& task) {
  const HostTarget target = TRY(to_host_target(options.target, 0));
  task.port = target.port;
  if (task.config.protocol == TraceProtocol::Tcp && task.port == 0) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("a TCP trace needs a port: linewatch trace {}:443 --protocol tcp",
                            target.host));
  }
  if (task.config.protocol == TraceProtocol::Icmp && task.port != 0) {
    return fail(ErrorCode::InvalidInput,
                "an ICMP trace has no port; leave it out, or add --protocol tcp");
  }
  io::Resolver resolver(loop, clock, {});
  std::optional<io::NameAnswer> answer;
  const auto family = options.v4   ? io::AddressFamily::V4
                      : options.v6 ? io::AddressFamily::V6
                                   : io::AddressFamily::V4ThenV6;
  loop.post([&] {
    resolver.resolve(target.host, family, [&](const io::NameAnswer& found) {
      answer = found;
      loop.stop();
    });
  });
  loop.run();
  if (!answer || answer->addresses.empty()) {
    return fail(
        ErrorCode::NotFound,
        fmt::format("`{}` has no address: {}", target.host,
                    answer && !answer->evidence.empty() ? answer->evidence : "no such name"));
  }
  task.destination = answer->addresses.front();
  return {};
}

int run(const Context& context, TraceOptions options) {
  auto task = to_task(options);
  if (!task) return report(task.error());
  end_on_interrupt();
  const bool is_table = context.output.empty() || context.output == "table";
  const bool is_endless = is_table && is_terminal() && !options.in_report;
  if (options.count < 0) options.count = is_endless ? 0 : kReportTraces;
  const SystemClock clock;
  {
    io::Loop names;
    if (const auto resolved = resolve(names, clock, options, *task); !resolved) {
      return report(resolved.error());
    }
  }
  io::Loop loop;
  auto tracer = trace::Tracer::create(loop, clock, {});
  if (!tracer) return report(tracer.error());
  const std::string limitation = (*tracer)->limitation();
  if (!limitation.empty()) fmt::print(stderr, "linewatch: {}\n", limitation);
  TraceCommand command(loop, clock, **tracer, *task, context, options);
  if (const auto problem = command.problem()) return report(*problem);
  loop.post([&] { command.begin(); });
  loop.run();
  return command.finish();
}

}  // namespace

void add_trace(CLI::App& app, Context& context) {
  auto* const verb =
      app.add_subcommand("trace", "Trace the way to a target from here, without a server");
  auto options = std::make_shared<TraceOptions>();
  verb->add_option("target", options->target, "HOST, or HOST:PORT for tcp and udp")->required();
  verb->add_option("--protocol", options->protocol, "icmp, udp or tcp")
      ->check(CLI::IsMember({"icmp", "udp", "tcp"}))
      ->capture_default_str();
  verb->add_option("-c,--count", options->count,
                   "Traces to make; default: until Ctrl-C on a terminal, else 10")
      ->check(CLI::Range(1, 100'000));
  verb->add_option("-i,--interval", options->interval_s, "Seconds between two traces")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  verb->add_option("-t,--timeout", options->timeout_ms, "Milliseconds to wait for an answer")
      ->check(CLI::Range(100, 10'000))
      ->capture_default_str();
  verb->add_option("--max-hops", options->ttl_max, "Largest TTL")
      ->check(CLI::Range(1, 255))
      ->capture_default_str();
  verb->add_flag("--paths", options->all_paths, "Find and follow all paths of load balancers");
  verb->add_flag("--mtu", options->wants_mtu,
                 "Find the largest packet that passes, and where larger ones end");
  verb->add_flag("--report", options->in_report, "Print the table once, at the end");
  verb->add_flag("-n,--no-names", options->no_names, "Do not look up the names of hops");
  verb->add_option("--network-names", options->networks_file,
                   "MaxMind database (.mmdb) of autonomous systems, or of one's own sites, that "
                   "says which network a hop is in");
  verb->add_flag("-4", options->v4, "IPv4 only");
  verb->add_flag("-6", options->v6, "IPv6 only");
  verb->add_option("--dscp", options->dscp, "DSCP of the packets")->check(CLI::Range(0, 63));
  verb->add_option("--source-address", options->source_address,
                   "Address of this host to send from");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return run(context, *options); }; });
}

}  // namespace lw::cli
