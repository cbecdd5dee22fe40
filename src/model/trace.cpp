// SPDX-License-Identifier: Apache-2.0
#include "model/trace.h"

#include "base/text.h"

namespace lw {

std::string to_string(TraceProtocol protocol) {
  switch (protocol) {
    case TraceProtocol::Icmp:
      return "icmp";
    case TraceProtocol::Udp:
      return "udp";
    case TraceProtocol::Tcp:
      return "tcp";
  }
  return "icmp";
}

std::optional<TraceProtocol> parse_trace_protocol(const std::string& text) {
  for (const TraceProtocol protocol :
       {TraceProtocol::Icmp, TraceProtocol::Udp, TraceProtocol::Tcp}) {
    if (equals_ignoring_case(text, to_string(protocol))) return protocol;
  }
  return std::nullopt;
}

}  // namespace lw
