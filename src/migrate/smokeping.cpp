// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "migrate/assemble.h"
#include "migrate/names.h"
#include "migrate/settings.h"
#include "migrate/smokeping_parts.h"
#include "model/codec.h"

namespace lw::migrate {
namespace {

/// What a section says to its readers and not to the probe; and what is about how SmokePing runs
/// its probes.
constexpr std::array<std::string_view, 16> kWithoutMeaning{
    "menu",   "title",  "remark",       "menuextra", "hide",   "parents", "host",
    "probe",  "slaves", "nomasterpoll", "email",     "rawlog", "offset",  "concurrentprobes",
    "binary", "forks"};

/// What the probes' readers ask for, or would.
constexpr std::array<std::string_view, 31> kOfProbes{"step",
                                                     "pings",
                                                     "timeout",
                                                     "packetsize",
                                                     "tos",
                                                     "sourceaddress",
                                                     "interface",
                                                     "protocol",
                                                     "port",
                                                     "url",
                                                     "urlformat",
                                                     "agent",
                                                     "extraargs",
                                                     "extrare",
                                                     "expect",
                                                     "insecure_ssl",
                                                     "follow_redirects",
                                                     "lookup",
                                                     "server",
                                                     "recordtype",
                                                     "hostinterval",
                                                     "mininterval",
                                                     "blazemode",
                                                     "usestdout",
                                                     "ssl2",
                                                     "require_zero_status",
                                                     "include_redirects",
                                                     "require_noerror",
                                                     "authoritative",
                                                     "keytype",
                                                     "username"};

/// So that a monitor has room for destinations.
constexpr std::size_t kSlavesMax = 50;

template <class List>
bool holds(const List& list, std::string_view key) {
  return std::ranges::find(list, key) != list.end();
}

class TargetsReader {
 public:
  TargetsReader(const std::vector<SmokePingSection>& sections, std::vector<Endpoint> sources,
                Report& report)
      : sections_(sections), settings_(sections), sources_(std::move(sources)), report_(report) {
    for (const Endpoint& source : sources_) endpoints_.of(source.name, "source " + source.name);
  }

  void read(std::size_t section) {
    report_lost_settings(section);
    if (const SmokePingSetting* const host = sections_[section].find("host")) {
      read_target(section, *host);
    }
  }

  [[nodiscard]] const std::vector<Batch>& batches() const { return batches_; }

 private:
  /// "Europe.Berlin"; empty for Targets itself.
  [[nodiscard]] std::string menu_path(std::size_t section) const {
    std::vector<std::string> names;
    for (std::size_t at = section; sections_[at].parent; at = *sections_[at].parent) {
      names.push_back(sections_[at].name);
    }
    std::ranges::reverse(names);
    return join(names, ".");
  }

  [[nodiscard]] std::string path_of(std::size_t section) const {
    return sections_[section].parent ? "target " + menu_path(section) : "Targets";
  }

  void report_lost_settings(std::size_t section) {
    for (const SmokePingSetting& setting : sections_[section].settings) {
      const Location at{setting.line, 1};
      if (setting.key == "alerts" || setting.key == "alertee") {
        report_.loss(at, path_of(section),
                     fmt::format("{} is not carried over; set successThreshold in the test "
                                 "configuration",
                                 setting.key));
      } else if (!holds(kWithoutMeaning, setting.key) && !holds(kOfProbes, setting.key)) {
        report_.loss(at, path_of(section),
                     fmt::format("{} is not known here and was passed over", quoted(setting.key)));
      }
    }
  }

  void read_target(std::size_t section, const SmokePingSetting& host) {
    const std::string path = path_of(section);
    if (host.value.starts_with('/')) {
      report_.note({host.line, 1}, path, "it shows other targets and tests nothing by itself");
      return;
    }
    if (host.value == "DYNAMIC") {
      report_.loss({host.line, 1}, path, "a host that says its address by itself (DYNAMIC)");
      return;
    }
    if (++targets_ > kTargetsMax) {
      if (targets_ == kTargetsMax + 1) {
        report_.loss({host.line, 1}, path,
                     fmt::format("what follows after {} targets is left out", kTargetsMax));
      }
      return;
    }
    const auto test = read_smokeping_test(settings_, section, path, host, report_);
    if (!test) return;
    Endpoint endpoint = endpoint_for(section, test->address);
    TestConfiguration named = test->configuration;
    named.name = "c";
    if (const std::string fault = test_fault(endpoint, named); !fault.empty()) {
      report_.loss({host.line, 1}, path, fault);
      return;
    }
    add(section, std::move(endpoint), test->configuration);
  }

  /// Named as the section; with all sections above it where that name is taken by another address.
  Endpoint endpoint_for(std::size_t section, const std::string& address) {
    const std::string wanted =
        sections_[section].parent ? sections_[section].name : std::string(address);
    const auto [known, is_new] = address_of_.emplace(to_lower(wanted), address);
    const bool is_other = !is_new && known->second != address;
    return address_endpoint(endpoints_.of(is_other ? menu_path(section) : wanted, address),
                            address);
  }

  void add(std::size_t section, Endpoint endpoint, const TestConfiguration& configuration) {
    const std::vector<Endpoint> sources = sources_of(section);
    if (sources.empty()) return;
    std::string identity;
    for (const Endpoint& source : sources) identity += source.name + "\n";
    const std::string probe = settings_.in_force(section, "probe")->value;
    const TestConfiguration named = named_configuration(probe, configuration);
    const auto parent = sections_[section].parent;
    const std::string above = parent ? menu_path(*parent) : std::string();
    identity += named.name + "\n" + above;
    const auto [found, is_new] = batch_of_.emplace(identity, batches_.size());
    if (is_new) {
      batches_.push_back({.group = groups_.of(above.empty() ? "Targets" : above, identity),
                          .sources = sources,
                          .destinations = {},
                          .configurations = {named}});
    }
    Batch& batch = batches_[found->second];
    if (destinations_.emplace(found->second, endpoint.name).second) {
      batch.destinations.push_back(std::move(endpoint));
    }
  }

  TestConfiguration named_configuration(const std::string& probe, TestConfiguration configuration) {
    ConnectionMonitor holder;
    configuration.name.clear();
    holder.test_configurations = {configuration};
    configuration.name = configurations_.of(probe, to_json(to_document(holder)));
    return configuration;
  }

  /// The master, unless nomasterpoll, and the slaves, which are agents of the same names here.
  std::vector<Endpoint> sources_of(std::size_t section) {
    const SmokePingSetting* const slaves = settings_.in_force(section, "slaves");
    const SmokePingSetting* const no_master = settings_.in_force(section, "nomasterpoll");
    const bool is_without_master = no_master != nullptr && flag_of(Value(no_master->value)) == true;
    std::vector<Endpoint> sources = is_without_master ? std::vector<Endpoint>{} : sources_;
    if (slaves != nullptr) {
      for (const Endpoint& slave : slaves_of(*slaves)) {
        const bool is_there =
            std::ranges::find(sources, slave.name, &Endpoint::name) != sources.end();
        if (!is_there) sources.push_back(slave);
      }
    }
    if (sources.empty()) {
      report_.loss({no_master != nullptr ? no_master->line : 0, 1}, path_of(section),
                   "neither the master nor a slave tests it (nomasterpoll)");
    }
    return sources;
  }

  const std::vector<Endpoint>& slaves_of(const SmokePingSetting& setting) {
    const auto [known, is_new] = slaves_.emplace(setting.line, std::vector<Endpoint>{});
    if (!is_new) return known->second;
    for (const std::string& word : split(setting.value, ' ')) {
      const std::string name(trim(word));
      if (!name.empty()) add_slave(name, setting.line, known->second);
    }
    return known->second;
  }

  void add_slave(const std::string& name, int line, std::vector<Endpoint>& slaves) {
    const auto agent = agent_sources({name});
    if (!agent || slaves.size() >= kSlavesMax) {
      report_.loss({line, 1}, "slaves", fmt::format("{} cannot be a source", quoted(name)));
      return;
    }
    Endpoint source = agent->front();
    source.name = endpoints_.of(name, "source " + name);
    slaves.push_back(std::move(source));
    report_.note({line, 1}, "slaves",
                 fmt::format("slave {} becomes the agent of that name", quoted(name)));
  }

  const std::vector<SmokePingSection>& sections_;
  SmokePingSettings settings_;
  std::vector<Endpoint> sources_;
  Report& report_;
  std::size_t targets_ = 0;
  Names endpoints_, configurations_, groups_;
  std::map<std::string, std::string> address_of_;  ///< by the endpoint's name
  std::map<std::string, std::size_t> batch_of_;
  std::set<std::pair<std::size_t, std::string>> destinations_;  ///< batch, endpoint
  std::map<int, std::vector<Endpoint>> slaves_;                 ///< by line
  std::vector<Batch> batches_;
};

void report_alerts(const SmokePingSection& section, Report& report) {
  if (section.find("pattern") == nullptr) return;
  report.loss({section.line, 1}, "alert " + section.name,
              "alerts by patterns are not carried over; set successThreshold in the test "
              "configuration");
}

}  // namespace

SmokePingSettings::SmokePingSettings(const std::vector<SmokePingSection>& sections)
    : sections_(sections) {
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::string& top = sections[top_of(sections, i)].name;
    if (top == "Probes" && sections[i].parent) probes_[sections[i].name] = i;
    if (top == "Database" && !sections[i].parent) database_ = i;
  }
}

const SmokePingSetting* SmokePingSettings::in_force(std::size_t section,
                                                    std::string_view key) const {
  std::optional<std::size_t> at = section;
  while (at) {
    if (const SmokePingSetting* const own = sections_[*at].find(key)) return own;
    at = sections_[*at].parent;
  }
  return nullptr;
}

const SmokePingSetting* SmokePingSettings::of_probe(std::size_t section, const std::string& probe,
                                                    std::string_view key) const {
  if (const SmokePingSetting* const own = in_force(section, key)) return own;
  const auto found = probes_.find(probe);
  return found == probes_.end() ? nullptr : in_force(found->second, key);
}

std::string SmokePingSettings::kind_of(const std::string& probe) const {
  const auto found = probes_.find(probe);
  if (found == probes_.end()) return probe;
  std::size_t at = found->second;
  // Below *** Probes *** stands the kind, and below that its instances.
  while (sections_[at].parent && sections_[*sections_[at].parent].parent) {
    at = *sections_[at].parent;
  }
  return sections_[at].name;
}

const SmokePingSetting* SmokePingSettings::of_database(std::string_view key) const {
  return database_ ? sections_[*database_].find(key) : nullptr;
}

Result<Migration> migrate_smokeping(std::string_view text, const Options& options) {
  Report report(options.file);
  auto sections = parse_smokeping(text, report);
  if (!sections) return std::unexpected(sections.error().during(options.file));
  std::vector<Endpoint> sources = TRY(agent_sources(options.sources));
  TargetsReader targets(*sections, std::move(sources), report);
  bool has_targets = false;
  for (std::size_t i = 0; i < sections->size(); ++i) {
    const std::string& top = (*sections)[top_of(*sections, i)].name;
    if (top == "Alerts") report_alerts((*sections)[i], report);
    if (top != "Targets") continue;
    has_targets = true;
    targets.read(i);
  }
  if (!has_targets) {
    return fail(ErrorCode::InvalidInput, options.file + ": it has no `*** Targets ***`");
  }
  const std::string name = options.name.empty() ? "smokeping" : options.name;
  std::vector<ConnectionMonitor> monitors = assemble(name, targets.batches(), report);
  return Migration{std::move(monitors), report.take()};
}

}  // namespace lw::migrate
