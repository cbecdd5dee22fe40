// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/ip_address.h"
#include "base/thread.h"
#include "io/socket_address.h"
#include "io/test_network.h"

/// For tests only: real Linux routers in network namespaces between the calling thread's own and a
/// host at the end.
namespace lw::io {

/// A chain of nodes: the thread's namespace is node 0, then come the routers, then the host. The
/// link between nodes i and i + 1 has 10.90.i.0/24 and fd90:0:0:i::/64, where the nearer node is 1
/// and the farther 2. Routers answer as often as they are asked.
class TestRouters {
 public:
  explicit TestRouters(int routers) : last_(routers + 1) {
    for (int node = 1; node <= last_; ++node) {
      ready_ = ready_ && run_here("ip netns add " + name(node));
    }
    // Neighbours could not be asked for before the devices' own addresses are known to be unique.
    for (int node = 0; node <= last_; ++node) {
      ready_ = ready_ && run(node, "echo 0 > /proc/sys/net/ipv6/conf/default/dad_transmits");
    }
    for (int i = 0; i < last_; ++i) ready_ = ready_ && run_here(link(i));
    for (int node = 0; node <= last_; ++node) ready_ = ready_ && run(node, configuration(node));
    // The kernel takes up to a second until it believes that a new link is up.
    for (const bool is_v6 : {false, true}) ready_ = ready_ && await_host(is_v6);
  }
  ~TestRouters() {
    for (int node = 1; node <= last_; ++node) run_here("ip netns del " + name(node));
  }
  TestRouters(const TestRouters&) = delete;
  TestRouters& operator=(const TestRouters&) = delete;

  [[nodiscard]] bool is_ready() const { return ready_; }
  /// The last node.
  [[nodiscard]] int host() const { return last_; }
  /// With which node `node` > 0 answers node 0.
  static IpAddress address(bool is_v6, int node) {
    const std::string link = std::to_string(node - 1);
    return *parse_ip_address(is_v6 ? "fd90:0:0:" + link + "::2" : "10.90." + link + ".2");
  }
  /// A shell command in a node's namespace.
  [[nodiscard]] bool run(int node, const std::string& command) const {
    if (node == 0) return run_here(command);
    return run_here("ip netns exec " + name(node) + " sh -ec '" + command + "'");
  }
  /// A TCP socket that listens at a node. The kernel accepts as many as a test needs.
  [[nodiscard]] FileDescriptor listen(int node, std::uint16_t port) const {
    FileDescriptor listener;
    // A socket belongs to the namespace that its thread was in when it was made.
    Thread thread("listen", [&] {
      const FileDescriptor space(
          ::open(("/run/netns/" + name(node)).c_str(), O_RDONLY | O_CLOEXEC));
      if (::setns(space.get(), CLONE_NEWNET) != 0) return;
      listener = FileDescriptor(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
      IpAddress any;
      any.is_v6 = true;
      const SocketAddress local(any, port);
      if (::bind(listener.get(), local.data(), local.size()) != 0) return;
      static_cast<void>(::listen(listener.get(), 128));
    });
    thread.join();
    return listener;
  }
  /// The arguments of a rule such as "meta l4proto udp drop" for what a node forwards or takes.
  [[nodiscard]] bool filter(int node, const std::string& hook, const std::string& rule) const {
    return run(node, "nft add table inet t && nft add chain inet t " + hook +
                         " \"{ type filter hook " + hook +
                         " priority 0; }\" && nft add rule inet t " + hook + " " + rule);
  }

 private:
  static bool run_here(const std::string& command) {
    return std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0;
  }
  [[nodiscard]] std::string name(int node) const {
    return "lwt" + std::to_string(owner_) + "n" + std::to_string(node);
  }
  [[nodiscard]] std::string link(int i) const {
    const std::string peer = "ip link add up" + std::to_string(i) + " type veth peer name down" +
                             std::to_string(i) + " netns " + name(i + 1);
    return i == 0 ? peer : "ip netns exec " + name(i) + " " + peer;
  }
  /// Until it refuses a connection; so all routers know their neighbours as well.
  [[nodiscard]] bool await_host(bool is_v6) const {
    constexpr int kTries = 100;
    const timeval patience{0, 100'000};
    const SocketAddress remote(address(is_v6, last_), 9);
    for (int i = 0; ready_ && i < kTries; ++i) {
      const FileDescriptor fd(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      if (::connect(fd.get(), remote.data(), remote.size()) != 0 && errno == ECONNREFUSED) {
        return true;
      }
    }
    return false;
  }
  static std::string addresses(const std::string& device, int i, const char* last) {
    const std::string number = std::to_string(i);
    return "ip addr add 10.90." + number + "." + last + "/24 dev " + device +
           "; ip addr add fd90:0:0:" + number + "::" + last + "/64 nodad dev " + device +
           "; ip link set " + device + " up; ";
  }
  static std::string routes(int to, int link, const char* via) {
    const std::string net = std::to_string(to);
    const std::string hop = std::to_string(link);
    return "ip route add 10.90." + net + ".0/24 via 10.90." + hop + "." + via +
           "; ip route add fd90:0:0:" + net + "::/64 via fd90:0:0:" + hop + "::" + via + "; ";
  }
  [[nodiscard]] std::string configuration(int node) const {
    std::string text = "ip link set lo up; ";
    if (node < last_) text += addresses("up" + std::to_string(node), node, "1");
    if (node > 0) text += addresses("down" + std::to_string(node - 1), node - 1, "2");
    for (int to = 0; to < last_; ++to) {
      if (to > node) text += routes(to, node, "2");
      if (to < node - 1) text += routes(to, node - 1, "1");
    }
    text += "cd /proc/sys/net; echo 0 > ipv4/icmp_ratelimit; echo 0 > ipv6/icmp/ratelimit; ";
    // Of each namespace since Linux 6.13; before that, of the machine.
    text += "for limit in icmp_msgs_per_sec icmp_msgs_burst; do ";
    text += "[ ! -e ipv4/$limit ] || echo 1000000 > ipv4/$limit; done; ";
    if (node == 0 || node == last_) return text + "true";
    return text + "echo 1 > ipv4/ip_forward; echo 1 > ipv6/conf/all/forwarding";
  }

  int last_;
  int owner_ = ::gettid();  ///< Threads of one test program may each have a chain.
  bool ready_ = true;
};

/// Runs `body` on a thread whose namespace is the near end of such a chain, after the shell
/// commands `setup` in that. False if the machine does not let us.
inline bool with_routers(int routers, const std::vector<std::string>& setup,
                         const std::function<void(TestRouters&)>& body) {
  bool ready = false;
  const bool entered = in_own_network(setup, [&] {
    TestRouters chain(routers);
    ready = chain.is_ready();
    if (ready) body(chain);
  });
  return entered && ready;
}

}  // namespace lw::io
