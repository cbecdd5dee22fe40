// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/channel.h"
#include "base/result.h"
#include "base/thread.h"
#include "io/http_server.h"

namespace lw::server {

/// The agent as this server hands it to new hosts: the folder that packaging/agent/make-package
/// fills, with a script and an archive. Its files are no secret. Any thread.
class AgentPackage {
 public:
  /// `folder` is looked at with each request, so that a package may come later. `authority_pem`
  /// goes into the script, so that the host can check what it downloads.
  AgentPackage(std::string folder, std::string authority_pem);
  /// Waits for downloads to be cut.
  ~AgentPackage();
  AgentPackage(const AgentPackage&) = delete;
  AgentPackage& operator=(const AgentPackage&) = delete;

  /// Where a package lies for this executable: beside it (a build) or in ../share/linewatch (an
  /// installation).
  static std::string folder_of(const std::string& executable);
  /// Before the first request.
  void set_agent_port(std::uint16_t port) { agent_port_ = port; }

  /// The script for a host that asked for it at `authority`, HOST[:PORT] of its Host header.
  /// NotFound, with what to do, if there is no package. Reads files: milliseconds.
  [[nodiscard]] Result<std::string> install_script(const std::string& authority) const;
  /// What to run on a new host, as root, in one line: it checks the server by its authority's
  /// fingerprint before it believes anything.
  [[nodiscard]] Result<std::string> install_command(const std::string& authority,
                                                    const std::string& join_token) const;
  /// Answers with the archive, piece by piece, from a thread of the package. Unavailable if too
  /// many wait already.
  void send_archive(const io::HttpResponder& responder);
  static const std::string& archive_name();

 private:
  [[nodiscard]] std::string archive_path() const { return folder_ + "/" + archive_name(); }
  void send_file(const io::HttpResponder& responder) const;

  const std::string folder_;
  const std::string authority_pem_;
  std::uint16_t agent_port_ = 8444;
  Flag stopping_;
  // HTTP loops → download threads
  Channel<io::HttpResponder> downloads_{64, WhenFull::Refuse};
  std::vector<Thread> threads_;
};

}  // namespace lw::server
