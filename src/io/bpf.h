// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

/// The instructions of socket filters (classic BPF) that ours are made of. A load behind the end of
/// a packet drops it. Jumps count from the next instruction.
namespace lw::io::bpf {

constexpr std::uint32_t kTake = 0xffff;  ///< bytes; more than any of our packets has
constexpr std::uint32_t kDrop = 0;

constexpr sock_filter load_byte(std::uint32_t at) { return BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at); }
constexpr sock_filter load_half(std::uint32_t at) { return BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at); }
constexpr sock_filter load_word(std::uint32_t at) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at); }
/// From X + `at`.
constexpr sock_filter load_byte_x(std::uint32_t at) {
  return BPF_STMT(BPF_LD | BPF_B | BPF_IND, at);
}
constexpr sock_filter load_half_x(std::uint32_t at) {
  return BPF_STMT(BPF_LD | BPF_H | BPF_IND, at);
}
constexpr sock_filter load_word_x(std::uint32_t at) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_IND, at);
}
/// X = the length of the IPv4 header that the packet begins with.
constexpr sock_filter ipv4_header_to_x() { return BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0); }
constexpr sock_filter mask(std::uint32_t bits) { return BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits); }
constexpr sock_filter shift_left(std::uint32_t bits) {
  return BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, bits);
}
constexpr sock_filter add_x() { return BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0); }
constexpr sock_filter subtract_x() { return BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0); }
/// Of the packet as the filter sees it.
constexpr sock_filter load_length() { return BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0); }
constexpr sock_filter to_x() { return BPF_STMT(BPF_MISC | BPF_TAX, 0); }
constexpr sock_filter keep() { return BPF_STMT(BPF_ST, 0); }
constexpr sock_filter load_kept() { return BPF_STMT(BPF_LD | BPF_MEM, 0); }
constexpr sock_filter if_equal(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
}
constexpr sock_filter if_at_least(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, yes, no);
}
constexpr sock_filter if_any_bit(std::uint32_t bits, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, yes, no);
}
constexpr sock_filter jump(std::uint32_t over) { return BPF_STMT(BPF_JMP | BPF_JA, over); }
constexpr sock_filter finish(std::uint32_t result) { return BPF_STMT(BPF_RET | BPF_K, result); }

/// 0 or an errno.
template <std::size_t N>
int attach(int fd, std::array<sock_filter, N> code) {
  const sock_fprog program{static_cast<unsigned short>(N), code.data()};
  const int failed = ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  return failed == 0 ? 0 : errno;
}

}  // namespace lw::io::bpf
