// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/ids.h"

namespace linewatch::wire {
class ServerMessage;
}

namespace lw::server {

/// Of a text that an agent sent, in a line of the log or a status.
inline constexpr std::size_t kLoggedBytesMax = 500;

/// One connected agent. All functions may be called from any thread, never block, and do nothing
/// once the connection is gone.
class FleetSession {
 public:
  virtual ~FleetSession() = default;
  /// Whom the client certificate names.
  [[nodiscard]] virtual AgentId agent() const = 0;
  /// Of that certificate's DER form.
  [[nodiscard]] virtual const std::string& certificate_sha256_hex() const = 0;
  [[nodiscard]] virtual std::string peer() const = 0;
  /// Queues a message; they go out in order.
  virtual void send(std::shared_ptr<const ::linewatch::wire::ServerMessage> message) = 0;
  /// Lets the next message in. A session reads one message at a time and waits for this, so that a
  /// busy server slows its agents down instead of growing.
  virtual void read_next() = 0;
  /// Ends the connection; the agent is told why.
  virtual void close(const Error& reason) = 0;
};

}  // namespace lw::server
