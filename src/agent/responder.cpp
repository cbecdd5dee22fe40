// SPDX-License-Identifier: Apache-2.0
#include "agent/responder.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/number.h"

namespace lw::agent {
namespace {

constexpr Seconds kRetryAfter{30};
constexpr Seconds kReportEvery{1};

std::vector<IpAddress> addresses_of(const ListenOn& on) {
  if (on.address) return {*on.address};
  IpAddress any_v6;
  any_v6.is_v6 = true;
  return {IpAddress{}, any_v6};
}

/// Opens something on each address. Of all addresses, those of a family that the host lacks do not
/// matter as long as the other works.
template <class Open>
Result<void> open_each(const ListenOn& on, Open open) {
  std::optional<Error> failure;
  bool is_open = false;
  for (const IpAddress& address : addresses_of(on)) {
    const Result<void> opened = open(address);
    if (opened) {
      is_open = true;
    } else if (!failure || failure->code == ErrorCode::Conflict) {
      failure = opened.error();
    }
  }
  // A port that is taken in one family only is taken.
  const bool is_taken = failure && failure->code == ErrorCode::Conflict;
  if (failure && (!is_open || is_taken)) return std::unexpected(*failure);
  return {};
}

Result<std::vector<std::unique_ptr<io::PortListener>>> open_listeners(io::Loop& loop,
                                                                      const ListenOn& on) {
  std::vector<std::unique_ptr<io::PortListener>> listeners;
  std::uint16_t port = on.port;
  TRY(open_each(on, [&](const IpAddress& address) -> Result<void> {
    listeners.push_back(TRY(io::PortListener::open(loop, address, port)));
    port = listeners.back()->port();  // The same one in both families, if any will do.
    return {};
  }));
  return listeners;
}

Result<std::vector<std::unique_ptr<StampReflector>>> open_reflectors(io::Loop& loop,
                                                                     const Clock& clock,
                                                                     const ListenOn& on) {
  std::vector<std::unique_ptr<StampReflector>> reflectors;
  std::uint16_t port = on.port;
  TRY(open_each(on, [&](const IpAddress& address) -> Result<void> {
    reflectors.push_back(TRY(StampReflector::open(loop, clock, address, port)));
    port = reflectors.back()->port();
    return {};
  }));
  return reflectors;
}

}  // namespace

Result<ListenOn> parse_listen_on(std::string_view text, std::uint16_t default_port) {
  if (text.empty()) return ListenOn{std::nullopt, default_port};
  if (const auto address = parse_ip_address(text)) return ListenOn{address, default_port};
  if (const auto port = parse_number<std::uint16_t>(text)) return ListenOn{std::nullopt, *port};
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos
                        ? std::nullopt
                        : parse_number<std::uint16_t>(text.substr(colon + 1));
  const std::string_view host = text.substr(0, port ? colon : 0);
  const auto address = parse_ip_address(host);
  if (!port || (!address && !host.empty())) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` is nowhere to listen; write ADDRESS:PORT, ADDRESS or PORT, such "
                            "as 192.0.2.1:{}",
                            text, default_port));
  }
  return ListenOn{address, *port};
}

Responder::Responder(const ResponderConfig& config, const Clock& clock)
    : config_(config), clock_(clock) {
  open_configured();
  refresh_report();
}

Responder::~Responder() {
  loop_.stop();
  thread_.join();
}

void Responder::start() {
  thread_ = Thread("responder", [this] { loop_.run(); });
}

void Responder::listen(std::vector<std::uint16_t> ports) {
  loop_.post([this, ports = std::move(ports)] { adopt(ports); });
}

Responder::Report Responder::report() const {
  return report_.with([](const Report& report) { return report; });
}

std::uint16_t Responder::tcp_port() const {
  return configured_.empty() ? 0 : configured_.front()->port();
}

std::uint16_t Responder::stamp_port() const {
  return reflectors_.empty() ? 0 : reflectors_.front()->port();
}

void Responder::open_configured() {
  if (config_.tcp && configured_.empty()) {
    auto opened = open_listeners(loop_, *config_.tcp);
    tcp_problem_ = opened ? "" : opened.error().message;
    if (opened) configured_ = std::move(*opened);
  }
  if (config_.stamp && reflectors_.empty()) {
    auto opened = open_reflectors(loop_, clock_, *config_.stamp);
    stamp_problem_ = opened ? "" : opened.error().message;
    if (opened) reflectors_ = std::move(*opened);
  }
  if (!tcp_problem_.empty() || !stamp_problem_.empty()) {
    retry_ = loop_.after(kRetryAfter, [this] { retry(); });
  }
}

void Responder::retry() {
  open_configured();
  refresh_report();
}

void Responder::adopt(const std::vector<std::uint16_t>& ports) {
  const std::set<std::uint16_t> wanted(ports.begin(), ports.end());
  std::erase_if(not_open_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  for (auto entry = assigned_.begin(); entry != assigned_.end();) {
    if (wanted.contains(entry->first)) {
      ++entry;
      continue;
    }
    log::info("responder", fmt::format("no test asks for TCP port {} any more", entry->first));
    close(entry->second);
    entry = assigned_.erase(entry);
  }
  for (const std::uint16_t port : wanted) open_assigned(port);
  plan_retry();
}

/// Opens it unless it is open. What goes wrong is logged when it is another problem than before.
void Responder::open_assigned(std::uint16_t port) {
  if (assigned_.contains(port)) return;
  auto opened = open_listeners(loop_, {std::nullopt, port});
  if (opened) {
    log::info("responder", fmt::format("listening on TCP port {} for a test", port));
    assigned_.emplace(port, std::move(*opened));
    not_open_.erase(port);
    return;
  }
  const bool is_taken = opened.error().code == ErrorCode::Conflict;
  if (is_taken && port == tcp_port()) {
    not_open_[port] = {.port = port};  // It accepts connections already.
    return;
  }
  ListeningPort now{.port = port,
                    .outcome = is_taken ? ListeningOutcome::InUse : ListeningOutcome::Failed,
                    .problem = opened.error().message};
  ListeningPort& known = not_open_[port];
  if (!is_taken && known != now) log::warning("responder", now.problem);
  known = std::move(now);
}

void Responder::retry_assigned() {
  const auto waiting = not_open_;
  for (const auto& [port, known] : waiting) open_assigned(port);
  plan_retry();
}

void Responder::plan_retry() {
  retry_assigned_.cancel();
  if (!not_open_.empty()) {
    retry_assigned_ = loop_.after(kRetryAfter, [this] { retry_assigned(); });
  }
  refresh_report();
}

void Responder::close(Listeners& listeners) {
  for (const auto& listener : listeners) connections_before_ += listener->accepted();
  listeners.clear();
}

void Responder::add_ports(Report& report) const {
  for (const auto& [port, listeners] : assigned_) report.listening.push_back({.port = port});
  for (const auto& [port, known] : not_open_) report.listening.push_back(known);
  std::ranges::sort(report.listening, {}, &ListeningPort::port);
}

void Responder::refresh_report() {
  Report now;
  now.connections = connections_before_;
  for (const auto& listener : configured_) now.connections += listener->accepted();
  for (const auto& [port, listeners] : assigned_) {
    for (const auto& listener : listeners) now.connections += listener->accepted();
  }
  for (const auto& reflector : reflectors_) now.stamp_replies += reflector->stats().replies;
  const auto add = [&now](const std::string& problem) {
    if (problem.empty()) return;
    now.problem += (now.problem.empty() ? "" : "; ") + problem;
  };
  add(tcp_problem_);
  add(stamp_problem_);
  add_ports(now);
  // One of many is enough to say what to do.
  std::size_t failed = 0;
  for (const ListeningPort& port : now.listening) {
    if (port.outcome == ListeningOutcome::Failed && ++failed == 1) add(port.problem);
  }
  if (failed > 1) add(fmt::format("and so {} more ports", failed - 1));
  report_.with([&](Report& report) { report = std::move(now); });
  refresh_ = loop_.after(kReportEvery, [this] { refresh_report(); });
}

}  // namespace lw::agent
