// SPDX-License-Identifier: Apache-2.0
#include "io/reverse_names.h"

#include <algorithm>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/rate_budget.h"
#include "io/name_files.h"
#include "io/name_lookup.h"
#include "io/watched_file.h"

namespace lw::io {
namespace {

constexpr Seconds kLookAtFileEvery{1};
constexpr Seconds kNameForMin{60};  ///< A TTL of 0 must not make each trace a question.
constexpr Seconds kNameForMax{600};
constexpr Seconds kNoNameFor{300};
constexpr Seconds kFailureFor{60};
constexpr Seconds kAsksSavedUp{2};

/// Link-local addresses (RFC 4291 §2.5.6, RFC 3927) mean something on one link only, loopback ones
/// (RFC 4291 §2.5.3, RFC 1122 §3.2.1.3) on one host: no name server can know which.
bool is_local(const IpAddress& address) {
  const auto& bytes = address.bytes;
  if (!address.is_v6) return bytes[0] == 127 || (bytes[0] == 169 && bytes[1] == 254);
  return (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) || address == *parse_ip_address("::1");
}

/// The next server may know better, unless this one has said what there is.
bool is_final(DnsStatus status) {
  return status == DnsStatus::Found || status == DnsStatus::NotFound ||
         status == DnsStatus::NoAddress;
}

bool is_silence(DnsStatus status) {
  return status == DnsStatus::TimedOut || status == DnsStatus::NobodyThere;
}

}  // namespace

struct ReverseNames::Impl {
  Impl(Loop& on, const Clock& by, ReverseNamesOptions with)
      : loop(on), clock(by), options(std::move(with)) {}

  struct Known {
    IpAddress address;
    std::string name;  ///< empty: it has none
    Instant ask_again{};
  };
  /// One lookup: the servers in turn, until one decides.
  struct Lookup {
    IpAddress address;
    std::vector<std::size_t> order;
    std::size_t position = 0;
  };

  Loop& loop;
  const Clock& clock;
  const ReverseNamesOptions options;
  RateBudget budget{options.asks_per_second, kAsksSavedUp};
  WatchedFile resolv_conf{options.resolv_conf};
  Instant look_at_file_again{};
  std::shared_ptr<NameServers> servers;
  std::list<Known> by_use;  ///< the latest first
  std::unordered_map<IpAddress, std::list<Known>::iterator> known;
  std::unordered_map<IpAddress, std::shared_ptr<Lookup>> lookups;
  std::vector<std::function<void()>> idle_handlers;

  void look_at_file();
  Known* use(const IpAddress& address);
  void remember(const IpAddress& address, std::optional<std::string> name, Seconds good_for);
  void look_up(const IpAddress& address);
  void begin(const IpAddress& address);
  void ask_next(const std::shared_ptr<Lookup>& lookup);
  void on_answer(const std::shared_ptr<Lookup>& lookup, const DnsAnswer& answer);
  void finish(const IpAddress& address, const DnsAnswer& answer);
};

ReverseNames::ReverseNames(Loop& loop, const Clock& clock, ReverseNamesOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(options))) {}
ReverseNames::~ReverseNames() = default;

void ReverseNames::Impl::look_at_file() {
  const Instant now = clock.now();
  if (now < look_at_file_again) return;
  look_at_file_again = now + kLookAtFileEvery;
  const auto text = resolv_conf.read_if_changed();
  if (!text) return;
  const ResolvConf conf = parse_resolv_conf(*text);
  servers = std::make_shared<NameServers>(clock);
  const Milliseconds timeout = server_timeout(conf, options.server_timeout);
  for (const std::string& address : options.servers.empty() ? conf.servers : options.servers) {
    servers->add(std::make_shared<DnsServer>(loop, DnsServer::Options{address, timeout}));
  }
  // Lookups under way asked servers that are gone now.
  for (auto& [address, lookup] : lookups) begin(address);
}

ReverseNames::Impl::Known* ReverseNames::Impl::use(const IpAddress& address) {
  const auto found = known.find(address);
  if (found == known.end()) return nullptr;
  by_use.splice(by_use.begin(), by_use, found->second);
  return &by_use.front();
}

void ReverseNames::Impl::remember(const IpAddress& address, std::optional<std::string> name,
                                  Seconds good_for) {
  Known* entry = use(address);
  if (entry == nullptr) {
    by_use.push_front({address, {}, {}});
    known[address] = by_use.begin();
    entry = &by_use.front();
  }
  if (name) entry->name = std::move(*name);
  entry->ask_again = clock.now() + good_for;
  if (known.size() <= options.names_max) return;
  known.erase(by_use.back().address);
  by_use.pop_back();
}

void ReverseNames::Impl::look_up(const IpAddress& address) {
  if (lookups.contains(address) || lookups.size() >= options.asking_max) return;
  if (budget.spend(clock.now())) begin(address);
}

/// Begins a lookup, or begins it anew. Answers to one before find it gone.
void ReverseNames::Impl::begin(const IpAddress& address) {
  auto lookup = std::make_shared<Lookup>(Lookup{address, servers->order(), 0});
  lookups[address] = lookup;
  ask_next(lookup);
}

void ReverseNames::Impl::ask_next(const std::shared_ptr<Lookup>& lookup) {
  // The map owns the lookup and this object the map, so a lookup that is there has both.
  servers->at(lookup->order.at(lookup->position))
      .ask_pointer(lookup->address, [this, weak = std::weak_ptr(lookup)](const DnsAnswer& answer) {
        if (const auto self = weak.lock()) on_answer(self, answer);
      });
}

void ReverseNames::Impl::on_answer(const std::shared_ptr<Lookup>& lookup, const DnsAnswer& answer) {
  const std::size_t server = lookup->order.at(lookup->position);
  is_silence(answer.status) ? servers->was_silent(server) : servers->has_answered(server);
  if (is_final(answer.status) || ++lookup->position >= lookup->order.size()) {
    finish(lookup->address, answer);
  } else {
    ask_next(lookup);
  }
}

void ReverseNames::Impl::finish(const IpAddress& address, const DnsAnswer& answer) {
  if (answer.status == DnsStatus::Found) {
    remember(address, answer.name, std::clamp(answer.ttl, kNameForMin, kNameForMax));
  } else if (is_final(answer.status)) {
    remember(address, std::string(), kNoNameFor);
  } else {
    remember(address, std::nullopt, kFailureFor);
  }
  lookups.erase(address);
  if (!lookups.empty()) return;
  // A handler may destroy this object, so they are taken out first.
  const auto handlers = std::exchange(idle_handlers, {});
  for (const auto& handler : handlers) handler();
}

std::optional<std::string> ReverseNames::find(const IpAddress& address) {
  if (is_local(address)) return std::nullopt;
  impl_->look_at_file();
  const Impl::Known* const known = impl_->use(address);
  if (known == nullptr || known->ask_again <= impl_->clock.now()) impl_->look_up(address);
  if (known == nullptr || known->name.empty()) return std::nullopt;
  return known->name;
}

std::size_t ReverseNames::asking() const { return impl_->lookups.size(); }

void ReverseNames::when_idle(std::function<void()> done) {
  if (impl_->lookups.empty()) return done();
  impl_->idle_handlers.push_back(std::move(done));
}

}  // namespace lw::io
