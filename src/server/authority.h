// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/pki.h"
#include "model/ids.h"

namespace lw::server {

/// The server's own CA and certificate, in its data folder: ca.pem (for everybody to read),
/// ca.key, server.pem, server.key (mode 0600). Made at the first start; the server's certificate is
/// made anew when it is about to expire or no longer covers the names asked for.
class Authority {
 public:
  /// `names` are host names and addresses that clients use besides localhost and this host's name.
  static Result<Authority> open(const std::string& directory, const std::vector<std::string>& names,
                                Timestamp now);

  [[nodiscard]] const std::string& authority_pem() const { return authority_.certificate_pem; }
  [[nodiscard]] const std::string& authority_sha256_hex() const { return fingerprint_; }
  /// The server's certificate followed by the CA's.
  [[nodiscard]] std::string server_chain_pem() const;
  [[nodiscard]] const std::string& server_key_pem() const { return server_.private_key_pem; }

  /// A warning from 30 days before the server's certificate ends; else empty. The next start renews
  /// it.
  [[nodiscard]] std::string expiry_warning(Timestamp now) const;

  /// A client certificate for an agent, good for a year. Any thread.
  [[nodiscard]] Result<std::string> sign_agent(const std::string& request_pem, AgentId agent,
                                               Timestamp now) const;

 private:
  Authority() = default;
  io::KeyAndCertificate authority_;
  io::KeyAndCertificate server_;
  Timestamp server_not_after_{};
  std::string fingerprint_;
};

}  // namespace lw::server
