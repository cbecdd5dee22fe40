// SPDX-License-Identifier: Apache-2.0
#include "io/icmp_filter.h"

#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <array>

#include "io/bpf.h"

namespace lw::io {
namespace {

using namespace bpf;

// Of errors those pass that quote an echo request with our mark in it, or so little of one (or
// zeros instead, RFC 4884) that the mark is not there: routers need quote eight bytes only.

/// The filter sees an IPv4 packet from its IP header on. The last two are "take" (23) and "drop".
int attach_v4(int fd, std::uint32_t mark) {
  return attach(fd, std::array<sock_filter, 25>{{
                        ipv4_header_to_x(),      //  0
                        load_byte_x(0),          //  1: A = ICMP type
                        if_equal(0, 0, 2),       //  2: echo reply?
                        load_word_x(8),          //  3: A = start of the payload
                        if_equal(mark, 18, 19),  //  4
                        if_equal(3, 2, 0),       //  5: unreachable
                        if_equal(11, 1, 0),      //  6: time exceeded
                        if_equal(12, 0, 16),     //  7: parameter problem
                        load_byte_x(8 + 9),      //  8: A = quoted protocol
                        if_equal(1, 0, 14),      //  9: ICMP?
                        load_byte_x(8),          // 10: A = quoted version, length
                        mask(0x0f),              // 11
                        shift_left(2),           // 12
                        add_x(),                 // 13
                        to_x(),                  // 14: X = both header lengths
                        load_byte_x(8),          // 15: A = quoted ICMP type
                        if_equal(8, 0, 7),       // 16: echo request?
                        load_length(),           // 17
                        subtract_x(),            // 18: A = what follows both headers
                        if_at_least(20, 0, 3),   // 19: two ICMP headers and the mark?
                        load_word_x(16),         // 20: A = start of the quoted payload
                        if_equal(mark, 1, 0),    // 21
                        if_equal(0, 0, 1),       // 22
                        finish(kTake),           // 23
                        finish(kDrop),           // 24
                    }});
}

/// For ICMPv6 it sees the packet from the ICMPv6 header on.
int attach_v6(int fd, std::uint32_t mark) {
  return attach(fd, std::array<sock_filter, 17>{{
                        load_byte(0),            //  0: A = type
                        if_equal(129, 0, 2),     //  1: echo reply?
                        load_word(8),            //  2: A = start of the payload
                        if_equal(mark, 11, 12),  //  3
                        if_at_least(5, 11, 0),   //  4: errors are 1 to 4
                        if_equal(0, 10, 0),      //  5
                        load_byte(8 + 6),        //  6: A = quoted next header
                        if_equal(58, 0, 8),      //  7: ICMPv6?
                        load_byte(8 + 40),       //  8: A = quoted type
                        if_equal(128, 0, 6),     //  9: echo request?
                        load_length(),           // 10
                        if_at_least(60, 0, 3),   // 11: up to the mark?
                        load_word(8 + 40 + 8),   // 12: A = start of the quoted payload
                        if_equal(mark, 1, 0),    // 13
                        if_equal(0, 0, 1),       // 14
                        finish(kTake),           // 15
                        finish(kDrop),           // 16
                    }});
}

constexpr std::uint32_t bit(int type) { return std::uint32_t{1} << type; }

}  // namespace

int attach_icmp_filter(int fd, bool is_v6, std::uint32_t mark) {
  return is_v6 ? attach_v6(fd, mark) : attach_v4(fd, mark);
}

void pass_replies_and_errors(int fd, bool is_v6) {
  if (!is_v6) {
    constexpr std::uint32_t kWanted = bit(ICMP_ECHOREPLY) | bit(ICMP_DEST_UNREACH) |
                                      bit(ICMP_TIME_EXCEEDED) | bit(ICMP_PARAMETERPROB);
    const icmp_filter filter{~kWanted};
    ::setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter);
    return;
  }
  icmp6_filter filter{};
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  for (const int type :
       {ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG, ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB}) {
    ICMP6_FILTER_SETPASS(type, &filter);
  }
  ::setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
}

}  // namespace lw::io
