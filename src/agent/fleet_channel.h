// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "agent/identity.h"

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace lw::agent {

/// A gRPC channel to the server that trusts the given CA only, and shows the identity's certificate
/// if there is one. The server is known by the name that its certificate always carries
/// (kServerName), so that agents may reach it by any address.
std::shared_ptr<grpc::Channel> open_channel(const std::string& server,
                                            const std::string& authority_pem,
                                            const Identity* identity);

inline constexpr const char* kServerName = "linewatch-server";

/// The error behind a failed call, in words.
Error to_error(const grpc::Status& status, const std::string& server);

}  // namespace lw::agent
