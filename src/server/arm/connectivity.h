// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/document.h"
#include "base/result.h"
#include "server/arm/arm.h"
#include "server/one_off.h"

/// networkWatchers' connectivityCheck and nextHop: what their bodies ask for, and their answers, in
/// Azure's shapes (the API's specification and recorded answers of it). Pure.
namespace lw::server::arm {

/// What a connectivityCheck's body asks for.
struct ConnectivityWish {
  std::string source_resource_id;
  std::string destination_resource_id;  ///< or an address
  OneOffCheck check;
};
/// Without a protocol: TCP if there is a port, else ICMP.
std::variant<ConnectivityWish, Refusal> read_connectivity_wish(const Value& body);

struct NextHopWish {
  std::string target_resource_id;
  IpAddress source{};
  IpAddress destination{};
};
std::variant<NextHopWish, Refusal> read_next_hop_wish(const Value& body);

/// Who stands at the ends of a check, as far as it is known.
struct ConnectivityEnds {
  std::string source_address;
  std::string source_resource_id;
  std::string destination_address;
  std::string destination_resource_id;
};
/// ConnectivityInformation: hops as the traces found them, with issues from them and from the
/// checks.
Value connectivity_result(const ConnectivityEnds& ends, const OneOffResult& result);
/// The same if nothing could be checked: the source alone, with why.
Value connectivity_unknown(const ConnectivityEnds& ends, const Error& reason);
/// NextHopResult: by the routes of the agent's host.
Value next_hop_result(const IpAddress& destination, const NextHop& hop);

}  // namespace lw::server::arm
