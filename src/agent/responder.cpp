// SPDX-License-Identifier: Apache-2.0
#include "agent/responder.h"

#include <fmt/core.h>

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
  std::map<std::uint16_t, Listeners> next;
  std::map<std::uint16_t, std::string> problems;
  for (const std::uint16_t port : ports) {
    if (auto known = assigned_.extract(port); !known.empty()) {
      next.insert(std::move(known));
      continue;
    }
    auto opened = open_listeners(loop_, {std::nullopt, port});
    if (opened) {
      log::info("responder", fmt::format("listening on TCP port {} for a test", port));
      next.emplace(port, std::move(*opened));
    } else if (opened.error().code != ErrorCode::Conflict) {
      log::warning("responder", opened.error().message);
      problems.emplace(port, opened.error().message);
    }
  }
  for (auto& [port, listeners] : assigned_) {
    log::info("responder", fmt::format("no test asks for TCP port {} any more", port));
    close(listeners);
  }
  assigned_ = std::move(next);
  assigned_problems_ = std::move(problems);
  refresh_report();
}

void Responder::close(Listeners& listeners) {
  for (const auto& listener : listeners) connections_before_ += listener->accepted();
  listeners.clear();
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
  // One of many is enough to say what to do.
  if (!assigned_problems_.empty()) {
    add(assigned_problems_.begin()->second);
    if (const std::size_t more = assigned_problems_.size() - 1; more > 0) {
      add(fmt::format("and so {} more ports", more));
    }
  }
  report_.with([&](Report& report) { report = std::move(now); });
  refresh_ = loop_.after(kReportEvery, [this] { refresh_report(); });
}

}  // namespace lw::agent
