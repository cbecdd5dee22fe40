// SPDX-License-Identifier: Apache-2.0
#include "agent/doctor.h"

#include <fmt/core.h>
#include <grpcpp/channel.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include "agent/fleet_channel.h"
#include "agent/identity.h"
#include "base/clock_error.h"
#include "base/descriptor_limit.h"
#include "base/files.h"
#include "io/host.h"
#include "io/icmp_socket.h"
#include "io/loop.h"
#include "io/loopback.h"
#include "io/pki.h"

namespace lw::agent {
namespace {

constexpr Seconds kPatience{8};
constexpr std::uintmax_t kSpaceWanted = std::uintmax_t{1} << 30;
/// Below, thousands of checks that are out at once run out of them.
constexpr std::size_t kDescriptorsWanted = 8192;
constexpr auto kCertificateSoon = std::chrono::days(7);

Finding good(std::string subject, std::string text) {
  return {
      .subject = std::move(subject), .health = Health::Good, .text = std::move(text), .fix = ""};
}

/// The kernel's datagram sockets for echoes, which need no right where the sysctl allows them.
bool are_datagram_echoes_allowed() {
  io::Loop loop;
  io::IcmpSocket::Options options;
  options.without_privilege = true;
  return io::IcmpSocket::open(loop, options, {}).has_value();
}

Finding examine_sockets() {
  const std::string subject = "raw sockets";
  if (io::are_raw_sockets_allowed()) return good(subject, "allowed: ICMP checks and path traces");
  const std::string fix =
      "run the agent as its service does (AmbientCapabilities=CAP_NET_RAW), as root, or grant it: "
      "setcap cap_net_raw+ep on the program";
  if (are_datagram_echoes_allowed()) {
    return {subject, Health::Limited, "not allowed: ICMP checks work, path traces only partly",
            fix};
  }
  return {subject, Health::Bad, "not allowed, datagram sockets for echoes neither: no ICMP checks",
          fix + "; or let this group into the sysctl net.ipv4.ping_group_range"};
}

Finding examine_clock() {
  const ClockError clock = wall_clock_error();
  if (clock.is_synchronized) {
    return good("clock", fmt::format("in step, off by {} at most", to_human(clock.error)));
  }
  return {"clock", Health::Limited,
          "no time service keeps it in step: times of results may be wrong",
          "set up systemd-timesyncd or chrony"};
}

Finding examine_folder(const std::string& folder) {
  const std::string subject = "data folder";
  std::error_code failure;
  const auto space = std::filesystem::space(folder, failure);
  if (failure) {
    return {subject, Health::Bad, fmt::format("{}: {}", folder, failure.message()),
            "make it, owned by the agent's user, or name another one with --data"};
  }
  const std::string trial = folder + "/doctor.trial";
  const auto written = write_file_atomically(trial, "can this be written?\n", 0600);
  std::filesystem::remove(trial, failure);
  if (!written) {
    return {subject, Health::Bad, written.error().message,
            "run the doctor as the agent's user, or give the folder to that user"};
  }
  const std::string text = fmt::format("{}: {} MB free", folder, space.available >> 20);
  if (space.available >= kSpaceWanted) return good(subject, text);
  return {subject, Health::Limited, text + "; results are kept there while the server is away",
          "make room, or let it keep less with --spool-mb"};
}

Finding examine_descriptors() {
  const std::size_t descriptors = raise_descriptor_limit();
  const std::string text = fmt::format("{} may be open at once", descriptors);
  if (descriptors >= kDescriptorsWanted) return good("descriptors", text);
  return {"descriptors", Health::Limited, text + "; each TCP and HTTP check under way needs one",
          "raise the limit: LimitNOFILE= of the service, or ulimit -n"};
}

Finding examine_names() {
  const auto servers = io::configured_name_servers();
  if (servers.empty()) {
    return {"name servers", Health::Limited, "none: destinations must be addresses",
            "name some in /etc/resolv.conf"};
  }
  std::string text;
  for (const std::string& server : servers) text += (text.empty() ? "" : ", ") + server;
  return good("name servers", text);
}

Finding examine_certificate(const Identity& identity, Timestamp now) {
  const std::string subject = "identity";
  const auto certificate = io::read_certificate(identity.certificate_pem);
  if (!certificate) {
    return {subject, Health::Bad, certificate.error().message, "join again with a new token"};
  }
  const std::string text = fmt::format("{}, joined {}; its certificate ends {}", identity.name,
                                       identity.server, to_iso8601(certificate->not_after));
  if (now >= certificate->not_after) {
    return {subject, Health::Bad, text + ", which is past",
            "if this host's clock is right: join again with a new token"};
  }
  if (now < certificate->not_before) {
    return {subject, Health::Bad, text + ", and by this host's clock it has not begun",
            "set this host's clock"};
  }
  if (now + kCertificateSoon >= certificate->not_after) {
    return {subject, Health::Limited, text, "let the agent run and reach its server: it renews it"};
  }
  return good(subject, text);
}

bool is_among(const std::string& authority_pem, const std::vector<std::string>& chain) {
  const auto wanted = io::read_certificate(authority_pem);
  return wanted && std::ranges::any_of(chain, [&](const std::string& pem) {
           const auto info = io::read_certificate(pem);
           return info && info->sha256_hex == wanted->sha256_hex;
         });
}

Finding examine_server(const std::string& server, const std::optional<Identity>& identity) {
  const std::string subject = "server";
  const auto address = parse_server(server);
  if (!address) return {subject, Health::Bad, address.error().message, "correct the address"};
  const auto chain = io::fetch_certificate_chain(address->host, address->port, kPatience);
  if (!chain) {
    return {subject, Health::Bad, fmt::format("{}: {}", server, chain.error().message),
            "check that the server runs and listens there for agents (--agent-listen), and that no "
            "firewall on the way drops TCP to that port"};
  }
  if (!identity)
    return good(subject, server + " answers; whether it is the right one shows on joining");
  if (!is_among(identity->authority_pem, *chain)) {
    return {
        subject, Health::Bad,
        server + " answers with certificates of another authority than the server that was joined",
        "check the address; if the server was set up anew, join it again"};
  }
  const auto channel = open_channel(server, identity->authority_pem, &*identity);
  const gpr_timespec deadline{
      .tv_sec = kPatience.count(), .tv_nsec = 0, .clock_type = GPR_TIMESPAN};
  if (channel->WaitForConnected(deadline))
    return good(subject, server + " is reached, and is the right one");
  return {subject, Health::Bad, server + " does not take this agent's certificate, or it expired",
          "if this agent was removed on the server: join again with a new token"};
}

}  // namespace

std::vector<Finding> examine(const DoctorConfig& config, const Clock& clock) {
  std::vector<Finding> findings{examine_sockets(), examine_clock(), examine_descriptors(),
                                examine_names(), examine_folder(config.data_directory)};
  const auto loaded = load_identity(config.data_directory);
  const std::optional<Identity> identity = loaded ? *loaded : std::nullopt;
  if (!loaded) {
    findings.push_back(
        {"identity", Health::Bad, loaded.error().message, "run the doctor as the agent's user"});
  } else if (!identity) {
    findings.push_back({"identity", Health::Bad, "this host has not joined a server",
                        "linewatch agent join HOST:8444 --token TOKEN, or name the agent's folder "
                        "with --data"});
  } else {
    findings.push_back(examine_certificate(*identity, clock.wall_now()));
  }
  const std::string server = !config.server.empty() || !identity ? config.server : identity->server;
  if (!server.empty()) findings.push_back(examine_server(server, identity));
  return findings;
}

const char* to_string(Health health) {
  switch (health) {
    case Health::Good:
      return "ok";
    case Health::Limited:
      return "limited";
    case Health::Bad:
      return "bad";
  }
  return "?";
}

}  // namespace lw::agent
