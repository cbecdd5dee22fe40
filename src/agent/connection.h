// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "agent/identity.h"
#include "base/channel.h"

namespace linewatch::wire {
class AgentMessage;
class Assignment;
class CheckRequest;
class ServerMessage;
}  // namespace linewatch::wire

namespace lw::agent {

/// What a connection tells the uplink. `generation` tells events of an old connection from those of
/// the present one.
struct MessageReceived {
  std::uint64_t generation = 0;
  std::shared_ptr<const ::linewatch::wire::ServerMessage> message;
};
/// The last write is done: the next may start.
struct MessageWritten {
  std::uint64_t generation = 0;
};
/// It is over; nothing more comes of this connection.
struct ConnectionClosed {
  std::uint64_t generation = 0;
  Error reason;
};
using ConnectionEvent = std::variant<MessageReceived, MessageWritten, ConnectionClosed>;

/// One Fleet.Connect stream. Never blocks: results come as events, pushed from gRPC's threads. One
/// write at a time. Destroying it cancels the call and waits until gRPC has let go of it.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void write(const ::linewatch::wire::AgentMessage& message) = 0;
};

std::unique_ptr<Connection> connect(const std::string& server, const Identity& identity,
                                    std::uint64_t generation, Channel<ConnectionEvent>& events);

}  // namespace lw::agent
