// SPDX-License-Identifier: Apache-2.0
#include "io/resolver.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "io/dns_server.h"
#include "io/name_files.h"

namespace lw::io {
namespace {

constexpr Seconds kKeepMin{1};
constexpr Seconds kKeepMax{60};
constexpr Seconds kKeepFailure{1};
constexpr Seconds kLookAtFilesEvery{1};
constexpr std::size_t kSweepFrom = 1024;

using Key = std::pair<std::string, AddressFamily>;

NameStatus status_of(DnsStatus status) {
  switch (status) {
    case DnsStatus::Found:
      return NameStatus::Found;
    case DnsStatus::NotFound:
      return NameStatus::NotFound;
    case DnsStatus::NoAddress:
      return NameStatus::NoAddress;
    case DnsStatus::Failed:
      return NameStatus::ServerFailed;
    case DnsStatus::TimedOut:
      return NameStatus::TimedOut;
  }
  return NameStatus::ServerFailed;
}

bool is_wanted(const IpAddress& address, AddressFamily family) {
  return family == AddressFamily::V4ThenV6 || address.is_v6 == (family == AddressFamily::V6);
}

NameAnswer answer_of(std::vector<IpAddress> addresses, AddressFamily family,
                     const std::string& name) {
  std::erase_if(addresses, [&](const IpAddress& one) { return !is_wanted(one, family); });
  std::ranges::stable_sort(addresses, {}, &IpAddress::is_v6);
  if (!addresses.empty()) return {NameStatus::Found, std::move(addresses), {}};
  return {NameStatus::NoAddress,
          {},
          fmt::format("{} has no {} address", name, family == AddressFamily::V6 ? "IPv6" : "IPv4")};
}

/// Rereads a file when it has become another; tells whether it did. Its time alone would miss a
/// change within one tick of the kernel's clock; tools replace these files, which changes the
/// inode.
struct WatchedFile {
  struct Version {
    ino_t inode = 0;
    off_t bytes = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const Version&) const = default;
  };
  std::string path;
  std::optional<Version> version;
  bool was_read = false;

  /// The text, if it is new. A missing file is an empty one.
  std::optional<std::string> read_if_changed() {
    struct stat info {};
    std::optional<Version> now;
    if (::stat(path.c_str(), &info) == 0) {
      now = Version{info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
    }
    if (was_read && now == version) return std::nullopt;
    was_read = true;
    version = now;
    return read_file(path).value_or("");
  }
};

/// What resolv.conf grants one server, if that is less than ours: its usual 10 s would be longer
/// than many an interval.
Milliseconds server_timeout(const ResolvConf& conf, Milliseconds ours) {
  constexpr Seconds kTimeoutDefault{5};
  constexpr int kAttemptsDefault = 2;
  const Milliseconds theirs =
      conf.timeout.value_or(kTimeoutDefault) * conf.attempts.value_or(kAttemptsDefault);
  return std::min(ours, theirs);
}

}  // namespace

struct Resolver::Impl {
  Impl(Loop& on, const Clock& by, ResolverOptions with)
      : loop(on), clock(by), options(std::move(with)) {}

  struct Kept {
    NameAnswer answer;
    Instant until;
  };
  /// A lookup under way: who waits for it, and how far it got.
  struct Lookup {
    std::vector<Done> waiting;
    std::size_t server = 0;
    bool asking_v6 = false;
    std::string evidence;
  };

  Loop& loop;
  const Clock& clock;
  ResolverOptions options;
  WatchedFile resolv_conf{options.resolv_conf, {}, false};
  WatchedFile hosts_file{options.hosts, {}, false};
  Instant look_at_files_again{};
  HostsFile hosts;
  std::vector<std::shared_ptr<DnsServer>> servers;
  std::map<Key, Kept> kept;
  std::map<Key, Lookup> lookups;
  std::size_t sweep_at = kSweepFrom;

  void look_at_files();
  void set_servers(const ResolvConf& conf);
  std::optional<NameAnswer> known_answer(const Key& key);
  void ask_next(const Key& key);
  void on_answer(const Key& key, const DnsAnswer& answer);
  void finish(const Key& key, const NameAnswer& answer, Seconds keep);
  void sweep();
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
    set_servers(parse_resolv_conf(*text));
    kept.clear();
  }
}

void Resolver::Impl::set_servers(const ResolvConf& conf) {
  servers.clear();
  const Milliseconds timeout = server_timeout(conf, options.server_timeout);
  // Lookups under way asked servers that are gone now: they begin anew.
  for (const std::string& address : options.servers.empty() ? conf.servers : options.servers) {
    servers.push_back(std::make_shared<DnsServer>(
        loop, DnsServer::Options{address, conf.search, conf.ndots, timeout}));
  }
  for (auto& [key, lookup] : lookups) lookup.server = 0;
  for (const auto& [key, lookup] : lookups) ask_next(key);
}

std::optional<NameAnswer> Resolver::Impl::known_answer(const Key& key) {
  const auto& [name, family] = key;
  if (const auto address = parse_ip_address(name)) return answer_of({*address}, family, name);
  if (!is_host_name(name)) {
    return NameAnswer{NameStatus::Invalid, {}, fmt::format("`{}` is not a host name", name)};
  }
  if (const auto found = hosts.find(name); found != hosts.end()) {
    NameAnswer answer = answer_of(found->second, family, name);
    if (answer.status == NameStatus::Found) return answer;
  }
  if (name == "localhost") {  // RFC 6761 §6.3.
    return answer_of({*parse_ip_address("127.0.0.1"), *parse_ip_address("::1")}, family, name);
  }
  const auto found = kept.find(key);
  if (found == kept.end() || found->second.until <= clock.now()) return std::nullopt;
  return found->second.answer;
}

void Resolver::resolve(const std::string& name, AddressFamily family, Done done) {
  Impl& impl = *impl_;
  impl.look_at_files();
  const Key key(to_lower(name), family);
  if (const auto answer = impl.known_answer(key)) return done(*answer);
  const auto [lookup, is_new] = impl.lookups.try_emplace(key);
  lookup->second.waiting.push_back(std::move(done));
  if (!is_new) return;
  lookup->second.asking_v6 = family == AddressFamily::V6;
  impl.ask_next(key);
}

void Resolver::Impl::ask_next(const Key& key) {
  const Lookup& lookup = lookups.at(key);
  servers.at(lookup.server)->ask(key.first, lookup.asking_v6, [this, key](const DnsAnswer& answer) {
    if (lookups.contains(key)) on_answer(key, answer);
  });
}

void Resolver::Impl::on_answer(const Key& key, const DnsAnswer& answer) {
  Lookup& lookup = lookups.at(key);
  if (answer.status == DnsStatus::Found) {
    const Seconds keep = std::clamp(answer.ttl, kKeepMin, kKeepMax);
    return finish(key, {NameStatus::Found, answer.addresses, {}}, keep);
  }
  const bool says_nothing =
      answer.status == DnsStatus::Failed || answer.status == DnsStatus::TimedOut;
  if (answer.status == DnsStatus::NoAddress && key.second == AddressFamily::V4ThenV6 &&
      !lookup.asking_v6) {
    lookup.asking_v6 = true;
    return ask_next(key);
  }
  lookup.evidence += (lookup.evidence.empty() ? "" : "; ") + answer.evidence;
  if (says_nothing && lookup.server + 1 < servers.size()) {
    ++lookup.server;
    return ask_next(key);
  }
  finish(key, {status_of(answer.status), {}, lookup.evidence}, kKeepFailure);
}

void Resolver::Impl::finish(const Key& key, const NameAnswer& answer, Seconds keep) {
  const auto node = lookups.extract(key);
  kept[key] = {answer, clock.now() + keep};
  sweep();
  for (const Done& done : node.mapped().waiting) done(answer);
}

void Resolver::Impl::sweep() {
  if (kept.size() < sweep_at) return;
  const Instant now = clock.now();
  std::erase_if(kept, [&](const auto& entry) { return entry.second.until <= now; });
  sweep_at = std::max(kSweepFrom, kept.size() * 2);
}

}  // namespace lw::io
