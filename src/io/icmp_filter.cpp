// SPDX-License-Identifier: Apache-2.0
#include "io/icmp_filter.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace lw::io {
namespace {

constexpr std::uint32_t kTake = 0xffff;  // bytes; more than any of our packets has
constexpr std::uint32_t kDrop = 0;

constexpr sock_filter load_byte(std::uint32_t at) { return BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at); }
constexpr sock_filter load_byte_x(std::uint32_t at) {
  return BPF_STMT(BPF_LD | BPF_B | BPF_IND, at);
}
constexpr sock_filter load_word_x(std::uint32_t at) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_IND, at);
}
constexpr sock_filter if_equal(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
}
constexpr sock_filter finish(std::uint32_t result) { return BPF_STMT(BPF_RET | BPF_K, result); }

template <std::size_t N>
int attach(int fd, std::array<sock_filter, N> code) {
  const sock_fprog program{static_cast<unsigned short>(N), code.data()};
  const int failed = ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  return failed == 0 ? 0 : errno;
}

/// The filter sees an IPv4 packet from its IP header on. A load behind the end drops the packet.
/// Jumps count from the next instruction; the last two are "take" (17) and "drop" (18).
int attach_v4(int fd, std::uint32_t mark) {
  return attach(fd, std::array<sock_filter, 19>{{
                        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),  //  0: X = IP header length
                        load_byte_x(0),                          //  1: A = ICMP type
                        if_equal(0, 0, 2),                       //  2: echo reply?
                        load_word_x(8),                          //  3: A = start of the payload
                        if_equal(mark, 12, 13),                  //  4
                        if_equal(3, 2, 0),                       //  5: unreachable
                        if_equal(11, 1, 0),                      //  6: time exceeded
                        if_equal(12, 0, 10),                     //  7: parameter problem
                        load_byte_x(8 + 9),                      //  8: A = quoted protocol
                        if_equal(1, 0, 8),                       //  9: ICMP?
                        load_byte_x(8),                          // 10: A = quoted version, length
                        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),  // 11
                        BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),     // 12
                        BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),     // 13
                        BPF_STMT(BPF_MISC | BPF_TAX, 0),            // 14: X = both header lengths
                        load_byte_x(8),                             // 15: A = quoted ICMP type
                        if_equal(8, 0, 1),                          // 16: echo request?
                        finish(kTake),                              // 17
                        finish(kDrop),                              // 18
                    }});
}

/// For ICMPv6 it sees the packet from the ICMPv6 header on.
int attach_v6(int fd, std::uint32_t mark) {
  return attach(fd, std::array<sock_filter, 12>{{
                        load_byte(0),                           // 0: A = type
                        if_equal(129, 0, 2),                    // 1: echo reply?
                        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8),  // 2: A = start of the payload
                        if_equal(mark, 6, 7),                   // 3
                        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 5, 6, 0),  // 4: errors are 1 to 4
                        if_equal(0, 5, 0),                             // 5
                        load_byte(8 + 6),                              // 6: A = quoted next header
                        if_equal(58, 0, 3),                            // 7: ICMPv6?
                        load_byte(8 + 40),                             // 8: A = quoted type
                        if_equal(128, 0, 1),                           // 9: echo request?
                        finish(kTake),                                 // 10
                        finish(kDrop),                                 // 11
                    }});
}

}  // namespace

int attach_icmp_filter(int fd, bool is_v6, std::uint32_t mark) {
  return is_v6 ? attach_v6(fd, mark) : attach_v4(fd, mark);
}

}  // namespace lw::io
