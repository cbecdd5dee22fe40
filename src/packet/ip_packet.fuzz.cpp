// SPDX-License-Identifier: Apache-2.0
// Anybody on the way can send these bytes to an agent that traces.
#include "packet/ip_packet.h"

#include <algorithm>

#include "base/assert.h"
#include "packet/icmp_extension.h"
#include "tests/fuzz/input.h"

namespace lw::packet {
namespace {

void check_header(const IpHeader& header, Bytes packet) {
  LW_ASSERT(header.header_bytes >= (header.is_v6 ? 40U : 20U));
  LW_ASSERT(header.header_bytes <= packet.size());
  LW_ASSERT(header.source.is_v6 == header.is_v6 && header.destination.is_v6 == header.is_v6);
  LW_ASSERT(header.flow_label < (1U << 20) && header.fragment_offset % 8 == 0);
  // What stands behind the header has no say in how it is read.
  const std::vector<std::uint8_t> alone(
      packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(header.header_bytes));
  const auto again = parse_ip_header(alone);
  LW_ASSERT(again && again->header_bytes == header.header_bytes);
  LW_ASSERT(again->protocol == header.protocol && again->destination == header.destination);
}

void check_quote(const QuotedPacket& quote, Bytes bytes) {
  check_header(quote.ip, bytes);
  LW_ASSERT(fuzz::is_inside(quote.payload, bytes));
  const bool has_fields = quote.source_port != 0 || quote.destination_port != 0 ||
                          quote.sequence != 0 || quote.tcp_sequence != 0 || quote.checksum ||
                          !quote.payload.empty();
  LW_ASSERT(quote.transport || !has_fields);
  LW_ASSERT(!quote.transport || quote.ip.fragment_offset == 0);
}

void check_error(bool is_v6, const TraceError& error, Bytes message) {
  const Bytes body = message.subspan(8);
  LW_ASSERT(fuzz::is_inside(error.extensions, body));
  const Bytes quoted = body.first(body.size() - error.extensions.size());
  LW_ASSERT(error.extensions.empty() || error.extensions.data() == quoted.data() + quoted.size());
  check_quote(error.quote, quoted);
  LW_ASSERT(error.quote.ip.is_v6 == is_v6);
  static_cast<void>(parse_icmp_extensions(error.extensions));
  // The parser of echo checks is stricter: what it takes for the quote of an echo is one here too.
  const auto echo = parse_icmp(is_v6, message);
  if (!echo || error.quote.transport != Transport::Icmp) return;
  const auto& same = std::get<IcmpError>(*echo);
  LW_ASSERT(same.mtu == error.mtu && same.quote.destination == error.quote.ip.destination);
  LW_ASSERT(same.quote.id == error.quote.source_port);
  LW_ASSERT(same.quote.sequence == error.quote.sequence);
}

void check_message(bool is_v6, Bytes message) {
  const auto parsed = parse_trace_message(is_v6, message);
  if (!parsed) return;
  if (const auto* reply = std::get_if<EchoReply>(&*parsed)) {
    LW_ASSERT(fuzz::is_inside(reply->payload, message));
    return;
  }
  check_error(is_v6, std::get<TraceError>(*parsed), message);
}

/// A router's error made of a quote and extensions comes apart again at the seam.
void check_seam(bool is_v6, Bytes bytes) {
  const std::size_t unit = is_v6 ? 8 : 4;
  const std::size_t words = std::min<std::size_t>(bytes.size() / unit, 255);
  const Bytes quoted = bytes.first(words * unit);
  const auto quote = parse_quoted_packet(quoted);
  if (words == 0 || !quote || quote->ip.is_v6 != is_v6) return;
  const std::vector<std::uint8_t> extensions =
      build_icmp_extensions({{{70'000, 1, true, 255}}, {}});
  std::vector<std::uint8_t> message(8);
  message[0] = is_v6 ? 3 : 11;
  message[is_v6 ? 4 : 5] = static_cast<std::uint8_t>(words);
  message.insert(message.end(), quoted.begin(), quoted.end());
  message.insert(message.end(), extensions.begin(), extensions.end());
  const auto parsed = parse_trace_message(is_v6, message);
  LW_ASSERT(parsed);
  const auto& error = std::get<TraceError>(*parsed);
  LW_ASSERT(std::ranges::equal(error.extensions, extensions));
  LW_ASSERT(std::ranges::equal(error.quote.payload, quote->payload));
}

void check_tcp(Bytes segment) {
  const auto reply = parse_tcp_reply(segment);
  if (!reply) return;
  LW_ASSERT(segment.size() >= 20 && reply->is_syn_ack != reply->is_rst);
  LW_ASSERT(reply->acknowledgement == read_u32(segment, 8));
}

}  // namespace
}  // namespace lw::packet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::packet;
  const Bytes bytes(data, size);
  if (const auto header = parse_ip_header(bytes)) {
    check_header(*header, bytes);
    check_tcp(bytes.subspan(header->header_bytes));
    check_message(header->is_v6, bytes.subspan(header->header_bytes));
  }
  if (const auto quote = parse_quoted_packet(bytes)) check_quote(*quote, bytes);
  for (const bool is_v6 : {false, true}) {
    check_message(is_v6, bytes);
    check_seam(is_v6, bytes);
  }
  check_tcp(bytes);
  return 0;
}
