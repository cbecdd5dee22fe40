// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"

namespace lw::wire {
namespace {

namespace pb = ::linewatch::wire;

constexpr int kPortsMax = 1'000;
constexpr std::size_t kProblemBytesMax = 300;

}  // namespace

void encode_listening(const std::vector<ListeningPort>& ports, pb::AgentStatus& status) {
  for (const ListeningPort& port : ports) {
    if (status.listening_size() >= kPortsMax) return;
    pb::ListeningPort& message = *status.add_listening();
    message.set_port(port.port);
    message.set_outcome(static_cast<std::uint32_t>(port.outcome));
    message.set_problem(valid_utf8(port.problem));
  }
}

std::vector<ListeningPort> decode_listening(const pb::AgentStatus& status) {
  std::vector<ListeningPort> ports;
  for (const pb::ListeningPort& message : status.listening()) {
    if (ports.size() >= kPortsMax) break;
    if (message.port() == 0 || message.port() > 65'535) continue;
    ports.push_back({.port = static_cast<std::uint16_t>(message.port()),
                     .outcome = listening_outcome_of(message.outcome()),
                     .problem = std::string(cut_utf8(message.problem(), kProblemBytesMax))});
  }
  return ports;
}

}  // namespace lw::wire
