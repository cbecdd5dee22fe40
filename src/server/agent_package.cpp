// SPDX-License-Identifier: Apache-2.0
#include "server/agent_package.h"

#include <fmt/core.h>

#include <fstream>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "io/pki.h"
#include "server/api/router.h"

namespace lw::server {
namespace {

/// As many hosts as may download at once; one whose line is slow holds a thread.
constexpr int kThreads = 4;
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

const std::string kNoPackage =
    "this server has no agent package to hand out; `./dev release` makes one, or install the "
    "package linewatch-server";

/// Nothing but a host and a port may get into a script that somebody runs as root.
Result<std::string> checked_authority(const std::string& text) {
  const bool is_plain = text.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"
                            "_") == std::string::npos;
  if (text.empty() || text.size() > 300 || !is_plain) {
    return fail(ErrorCode::InvalidInput, "the Host header is no host name");
  }
  return text;
}

/// "[::1]" of "[::1]:8443".
std::string host_of(const std::string& authority) {
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  return has_port ? authority.substr(0, colon) : authority;
}

void replace_all(std::string& text, std::string_view name, std::string_view value) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    text.replace(at, name.size(), value);
    at += value.size();
  }
}

}  // namespace

AgentPackage::AgentPackage(std::string folder, std::string authority_pem)
    : folder_(std::move(folder)), authority_pem_(std::move(authority_pem)) {
  for (int i = 0; i < kThreads; ++i) {
    threads_.emplace_back("download", [this] {
      while (const auto responder = downloads_.pop()) send_file(*responder);
    });
  }
}

AgentPackage::~AgentPackage() {
  stopping_.raise();
  downloads_.close();
  for (Thread& thread : threads_) thread.join();
}

std::string AgentPackage::folder_of(const std::string& executable) {
  const std::string folder = executable.substr(0, executable.rfind('/'));
  const std::string beside = folder + "/agent-package";
  return file_exists(beside + "/install.sh") ? beside
                                             : folder + "/../share/linewatch/agent-package";
}

const std::string& AgentPackage::archive_name() {
  static const std::string kName = "linewatch-agent-linux-x86_64.tar.gz";
  return kName;
}

Result<std::string> AgentPackage::install_script(const std::string& authority) const {
  const std::string host = TRY(checked_authority(authority));
  auto script = read_file(folder_ + "/install.sh");
  const auto sum = read_file(archive_path() + ".sha256");  // as sha256sum writes it
  if (!script || !sum) return fail(ErrorCode::NotFound, kNoPackage);
  replace_all(*script, "@URL@", "https://" + host);
  replace_all(*script, "@AGENT_SERVER@", fmt::format("{}:{}", host_of(host), agent_port_));
  replace_all(*script, "@SHA256@", sum->substr(0, sum->find(' ')));
  replace_all(*script, "@CA_PEM@", trim(authority_pem_));
  return *script;
}

Result<std::string> AgentPackage::install_command(const std::string& authority,
                                                  const std::string& join_token) const {
  const std::string host = TRY(checked_authority(authority));
  if (!file_exists(archive_path())) return fail(ErrorCode::NotFound, kNoPackage);
  return fmt::format(
      "CA=$(mktemp) && curl -fsSk -o \"$CA\" https://{0}/ca.pem && echo \"{1}  $CA\" | sha256sum "
      "--check --quiet && curl -fsS --cacert \"$CA\" https://{0}/install.sh | sudo sh -s -- "
      "--token "
      "{2}",
      host, hex_of(io::sha256(authority_pem_)), join_token);
}

void AgentPackage::send_archive(const io::HttpResponder& responder) {
  if (!file_exists(archive_path())) {
    api::answer_error(responder, {ErrorCode::NotFound, kNoPackage});
  } else if (!downloads_.push(responder)) {
    api::answer_error(responder,
                      {ErrorCode::Unavailable, "too many downloads at once; try again soon"});
  }
}

void AgentPackage::send_file(const io::HttpResponder& responder) const {
  std::ifstream file(archive_path(), std::ios::binary);
  if (!file) return api::answer_error(responder, {ErrorCode::NotFound, kNoPackage});
  responder.start({.status = 200, .headers = {{"Content-Type", "application/gzip"}}, .body = ""});
  std::string piece(kPieceBytes, '\0');
  while (!stopping_.is_raised()) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    if (count > 0 && !responder.write(piece.substr(0, count))) return;
    if (file.eof()) return responder.end();
    if (!file) break;
  }
  responder.abort();
}

}  // namespace lw::server
