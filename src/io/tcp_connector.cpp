// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_connector.h"

// Not <netinet/tcp.h>: its tcp_info is older than the kernel's and they do not mix.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <unordered_map>

#include "base/files.h"
#include "io/socket_address.h"

namespace lw::io {
namespace {

struct Attempt {
  FileDescriptor fd;
  Instant started;
  std::chrono::nanoseconds timeout{0};
  TcpConnector::Done done;
  Loop::Watch watch;
  Loop::Timer timer;
};

void close_with_reset(FileDescriptor& fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd.reset();
}

FileDescriptor open_socket(bool is_v6) {
  FileDescriptor fd(
      ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fd;
  enable_icmp_reports(fd.get(), is_v6);
  // The port is picked at connect, so one port serves many destinations at a time.
  set_option(fd.get(), SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  return fd;
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

ConnectStatus status_of_errno(int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
      return ConnectStatus::Refused;
    case ECONNRESET:
      return ConnectStatus::Reset;
    case ETIMEDOUT:
      return ConnectStatus::TimedOut;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
      return ConnectStatus::NoRoute;
    case EPERM:
    case EACCES:
      return ConnectStatus::LocalPermission;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return ConnectStatus::LocalResources;
    default:
      return ConnectStatus::Failed;
  }
}

ConnectReport failure_of(int error_number) {
  ConnectReport report;
  report.status = status_of_errno(error_number);
  report.error_number = error_number;
  return report;
}

/// An ICMP error and a RST give the same errno; only the former is in the error queue.
ConnectReport failure_of(int fd, int error_number) {
  ConnectReport report = failure_of(error_number);
  report.icmp = take_icmp_report(fd);
  if (report.icmp) report.status = ConnectStatus::IcmpError;
  if (report.status == ConnectStatus::Refused || report.status == ConnectStatus::Reset) {
    report.local_port = local_port_of(fd);
  }
  return report;
}

ConnectReport success_of(int fd, std::chrono::nanoseconds measured_here,
                         std::chrono::nanoseconds timeout) {
  ConnectReport report;
  report.status = ConnectStatus::Connected;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) info = {};
  report.retransmits = static_cast<int>(info.tcpi_total_retrans);
  if (report.retransmits > 0) {
    report.status = ConnectStatus::SynLost;
    return report;
  }
  report.is_kernel_rtt = info.tcpi_rtt > 0;
  report.rtt = report.is_kernel_rtt ? Microseconds(info.tcpi_rtt)
                                    : std::chrono::duration_cast<Microseconds>(measured_here);
  if (*report.rtt > timeout) return failure_of(ETIMEDOUT);
  return report;
}

}  // namespace

struct TcpConnector::Impl {
  Loop& loop;
  const Clock& clock;
  std::unordered_map<std::uint64_t, Attempt> attempts;
  std::uint64_t next_id = 1;

  void finish(std::uint64_t id, const ConnectReport& report);
  void finish_later(std::uint64_t id, Attempt& attempt, const ConnectReport& report);
  void on_ready(std::uint64_t id);
  void on_timeout(std::uint64_t id);
};

TcpConnector::TcpConnector(Loop& loop, const Clock& clock)
    : impl_(std::make_unique<Impl>(Impl{loop, clock, {}, 1})) {}
TcpConnector::~TcpConnector() = default;
std::size_t TcpConnector::in_flight() const { return impl_->attempts.size(); }

std::uint64_t TcpConnector::start(const IpAddress& to, std::uint16_t port,
                                  std::chrono::nanoseconds timeout, const SocketOptions& options,
                                  Done done) {
  Impl& impl = *impl_;
  const std::uint64_t id = impl.next_id++;
  Attempt& attempt = impl.attempts[id];
  attempt.done = std::move(done);
  attempt.timeout = timeout;
  attempt.fd = open_socket(to.is_v6);
  if (!attempt.fd.is_open()) {
    impl.finish_later(id, attempt, failure_of(errno));
    return id;
  }
  const int fd = attempt.fd.get();
  if (auto fault = apply_options(options, fd, to.is_v6)) {
    ConnectReport report = failure_of(fault->error_number);
    report.fault = std::move(fault->evidence);
    impl.finish_later(id, attempt, report);
    return id;
  }
  const SocketAddress address(to, port);
  attempt.started = impl.clock.now();
  if (::connect(fd, address.data(), address.size()) != 0 && errno != EINPROGRESS) {
    impl.finish_later(id, attempt, failure_of(fd, errno));
    return id;
  }
  attempt.watch = impl.loop.watch(fd, Loop::Interest::Write, [&impl, id] { impl.on_ready(id); });
  attempt.timer = impl.loop.after(timeout, [&impl, id] { impl.on_timeout(id); });
  return id;
}

void TcpConnector::cancel(std::uint64_t attempt) {
  const auto found = impl_->attempts.find(attempt);
  if (found == impl_->attempts.end()) return;
  found->second.watch.cancel();
  found->second.timer.cancel();
  if (found->second.fd.is_open()) close_with_reset(found->second.fd);
  impl_->attempts.erase(found);
}

void TcpConnector::Impl::finish(std::uint64_t id, const ConnectReport& report) {
  const auto found = attempts.find(id);
  if (found == attempts.end()) return;
  Attempt attempt = std::move(found->second);
  attempts.erase(found);
  attempt.watch.cancel();
  attempt.timer.cancel();
  if (attempt.fd.is_open()) close_with_reset(attempt.fd);
  attempt.done(report);
}

void TcpConnector::Impl::finish_later(std::uint64_t id, Attempt& attempt,
                                      const ConnectReport& report) {
  attempt.timer =
      loop.after(std::chrono::nanoseconds(0), [this, id, report] { finish(id, report); });
}

void TcpConnector::Impl::on_ready(std::uint64_t id) {
  const auto found = attempts.find(id);
  if (found == attempts.end()) return;
  const int fd = found->second.fd.get();
  const int error = pending_error(fd);
  if (error != 0) return finish(id, failure_of(fd, error));
  const Attempt& attempt = found->second;
  finish(id, success_of(fd, clock.now() - attempt.started, attempt.timeout));
}

void TcpConnector::Impl::on_timeout(std::uint64_t id) {
  // After a stall of the loop, the answer may have come in time and wait to be seen.
  pollfd state{attempts.at(id).fd.get(), POLLOUT, 0};
  if (::poll(&state, 1, 0) == 1) return on_ready(id);
  finish(id, failure_of(ETIMEDOUT));
}

}  // namespace lw::io
