// SPDX-License-Identifier: Apache-2.0
#include "io/resolver.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "io/dns_server.h"
#include "io/name_files.h"
#include "io/name_lookup.h"
#include "io/name_survey.h"
#include "io/watched_file.h"

namespace lw::io {
namespace {

constexpr Seconds kLookAtFilesEvery{1};

using Key = std::pair<std::string, AddressFamily>;

bool is_wanted(const IpAddress& address, AddressFamily family) {
  return family == AddressFamily::V4ThenV6 || address.is_v6 == (family == AddressFamily::V6);
}

NameAnswer refusal(NameStatus status, std::string evidence) {
  NameAnswer answer;
  answer.status = status;
  answer.evidence = std::move(evidence);
  return answer;
}

/// The answer for addresses that no server was asked for.
NameAnswer answer_of(std::vector<IpAddress> addresses, AddressFamily family,
                     const std::string& name) {
  std::erase_if(addresses, [&](const IpAddress& one) { return !is_wanted(one, family); });
  std::ranges::stable_sort(addresses, {}, &IpAddress::is_v6);
  if (addresses.empty()) {
    return refusal(
        NameStatus::NoAddress,
        fmt::format("{} has no {} address", name, family == AddressFamily::V6 ? "IPv6" : "IPv4"));
  }
  NameAnswer answer;
  answer.status = NameStatus::Found;
  answer.addresses = std::move(addresses);
  return answer;
}

}  // namespace

struct Resolver::Impl {
  Impl(Loop& on, const Clock& by, ResolverOptions with)
      : loop(on), clock(by), options(std::move(with)) {}

  /// A lookup under way and who waits for it.
  struct Waiting {
    std::shared_ptr<NameLookup> lookup;
    std::vector<Done> dones;
  };

  Loop& loop;
  const Clock& clock;
  ResolverOptions options;
  WatchedFile resolv_conf{options.resolv_conf};
  WatchedFile hosts_file{options.hosts};
  Instant look_at_files_again{};
  HostsFile hosts;
  ResolvConf conf;
  std::shared_ptr<NameServers> servers;
  std::map<Key, Waiting> lookups;
  NameSurvey survey{clock, options.ask_all_every};

  void look_at_files();
  void set_servers();
  std::optional<NameAnswer> known_answer(const Key& key);
  void finish(const Key& key, NameAnswer answer);
};

Resolver::Resolver(Loop& loop, const Clock& clock, ResolverOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(options))) {}
Resolver::~Resolver() = default;

void Resolver::Impl::look_at_files() {
  const Instant now = clock.now();
  if (now < look_at_files_again) return;
  look_at_files_again = now + kLookAtFilesEvery;
  if (const auto text = hosts_file.read_if_changed()) hosts = parse_hosts(*text);
  if (const auto text = resolv_conf.read_if_changed()) {
    conf = parse_resolv_conf(*text);
    set_servers();
  }
}

void Resolver::Impl::set_servers() {
  servers = std::make_shared<NameServers>(clock);
  survey.forget();
  const Milliseconds timeout = server_timeout(conf, options.server_timeout);
  for (const std::string& address : options.servers.empty() ? conf.servers : options.servers) {
    servers->add(std::make_shared<DnsServer>(loop, DnsServer::Options{address, timeout}));
  }
  // Lookups under way asked servers that are gone now.
  for (const auto& [key, waiting] : lookups) {
    waiting.lookup->begin(servers, search_candidates(key.first, conf));
  }
}

std::optional<NameAnswer> Resolver::Impl::known_answer(const Key& key) {
  const auto& [name, family] = key;
  if (const auto address = parse_ip_address(name)) return answer_of({*address}, family, name);
  if (!is_host_name(name)) {
    const bool is_foreign = std::ranges::any_of(
        name, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
    return refusal(
        NameStatus::Invalid,
        fmt::format("`{}` is not a host name{}", name,
                    is_foreign ? "; write the form that DNS has of it, with `xn--`" : ""));
  }
  if (const auto found = hosts.find(name); found != hosts.end()) {
    NameAnswer answer = answer_of(found->second, family, name);
    if (answer.status == NameStatus::Found) return answer;
  }
  if (name == "localhost") {  // RFC 6761 §6.3.
    return answer_of({*parse_ip_address("127.0.0.1"), *parse_ip_address("::1")}, family, name);
  }
  return std::nullopt;
}

void Resolver::resolve(const std::string& name, AddressFamily family, Done done) {
  Impl& impl = *impl_;
  impl.look_at_files();
  const Key key(to_lower(name), family);
  if (const auto answer = impl.known_answer(key)) return done(*answer);
  const auto [entry, is_new] = impl.lookups.try_emplace(key);
  entry->second.dones.push_back(std::move(done));
  if (!is_new) return;
  entry->second.lookup = std::make_shared<NameLookup>(
      impl.loop, impl.clock, NameLookup::Options{family, impl.options.patience},
      [&impl, key](NameAnswer&& answer) { impl.finish(key, std::move(answer)); });
  entry->second.lookup->begin(impl.servers, search_candidates(key.first, impl.conf));
}

void Resolver::Impl::finish(const Key& key, NameAnswer answer) {
  if (answer.status == NameStatus::Found) {
    // What the lookup met itself is newer.
    if (answer.evidence.empty()) answer.evidence = survey.failures(answer.asked);
    survey.after(answer, servers);
  }
  const auto node = lookups.extract(key);
  for (const Done& done : node.mapped().dones) done(answer);
}

}  // namespace lw::io
