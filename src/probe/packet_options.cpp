// SPDX-License-Identifier: Apache-2.0
#include "probe/packet_options.h"

namespace lw {

io::SocketOptions socket_options_of(const PacketOptions& packets) {
  return {.source = parse_ip_address(packets.source_address),
          .interface = packets.source_interface,
          .dscp = packets.dscp,
          .ttl = packets.ttl};
}

}  // namespace lw
