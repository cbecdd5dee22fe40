// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "io/pki.h"
#include "model/ids.h"

namespace lw::server {

/// The server's own CA and certificate, in its data folder: ca.pem (for everybody to read),
/// ca.key, server.pem, server.key (mode 0600), and server-identity.pem, which holds the server's
/// key, its certificate and the CA's in one file, so that both are replaced at once. Made at the
/// first start; the server's certificate is made anew in the last third of its life, or when it no
/// longer covers the names asked for. Any thread.
class Authority {
 public:
  /// `names` are host names and addresses that clients use besides localhost and this host's name.
  static Result<Authority> open(const std::string& directory, const std::vector<std::string>& names,
                                Timestamp now);

  /// Makes a new server certificate if that is due (see above), and says whether it did. On failure
  /// the old one stays in use. Blocks on the disk.
  Result<bool> renew_if_due(const std::vector<std::string>& names, Timestamp now);

  [[nodiscard]] const std::string& authority_pem() const { return authority_.certificate_pem; }
  [[nodiscard]] const std::string& authority_sha256_hex() const { return fingerprint_; }
  /// The server's certificate followed by the CA's.
  [[nodiscard]] std::string server_chain_pem() const;
  [[nodiscard]] std::string server_key_pem() const;
  /// The file with the server's key followed by that chain; replaced when they are.
  [[nodiscard]] std::string server_identity_path() const;
  /// The file with the CA's certificate.
  [[nodiscard]] std::string authority_path() const;

  /// A warning from 30 days before the server's certificate ends, when it should have been renewed
  /// long ago; else empty.
  [[nodiscard]] std::string expiry_warning(Timestamp now) const;

  /// A client certificate for an agent, good for a year. Any thread.
  [[nodiscard]] Result<std::string> sign_agent(const std::string& request_pem, AgentId agent,
                                               Timestamp now) const;

 private:
  struct Server {
    io::KeyAndCertificate pair;
    io::CertificateInfo info;
  };

  explicit Authority(std::string directory) : directory_(std::move(directory)) {}
  Result<void> load_authority(Timestamp now);
  Result<void> make_server(const std::vector<std::string>& names, Timestamp now);
  /// Puts it in use, from then on and after a restart.
  Result<void> adopt(Server server);
  [[nodiscard]] Server server() const;

  std::string directory_;
  io::KeyAndCertificate authority_;
  std::string fingerprint_;
  std::unique_ptr<Guarded<Server>> server_ = std::make_unique<Guarded<Server>>();
};

}  // namespace lw::server
