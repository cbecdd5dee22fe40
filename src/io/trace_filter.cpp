// SPDX-License-Identifier: Apache-2.0
#include "io/trace_filter.h"

#include "io/bpf.h"

namespace lw::io {
namespace {

using namespace bpf;

/// The filter sees an IPv4 packet from its IP header on. The last two are "take" (28) and "drop".
int attach_icmp4(int fd, std::uint32_t mark, PortBlock block) {
  return attach(fd, std::array<sock_filter, 30>{{
                        ipv4_header_to_x(),                    //  0
                        load_byte_x(0),                        //  1: A = ICMP type
                        if_equal(0, 0, 2),                     //  2: echo reply?
                        load_word_x(8),                        //  3: A = start of the payload
                        if_equal(mark, 23, 24),                //  4
                        if_equal(3, 2, 0),                     //  5: unreachable
                        if_equal(11, 1, 0),                    //  6: time exceeded
                        if_equal(12, 0, 21),                   //  7: parameter problem
                        load_byte_x(8 + 9),                    //  8: A = quoted protocol
                        keep(),                                //  9
                        load_byte_x(8),                        // 10: A = quoted version, length
                        mask(0x0f),                            // 11
                        shift_left(2),                         // 12
                        add_x(),                               // 13
                        to_x(),                                // 14: X = both header lengths
                        load_kept(),                           // 15
                        if_equal(1, 0, 4),                     // 16: ICMP?
                        load_byte_x(8),                        // 17: A = quoted ICMP type
                        if_equal(8, 0, 10),                    // 18: echo request?
                        load_half_x(8 + 4),                    // 19: A = its id
                        jump(3),                               // 20
                        if_equal(17, 1, 0),                    // 21: UDP
                        if_equal(6, 0, 6),                     // 22: TCP
                        load_half_x(8),                        // 23: A = source port
                        if_at_least(block.first, 0, 1),        // 24
                        if_at_least(block.last() + 1U, 0, 2),  // 25
                        load_word_x(8 + 8),                    // 26: A = start of the payload
                        if_equal(mark, 0, 1),                  // 27
                        finish(kTake),                         // 28
                        finish(kDrop),                         // 29
                    }});
}

/// For ICMPv6 it sees the packet from the ICMPv6 header on. Quoted extension headers are left to
/// the parser: ours carry none, and others' are few.
int attach_icmp6(int fd, std::uint32_t mark, PortBlock block) {
  return attach(fd, std::array<sock_filter, 25>{{
                        load_byte(0),                          //  0: A = type
                        if_equal(129, 0, 2),                   //  1: echo reply?
                        load_word(8),                          //  2: A = start of the payload
                        if_equal(mark, 19, 20),                //  3
                        if_at_least(5, 19, 0),                 //  4: errors are 1 to 4
                        if_equal(0, 18, 0),                    //  5
                        load_byte(8 + 6),                      //  6: A = quoted next header
                        if_equal(58, 0, 4),                    //  7: ICMPv6?
                        load_byte(8 + 40),                     //  8: A = quoted ICMPv6 type
                        if_equal(128, 0, 14),                  //  9: echo request?
                        load_half(8 + 40 + 4),                 // 10: A = its id
                        jump(7),                               // 11
                        if_equal(17, 5, 0),                    // 12: UDP
                        if_equal(6, 4, 0),                     // 13: TCP
                        if_equal(0, 8, 0),                     // 14: hop-by-hop
                        if_equal(43, 7, 0),                    // 15: routing
                        if_equal(44, 6, 0),                    // 16: fragment
                        if_equal(60, 5, 6),                    // 17: destination options
                        load_half(8 + 40),                     // 18: A = source port
                        if_at_least(block.first, 0, 1),        // 19
                        if_at_least(block.last() + 1U, 0, 2),  // 20
                        load_word(8 + 40 + 8),                 // 21: A = start of the payload
                        if_equal(mark, 0, 1),                  // 22
                        finish(kTake),                         // 23
                        finish(kDrop),                         // 24
                    }});
}

constexpr std::uint32_t kRst = 0x04;
constexpr std::uint32_t kSynAck = 0x12;

int attach_tcp4(int fd, PortBlock block) {
  return attach(fd, std::array<sock_filter, 10>{{
                        ipv4_header_to_x(),                    // 0
                        load_half_x(2),                        // 1: A = destination port
                        if_at_least(block.first, 0, 6),        // 2
                        if_at_least(block.last() + 1U, 5, 0),  // 3
                        load_byte_x(13),                       // 4: A = flags
                        if_any_bit(kRst, 2, 0),                // 5
                        mask(kSynAck),                         // 6
                        if_equal(kSynAck, 0, 1),               // 7
                        finish(kTake),                         // 8
                        finish(kDrop),                         // 9
                    }});
}

/// For IPv6 it sees the packet from the TCP header on.
int attach_tcp6(int fd, PortBlock block) {
  return attach(fd, std::array<sock_filter, 9>{{
                        load_half(2),                          // 0: A = destination port
                        if_at_least(block.first, 0, 6),        // 1
                        if_at_least(block.last() + 1U, 5, 0),  // 2
                        load_byte(13),                         // 3: A = flags
                        if_any_bit(kRst, 2, 0),                // 4
                        mask(kSynAck),                         // 5
                        if_equal(kSynAck, 0, 1),               // 6
                        finish(kTake),                         // 7
                        finish(kDrop),                         // 8
                    }});
}

}  // namespace

int attach_trace_icmp_filter(int fd, bool is_v6, std::uint32_t mark, PortBlock block) {
  return is_v6 ? attach_icmp6(fd, mark, block) : attach_icmp4(fd, mark, block);
}

int attach_trace_tcp_filter(int fd, bool is_v6, PortBlock block) {
  return is_v6 ? attach_tcp6(fd, block) : attach_tcp4(fd, block);
}

int attach_closed_filter(int fd) { return attach(fd, std::array<sock_filter, 1>{finish(kDrop)}); }

}  // namespace lw::io
