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
constexpr auto kRenewBefore = std::chrono::days(60);
/// Later than kRenewBefore, so that a server that is restarted now and then never warns.
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
  return now + kRenewBefore < info.not_after && info.not_before <= now &&
         has_all(info.dns_names, wanted.dns_names) &&
         has_all(info.ip_addresses, wanted.ip_addresses);
}

}  // namespace

Result<Authority> Authority::open(const std::string& directory,
                                  const std::vector<std::string>& names, Timestamp now) {
  Authority authority;
  const std::string ca_key = directory + "/ca.key";
  const std::string ca_pem = directory + "/ca.pem";
  const std::string key = directory + "/server.key";
  const std::string pem = directory + "/server.pem";
  // Key and certificate are two files: the key is written first, so a certificate means both.
  if (file_exists(ca_pem)) {
    authority.authority_ = TRY(load_pair(ca_key, ca_pem));
  } else {
    // A server certificate of a former CA would be of no use.
    if (file_exists(pem)) TRY(remove_file(pem));
    authority.authority_ =
        TRY(io::create_certificate_authority("linewatch CA of " + host_name(), now));
    TRY(save_pair(authority.authority_, ca_key, ca_pem));
  }
  authority.fingerprint_ =
      TRY(io::read_certificate(authority.authority_.certificate_pem)).sha256_hex;

  const io::ServerCertificateRequest wanted = request_for(names, now);
  if (file_exists(pem)) {
    authority.server_ = TRY(load_pair(key, pem));
    const auto info = TRY(io::read_certificate(authority.server_.certificate_pem));
    authority.server_not_after_ = info.not_after;
    if (covers(info, wanted, now)) return authority;
    log::info("authority",
              "making a new server certificate: the old one expires soon or lacks a name");
  }
  authority.server_ = TRY(io::issue_server_certificate(authority.authority_, wanted));
  authority.server_not_after_ = wanted.not_after;
  TRY(save_pair(authority.server_, key, pem));
  return authority;
}

std::string Authority::server_chain_pem() const {
  return server_.certificate_pem + authority_.certificate_pem;
}

std::string Authority::expiry_warning(Timestamp now) const {
  if (now + kWarnBefore < server_not_after_) return {};
  return fmt::format("the server's certificate {} on {}; restart the server to renew it",
                     now < server_not_after_ ? "ends" : "has ended",
                     to_iso8601(server_not_after_).substr(0, 10));
}

Result<std::string> Authority::sign_agent(const std::string& request_pem, AgentId agent,
                                          Timestamp now) const {
  return io::sign_client_certificate(authority_, request_pem, wire::agent_common_name(agent.value),
                                     now - kBackdate, now + kAgentLife);
}

}  // namespace lw::server
