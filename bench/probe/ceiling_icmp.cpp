// SPDX-License-Identifier: Apache-2.0
// The ceiling for ICMP: echoes over one raw socket with sendmmsg, recvmmsg and a filter, and
// nothing else: no schedule, no names, no results. What a prober loses against it is the price of
// being one.
//
//   ceiling_icmp_bench --stamps none|receive|both --address A --targets N --seconds S
//                      [--rate N (per second; 0: as fast as it goes, --window N outstanding)]
//
// Prints one JSON object. IPv4 only.
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "ceiling.h"

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kPayload = 24;  // as ours
constexpr std::uint16_t kId = 0x4c57;

struct Echo {
  icmphdr header;
  std::array<std::uint8_t, kPayload> payload;
};

struct Slots {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> vectors{};
  std::array<sockaddr_in, kBatch> addresses{};
  std::array<std::array<std::uint8_t, 256>, kBatch> data{};
  alignas(cmsghdr) std::array<std::array<std::uint8_t, 128>, kBatch> control{};

  void prepare(std::size_t i, std::size_t bytes, std::size_t control_bytes) {
    vectors[i] = {data[i].data(), bytes};
    messages[i].msg_hdr = {
        &addresses[i], sizeof addresses[i], &vectors[i], 1, control[i].data(), control_bytes, 0};
  }
};

std::int64_t stamp_of(msghdr& header, std::uint32_t* key) {
  std::int64_t stamp = 0;
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_TIMESTAMPING) {
      scm_timestamping stamps{};
      std::memcpy(&stamps, CMSG_DATA(item), sizeof stamps);
      stamp = stamps.ts[0].tv_sec * 1'000'000'000 + stamps.ts[0].tv_nsec;
    } else if (key != nullptr && item->cmsg_level == SOL_IP && item->cmsg_type == IP_RECVERR) {
      sock_extended_err error{};
      std::memcpy(&error, CMSG_DATA(item), sizeof error);
      *key = error.ee_data;
    }
  }
  return stamp;
}

class Pinger {
 public:
  Pinger(std::uint32_t first, std::uint32_t targets, const std::string& stamps)
      : first_(first),
        targets_(targets),
        has_send_stamps_(stamps == "both"),
        fd_(::socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP)) {
    const int room = 8 << 20;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    attach_filter();
    int flags = stamps == "none" ? 0 : SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    if (has_send_stamps_) {
      flags |= SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    }
    if (flags != 0) ::setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
  }
  ~Pinger() { ::close(fd_); }
  Pinger(const Pinger&) = delete;
  Pinger& operator=(const Pinger&) = delete;

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  std::uint64_t sent = 0, answered = 0, stamped = 0, refused = 0;
  std::int64_t rtt_sum_ns = 0;

  void send(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) fill(i, sent + i);
    const int done = ::sendmmsg(fd_, out_.messages.data(), static_cast<unsigned>(count), 0);
    if (done > 0) sent += static_cast<std::uint64_t>(done);
    if (done < 0) ++refused;
  }

  /// Takes what has come. How many replies that was.
  std::size_t receive() {
    if (has_send_stamps_) take_send_stamps();
    const std::size_t count = read(0);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t* const packet = in_.data[i].data();
      icmphdr header{};
      std::memcpy(&header, packet + std::size_t{4} * (packet[0] & 15U), sizeof header);
      const std::int64_t stamp = stamp_of(in_.messages[i].msg_hdr, nullptr);
      const std::int64_t begun = send_stamps_[ntohs(header.un.echo.sequence)];
      if (stamp != 0 && begun != 0) {
        rtt_sum_ns += stamp - begun;
        ++stamped;
      }
      ++answered;
    }
    return count;
  }

  void wait(int milliseconds) const {
    pollfd poll{fd_, POLLIN, 0};
    ::poll(&poll, 1, milliseconds);
  }

 private:
  void attach_filter() const {
    std::array<sock_filter, 6> code{
        {BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), BPF_STMT(BPF_LD | BPF_W | BPF_IND, 4),
         BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kId, 0, 1),
         BPF_STMT(BPF_RET | BPF_K, 0xffff), BPF_STMT(BPF_RET | BPF_K, 0)}};
    const sock_fprog program{code.size(), code.data()};
    ::setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  }

  void fill(std::size_t i, std::uint64_t number) {
    out_.prepare(i, sizeof(Echo), 0);
    out_.addresses[i].sin_family = AF_INET;
    out_.addresses[i].sin_addr.s_addr =
        htonl(first_ + static_cast<std::uint32_t>(number % targets_));
    Echo echo{};
    echo.header.type = ICMP_ECHO;
    echo.header.un.echo.id = htons(kId);
    echo.header.un.echo.sequence = htons(static_cast<std::uint16_t>(number));
    // Over a payload of zeros.
    const std::uint32_t sum = ICMP_ECHO * 256U + kId + static_cast<std::uint16_t>(number);
    echo.header.checksum = htons(static_cast<std::uint16_t>(~((sum >> 16) + (sum & 0xffff))));
    std::memcpy(out_.data[i].data(), &echo, sizeof echo);
  }

  std::size_t read(int flags) {
    for (std::size_t i = 0; i < used_; ++i)
      in_.prepare(i, in_.data[i].size(), in_.control[i].size());
    const int count = ::recvmmsg(fd_, in_.messages.data(), kBatch, flags | MSG_DONTWAIT, nullptr);
    used_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    return used_;
  }

  void take_send_stamps() {
    std::size_t count = kBatch;
    while (count == kBatch) {
      count = read(MSG_ERRQUEUE);
      for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t key = 0;
        const std::int64_t stamp = stamp_of(in_.messages[i].msg_hdr, &key);
        send_stamps_[key & 0xffff] = stamp;
      }
    }
  }

  std::uint32_t first_, targets_;
  bool has_send_stamps_;
  int fd_;
  Slots out_, in_;
  std::size_t used_ = kBatch;
  std::vector<std::int64_t> send_stamps_ = std::vector<std::int64_t>(1 << 16);
};

void run(Pinger& pinger, double seconds, double rate, std::uint64_t window) {
  const double start = ceiling::now();
  std::uint64_t given_up = 0;
  for (double t = start; t - start < seconds; t = ceiling::now()) {
    const std::uint64_t outstanding = pinger.sent - pinger.answered - given_up;
    std::uint64_t due = window - std::min(window, outstanding);
    if (rate > 0) {
      const auto planned = static_cast<std::uint64_t>((t - start) * rate);
      due = planned - std::min(planned, pinger.sent);
    }
    if (due > 0) pinger.send(std::min<std::size_t>(due, kBatch));
    const std::size_t count = pinger.receive();
    if (count > 0 || due > kBatch) continue;
    pinger.wait(rate > 0 ? 1 : 10);
    if (rate <= 0 && pinger.receive() == 0) given_up = pinger.sent - pinger.answered;
  }
  for (int i = 0; i < 20 && pinger.answered < pinger.sent; ++i) {
    if (pinger.receive() == 0) pinger.wait(5);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const ceiling::Words words = ceiling::read_words(argc, argv);
  const std::string stamps = ceiling::word(words, "stamps", "both");
  in_addr first{};
  ::inet_aton(ceiling::word(words, "address", "127.0.0.1").c_str(), &first);
  Pinger pinger(ntohl(first.s_addr),
                static_cast<std::uint32_t>(ceiling::number(words, "targets", 10'000)), stamps);
  if (!pinger.is_open()) {
    std::perror("raw socket");
    return 1;
  }
  const double cpu = ceiling::cpu_seconds();
  const double start = ceiling::now();
  run(pinger, static_cast<double>(ceiling::number(words, "seconds", 5)),
      static_cast<double>(ceiling::number(words, "rate", 0)), ceiling::number(words, "window", 64));
  std::printf(
      "{\"stamps\": \"%s\", \"checks_done\": %lu, \"failed\": %lu, \"refused\": %lu, "
      "\"stamped\": %lu, \"mean_rtt_us\": %.2f, \"process_cpu_s\": %.6f, \"wall_s\": %.3f}\n",
      stamps.c_str(), pinger.answered, pinger.sent - pinger.answered, pinger.refused,
      pinger.stamped,
      pinger.stamped == 0
          ? 0
          : static_cast<double>(pinger.rtt_sum_ns) / 1e3 / static_cast<double>(pinger.stamped),
      ceiling::cpu_seconds() - cpu, ceiling::now() - start);
  return 0;
}
