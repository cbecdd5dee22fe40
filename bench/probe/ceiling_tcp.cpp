// SPDX-License-Identifier: Apache-2.0
// The ceiling for TCP: connect, see that it worked, close with RST; an epoll loop and nothing else.
// With --serve it is the other end, which accepts and closes, and says "ready" when it listens.
//
//   ceiling_tcp_bench --address A --port P --targets N --seconds S [--window N] [--rate N]
//   ceiling_tcp_bench --serve P
//
// Prints one JSON object. IPv4 only.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "ceiling.h"

namespace {

int serve(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_port = htons(port);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0 ||
      ::listen(fd, 65'535) != 0) {
    std::perror("listen");
    return 1;
  }
  std::puts("ready");
  std::fflush(stdout);
  // Closed some connections later, so that it is the client who ends each.
  std::vector<int> held(1024, -1);
  for (std::size_t i = 0;; i = (i + 1) % held.size()) {
    if (held[i] >= 0) ::close(held[i]);
    held[i] = ::accept4(fd, nullptr, nullptr, 0);
  }
}

class Connector {
 public:
  Connector(std::uint32_t first, std::uint32_t targets, std::uint16_t port)
      : first_(first), targets_(targets), epoll_(::epoll_create1(0)) {
    to_.sin_family = AF_INET;
    to_.sin_port = htons(port);
  }
  ~Connector() { ::close(epoll_); }
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  std::uint64_t begun = 0, done = 0, failed = 0;
  [[nodiscard]] std::uint64_t outstanding() const { return begun - done - failed; }

  void begin() {
    to_.sin_addr.s_addr = htonl(first_ + static_cast<std::uint32_t>(begun % targets_));
    ++begun;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const linger reset{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&to_), sizeof to_) != 0 && errno != EINPROGRESS) {
      end(fd, false);
      return;
    }
    epoll_event interest{EPOLLOUT | EPOLLET, {}};
    interest.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest);
  }

  /// How many connections ended.
  int take(int milliseconds) {
    const int count =
        ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), milliseconds);
    for (int i = 0; i < count; ++i) {
      const int fd = events_.at(static_cast<std::size_t>(i)).data.fd;
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
      end(fd, error == 0);
    }
    return count;
  }

 private:
  void end(int fd, bool is_good) {
    if (is_good) ++done;
    if (!is_good) ++failed;
    ::close(fd);
  }

  std::uint32_t first_, targets_;
  int epoll_;
  sockaddr_in to_{};
  std::array<epoll_event, 256> events_{};
};

void run(Connector& connector, double seconds, double rate, std::uint64_t window) {
  const double start = ceiling::now();
  for (double t = start; t - start < seconds; t = ceiling::now()) {
    const auto planned = rate > 0 ? static_cast<std::uint64_t>((t - start) * rate) : ~0UL;
    while (connector.outstanding() < window && connector.begun < planned) connector.begin();
    connector.take(1);
  }
  for (int i = 0; i < 200 && connector.outstanding() > 0; ++i) connector.take(5);
}

}  // namespace

int main(int argc, char** argv) {
  const ceiling::Words words = ceiling::read_words(argc, argv);
  const unsigned long served = ceiling::number(words, "serve", 0);
  if (served != 0) return serve(static_cast<std::uint16_t>(served));
  in_addr first{};
  ::inet_aton(ceiling::word(words, "address", "127.0.0.1").c_str(), &first);
  Connector connector(ntohl(first.s_addr),
                      static_cast<std::uint32_t>(ceiling::number(words, "targets", 1)),
                      static_cast<std::uint16_t>(ceiling::number(words, "port", 7000)));
  const double cpu = ceiling::cpu_seconds();
  const double start = ceiling::now();
  run(connector, static_cast<double>(ceiling::number(words, "seconds", 5)),
      static_cast<double>(ceiling::number(words, "rate", 0)), ceiling::number(words, "window", 64));
  std::printf(
      "{\"checks_done\": %lu, \"failed\": %lu, \"process_cpu_s\": %.6f, \"wall_s\": %.3f}\n",
      connector.done, connector.begun - connector.done, ceiling::cpu_seconds() - cpu,
      ceiling::now() - start);
  return 0;
}
