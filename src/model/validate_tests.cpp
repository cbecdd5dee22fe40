// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "model/limits.h"
#include "model/validate_rules.h"

namespace lw {
namespace {

bool is_printable(std::string_view text, bool allow_blank) {
  return std::ranges::all_of(text, [allow_blank](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 ? byte != 0x7f : allow_blank && (c == ' ' || c == '\t');
  });
}

/// RFC 9110 §5.6.2: what a header's name may be made of.
bool is_token(std::string_view text) {
  constexpr std::string_view kAllowed =
      "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

void check_http(const HttpConfiguration& http, const std::string& path, Faults& faults) {
  const std::string http_path = path + ".httpConfiguration";
  if (!http.path.starts_with('/')) {
    faults.push_back({http_path + ".path",
                      fmt::format("the path `{}` must start with `/`; the host comes from the "
                                  "destination endpoint",
                                  http.path)});
  } else if (!is_printable(http.path, false)) {
    faults.push_back({http_path + ".path",
                      "the path contains a blank or control character; percent-encode it (%20)"});
  }
  if (http.method == HttpMethod::Head && !http.body_matches.empty()) {
    faults.push_back({path + ".linewatch.bodyMatches",
                      "an answer to Head has no body; use method Get, or remove bodyMatches"});
  }
  for (std::size_t i = 0; i < http.request_headers.size(); ++i) {
    const HttpHeader& header = http.request_headers[i];
    const std::string header_path = fmt::format("{}.requestHeaders[{}]", http_path, i);
    if (!is_token(header.name)) {
      faults.push_back({header_path + ".name",
                        "it is no header name; use letters, digits and `-`, without `:`"});
    }
    if (!is_printable(header.value, true)) {
      faults.push_back({header_path + ".value", "the value contains a line break; remove it"});
    }
  }
}

void check_timing(const TestConfiguration& configuration, const std::string& path, Faults& faults) {
  const bool is_in_range = configuration.frequency >= limits::kFrequencyMin &&
                           configuration.frequency <= limits::kFrequencyMax;
  if (!is_in_range) {
    faults.push_back(
        {path + ".testFrequencySec",
         fmt::format("{} s is out of range; use {} to {}", configuration.frequency.count(),
                     limits::kFrequencyMin.count(), limits::kFrequencyMax.count())});
    return;
  }
  const bool is_too_long = configuration.check_timeout &&
                           *configuration.check_timeout > configuration.check_timeout_max();
  if (!is_too_long) return;
  faults.push_back(
      {path + ".linewatch.checkTimeoutMs",
       fmt::format("{} ms do not fit into an interval of {} s; use at most {} or a "
                   "longer testFrequencySec",
                   configuration.check_timeout->count(), configuration.frequency.count(),
                   configuration.check_timeout_max().count())});
}

/// One of a group's three lists of names.
struct References {
  std::string path;
  const std::vector<std::string>& names;
  std::string_view noun;    ///< "endpoint"
  std::string_view plural;  ///< "sources"
  std::string_view home;    ///< where they are defined
};

void check_references(const TestGroup& group, const References& references,
                      const std::vector<std::string>& defined, Faults& faults) {
  const std::string label =
      group.name.empty() ? "the test group" : fmt::format("test group `{}`", group.name);
  if (references.names.empty()) {
    faults.push_back({references.path, fmt::format("{} has no {}; name at least one {}", label,
                                                   references.plural, references.noun)});
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < references.names.size(); ++i) {
    const std::string& name = references.names[i];
    const std::string path = fmt::format("{}[{}]", references.path, i);
    if (!seen.insert(name).second) {
      faults.push_back(
          {path, fmt::format("{} names {} `{}` twice; remove one", label, references.noun, name)});
      continue;
    }
    if (std::ranges::find(defined, name) != defined.end()) continue;
    const auto close = nearest(name, defined);
    const std::string advice =
        close ? fmt::format("did you mean `{}`?", *close)
              : fmt::format("define it under {} or fix the name", references.home);
    faults.push_back({path, fmt::format("{} names {} `{}`, which is not defined; {}", label,
                                        references.noun, name, advice)});
  }
}

void check_sources(const TestGroup& group, const std::string& path,
                   const std::vector<Endpoint>& endpoints, Faults& faults) {
  for (std::size_t i = 0; i < group.sources.size(); ++i) {
    const auto endpoint = std::ranges::find(endpoints, group.sources[i], &Endpoint::name);
    const bool has_agent =
        endpoint == endpoints.end() || endpoint->type != EndpointType::ExternalAddress;
    if (has_agent) continue;
    faults.push_back({fmt::format("{}.sources[{}]", path, i),
                      fmt::format("endpoint `{}` is an ExternalAddress: no agent runs there, so it "
                                  "cannot be a source; name an Agent or a machine, or move it to "
                                  "destinations",
                                  endpoint->name),
                      "MissingResourceIDInEndpoint"});
  }
}

template <class Part>
std::vector<std::string> names_of(const std::vector<Part>& parts) {
  std::vector<std::string> names;
  names.reserve(parts.size());
  for (const Part& part : parts) names.push_back(part.name);
  return names;
}

}  // namespace

void check_test_configurations(const std::vector<TestConfiguration>& configurations,
                               Faults& faults) {
  check_names("test configuration", "testConfigurations", names_of(configurations), faults);
  for (std::size_t i = 0; i < configurations.size(); ++i) {
    const std::string path = fmt::format("testConfigurations[{}]", i);
    check_timing(configurations[i], path, faults);
    const auto& protocol = configurations[i].protocol;
    if (const auto* http = std::get_if<HttpConfiguration>(&protocol))
      check_http(*http, path, faults);
    const auto* const tcp = std::get_if<TcpConfiguration>(&protocol);
    if (tcp == nullptr || tcp->port != 0) continue;
    faults.push_back(
        {path + ".tcpConfiguration.port",
         "a Tcp test needs a port from 1 to 65535; add `tcpConfiguration: {port: 443}`"});
  }
}

void check_test_groups(const ConnectionMonitor& monitor, Faults& faults) {
  if (monitor.test_groups.empty()) {
    faults.push_back(
        {"testGroups", "there are no test groups, so nothing would be watched; add one"});
  }
  check_names("test group", "testGroups", names_of(monitor.test_groups), faults);
  const std::vector<std::string> endpoints = names_of(monitor.endpoints);
  const std::vector<std::string> configurations = names_of(monitor.test_configurations);
  for (std::size_t i = 0; i < monitor.test_groups.size(); ++i) {
    const TestGroup& group = monitor.test_groups[i];
    const std::string path = fmt::format("testGroups[{}]", i);
    check_references(group, {path + ".sources", group.sources, "endpoint", "sources", "endpoints"},
                     endpoints, faults);
    check_references(
        group,
        {path + ".destinations", group.destinations, "endpoint", "destinations", "endpoints"},
        endpoints, faults);
    check_references(group,
                     {path + ".testConfigurations", group.test_configurations, "test configuration",
                      "test configurations", "testConfigurations"},
                     configurations, faults);
    check_sources(group, path, monitor.endpoints, faults);
  }
}

}  // namespace lw
