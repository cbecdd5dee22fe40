// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/authority.h"
#include "server/control.h"

namespace lw::server {

/// The port that agents dial (gRPC, TLS with client certificates): turns calls into calls of
/// Control. gRPC's own threads; garbage and clients without a certificate end here.
class FleetService {
 public:
  /// `address` is HOST:PORT; port 0 takes any free one. `control` must outlive the service.
  static Result<std::unique_ptr<FleetService>> start(const std::string& address,
                                                     const Authority& authority, Control& control);
  /// Ends all connections and waits for them.
  ~FleetService();
  [[nodiscard]] std::uint16_t port() const;

  struct Impl;
  explicit FleetService(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::server
