// SPDX-License-Identifier: Apache-2.0
#include "server/authority.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/environment.h"
#include "base/files.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "wire/protocol.h"

namespace lw::server {
namespace {

constexpr auto kAgentLife = std::chrono::days(365);
/// Browsers and TLS libraries refuse server certificates of more than 825 days.
constexpr auto kServerLife = std::chrono::days(397);
/// Much later than it is renewed, so that nobody is warned unless that fails.
constexpr auto kWarnBefore = std::chrono::days(30);
/// Clocks differ; a certificate that begins "now" is not valid yet for a host that lags.
constexpr auto kBackdate = std::chrono::hours(1);

Result<io::KeyAndCertificate> load_pair(const std::string& key_path, const std::string& cert_path) {
  return io::KeyAndCertificate{TRY(read_file(key_path)), TRY(read_file(cert_path))};
}

Result<void> save_pair(const io::KeyAndCertificate& pair, const std::string& key_path,
                       const std::string& cert_path) {
  TRY(write_file_atomically(key_path, pair.private_key_pem, 0600));
  return write_file_atomically(cert_path, pair.certificate_pem, 0644);
}

io::ServerCertificateRequest request_for(const std::vector<std::string>& names, Timestamp now) {
  io::ServerCertificateRequest request{.common_name = "linewatch-server",
                                       .dns_names = {"linewatch-server", "localhost", host_name()},
                                       .ip_addresses = {"127.0.0.1", "::1"},
                                       .not_before = now - kBackdate,
                                       .not_after = now + kServerLife};
  for (const std::string& name : names) {
    const auto address = parse_ip_address(name);
    auto& list = address ? request.ip_addresses : request.dns_names;
    // As certificates show it: another spelling would look like a name that is missing.
    const std::string wanted = address ? to_string(*address) : name;
    if (std::ranges::find(list, wanted) == list.end()) list.push_back(wanted);
  }
  return request;
}

bool covers(const io::CertificateInfo& info, const io::ServerCertificateRequest& wanted,
            Timestamp now) {
  const auto has_all = [](const std::vector<std::string>& have,
                          const std::vector<std::string>& need) {
    return std::ranges::all_of(
        need, [&](const std::string& name) { return std::ranges::find(have, name) != have.end(); });
  };
  const Timestamp last_third = info.not_before + (info.not_after - info.not_before) / 3 * 2;
  return now < last_third && info.not_before <= now && has_all(info.dns_names, wanted.dns_names) &&
         has_all(info.ip_addresses, wanted.ip_addresses);
}

}  // namespace

Result<void> Authority::load_authority(Timestamp now) {
  const std::string ca_key = directory_ + "/ca.key";
  const std::string ca_pem = authority_path();
  const std::string pem = directory_ + "/server.pem";
  // Key and certificate are two files: the key is written first, so a certificate means both.
  if (file_exists(ca_pem)) {
    authority_ = TRY(load_pair(ca_key, ca_pem));
  } else {
    // A server certificate of a former CA would be of no use.
    if (file_exists(pem)) TRY(remove_file(pem));
    authority_ = TRY(io::create_certificate_authority("linewatch CA of " + host_name(), now));
    TRY(save_pair(authority_, ca_key, ca_pem));
  }
  fingerprint_ = TRY(io::read_certificate(authority_.certificate_pem)).sha256_hex;
  return {};
}

Result<Authority> Authority::open(const std::string& directory,
                                  const std::vector<std::string>& names, Timestamp now) {
  Authority authority(directory);
  TRY(authority.load_authority(now));
  const std::string key = directory + "/server.key";
  const std::string pem = directory + "/server.pem";
  if (!file_exists(pem)) {
    TRY(authority.make_server(names, now));
    return authority;
  }
  Server server;
  server.pair = TRY(load_pair(key, pem));
  server.info = TRY(io::read_certificate(server.pair.certificate_pem));
  TRY(authority.adopt(std::move(server)));
  TRY(authority.renew_if_due(names, now));
  return authority;
}

Result<void> Authority::make_server(const std::vector<std::string>& names, Timestamp now) {
  Server server;
  server.pair = TRY(io::issue_server_certificate(authority_, request_for(names, now)));
  server.info = TRY(io::read_certificate(server.pair.certificate_pem));
  TRY(save_pair(server.pair, directory_ + "/server.key", directory_ + "/server.pem"));
  return adopt(std::move(server));
}

Result<bool> Authority::renew_if_due(const std::vector<std::string>& names, Timestamp now) {
  if (covers(server().info, request_for(names, now), now)) return false;
  log::info("authority",
            "making a new server certificate: the old one is in its last third or lacks a name");
  TRY(make_server(names, now));
  return true;
}

Result<void> Authority::adopt(Server server) {
  const std::string identity =
      server.pair.private_key_pem + server.pair.certificate_pem + authority_.certificate_pem;
  // Written only if it must be: a full disk should not keep a server from starting.
  const auto old = read_file(server_identity_path());
  if (!old || *old != identity) {
    TRY(write_file_atomically(server_identity_path(), identity, 0600));
  }
  server_->with([&](Server& current) { current = std::move(server); });
  return {};
}

Authority::Server Authority::server() const {
  return server_->with([](const Server& current) { return current; });
}

std::string Authority::server_chain_pem() const {
  return server().pair.certificate_pem + authority_.certificate_pem;
}

std::string Authority::server_key_pem() const { return server().pair.private_key_pem; }

std::string Authority::authority_path() const { return directory_ + "/ca.pem"; }

std::string Authority::server_identity_path() const { return directory_ + "/server-identity.pem"; }

std::string Authority::expiry_warning(Timestamp now) const {
  const Timestamp not_after = server().info.not_after;
  if (now + kWarnBefore < not_after) return {};
  return fmt::format(
      "the server's certificate {} on {} and could not be renewed so far; see the server's log",
      now < not_after ? "ends" : "has ended", to_iso8601(not_after).substr(0, 10));
}

Result<std::string> Authority::sign_agent(const std::string& request_pem, AgentId agent,
                                          Timestamp now) const {
  return io::sign_client_certificate(authority_, request_pem, wire::agent_common_name(agent.value),
                                     now - kBackdate, now + kAgentLife);
}

}  // namespace lw::server
