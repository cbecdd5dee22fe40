// SPDX-License-Identifier: Apache-2.0
// Service Endpoint Monitor: web tests and network tests of services.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "migrate/npm_parts.h"
#include "migrate/target.h"
#include "model/limits.h"
#include "model/status_codes.h"

namespace lw::migrate {
namespace {

/// What tells the configurations of one rule apart.
struct Variant {
  std::string protocol;  ///< of the wire, in lower case
  std::uint16_t port = 0;
  Seconds frequency{0};
  std::string path;
  auto operator<=>(const Variant&) const = default;
};

std::vector<StatusCodeRange> read_status_codes(const Value& rule, const std::string& path,
                                               Report& report) {
  std::vector<StatusCodeRange> ranges;
  for (const Value& item : items_of(rule.find("ValidStatusCodeRanges"))) {
    if (const auto range = parse_status_codes(text_of(item))) {
      ranges.push_back(*range);
    } else {
      report.loss(item.location(), path,
                  fmt::format("{} is no range of status codes", quoted(text_of(item))));
    }
  }
  return ranges;
}

class ServiceRule {
 public:
  ServiceRule(const Value& rule, NpmContext& context)
      : rule_(rule),
        context_(context),
        name_(rule.text("Name", "unnamed")),
        identity_(rule.text("ID") + "\n" + name_),
        path_("EPM rule " + name_) {}

  void read(const std::vector<Endpoint>& sources, std::vector<Batch>& batches) {
    if (!rule_.text("CMResourceId").empty()) {
      context_.report.note(rule_.location(), path_,
                           "it belongs to a connection monitor already, which may come by "
                           "`linewatch migrate classic` as well");
    }
    std::map<Variant, std::size_t> batch_of;
    for (const Value& item : items_of(rule_.find("Endpoints"))) {
      const auto target = read_target(item);
      if (!target) continue;
      const Variant variant = variant_of(item, *target);
      const auto [found, is_new] = batch_of.emplace(variant, batches.size());
      if (is_new) {
        auto batch = make_batch(variant, batch_of.size(), sources);
        if (!batch) return;
        batches.push_back(std::move(*batch));
      }
      add_destination(item, *target, batches[found->second]);
    }
  }

 private:
  std::optional<Target> read_target(const Value& item) {
    auto target = parse_target(item.text("DestAddress"));
    if (target) return std::move(*target);
    context_.report.loss(item.location(), path_, target.error().message);
    return std::nullopt;
  }

  Variant variant_of(const Value& item, const Target& target) {
    Variant variant;
    variant.protocol = to_lower(item.text("TestProtocol"));
    variant.path = target.path;
    const Value* const port = item.find("DestPort");
    const auto number = port == nullptr ? std::nullopt : number_of(*port);
    if (number && *number >= 1 && *number <= 65'535) {
      variant.port = static_cast<std::uint16_t>(*number);
    } else if (target.port) {
      variant.port = *target.port;
    }
    const Value* const interval = item.find("MonitoringInterval");
    const double minutes = interval == nullptr ? 0 : number_of(*interval).value_or(0);
    const double longest = static_cast<double>(limits::kFrequencyMax.count());
    if (minutes * 60 > longest) {
      context_.report.loss(item.location(), path_,
                           fmt::format("an interval of {} minutes is longer than the longest, {} s",
                                       minutes, limits::kFrequencyMax.count()));
    }
    variant.frequency =
        minutes > 0 ? Seconds(static_cast<std::int64_t>(std::clamp(minutes * 60, 1.0, longest)))
                    : limits::kFrequencyDefault;
    return variant;
  }

  bool is_asked(const char* key) const {
    const Value* const value = rule_.find(key);
    return value == nullptr || flag_of(*value).value_or(true);
  }

  std::optional<Batch> make_batch(const Variant& variant, std::size_t number,
                                  const std::vector<Endpoint>& sources) {
    Batch batch;
    const std::string identity = fmt::format("{}\n{}", identity_, number);
    batch.group = context_.names.groups.of(name_, identity);
    batch.sources = sources;
    const bool is_web = variant.protocol == "http" || variant.protocol == "https";
    if (is_asked("NetTests")) add_network_test(variant, identity, batch);
    if (is_web && is_asked("AppTests")) add_web_test(variant, identity, batch);
    if (!batch.configurations.empty()) return batch;
    context_.report.loss(rule_.location(), path_,
                         fmt::format("protocol {} with these settings makes no test that linewatch "
                                     "has",
                                     quoted(variant.protocol)));
    return std::nullopt;
  }

  void add(TestConfiguration configuration, const Variant& variant, Batch& batch) {
    configuration.frequency = variant.frequency;
    const std::string fault = test_fault(address_endpoint("d", "192.0.2.1"), configuration);
    if (fault.empty()) {
      batch.configurations.push_back(std::move(configuration));
    } else {
      context_.report.loss(rule_.location(), path_, fault);
    }
  }

  void add_network_test(const Variant& variant, const std::string& identity, Batch& batch) {
    TestConfiguration configuration;
    configuration.name = context_.names.configurations.of("TC_" + name_, identity);
    if (variant.protocol != "icmp") {
      configuration.protocol = TcpConfiguration{.port = variant.port};
    }
    configuration.threshold = read_npm_threshold(rule_.find("NetworkThreshold"));
    add(std::move(configuration), variant, batch);
  }

  void add_web_test(const Variant& variant, const std::string& identity, Batch& batch) {
    TestConfiguration configuration;
    configuration.name =
        context_.names.configurations.of("TC_" + name_ + "_AppThresholds", identity + "\napp");
    Target target{.scheme = variant.protocol, .host = "h", .port = {}, .path = variant.path};
    if (variant.port != 0) target.port = variant.port;
    HttpConfiguration wanted;
    wanted.valid_status_codes = read_status_codes(rule_, path_, context_.report);
    const Value* const redirect = rule_.find("Redirect");
    if (redirect != nullptr && flag_of(*redirect) == true) {
      wanted.redirects_max = limits::kRedirectsMax;
    }
    const auto http = with_target(std::move(wanted), target);
    if (!http) {
      context_.report.loss(rule_.location(), path_,
                           fmt::format("{} on port {} cannot be said; its web test is left out",
                                       variant.protocol, variant.port));
      return;
    }
    configuration.protocol = *http;
    configuration.threshold = read_npm_threshold(rule_.find("AppThreshold"));
    add(std::move(configuration), variant, batch);
  }

  void add_destination(const Value& item, const Target& target, Batch& batch) {
    if (batch.configurations.empty()) return;
    const std::string wanted = item.text("Name", target.host);
    Endpoint endpoint =
        address_endpoint(context_.names.endpoints.of(wanted, target.host), target.host);
    const std::string fault = test_fault(endpoint, batch.configurations.front());
    if (!fault.empty()) {
      context_.report.loss(item.location(), path_, fault);
      return;
    }
    const bool is_there = std::ranges::find(batch.destinations, endpoint.name, &Endpoint::name) !=
                          batch.destinations.end();
    if (!is_there) batch.destinations.push_back(std::move(endpoint));
  }

  const Value& rule_;
  NpmContext& context_;
  std::string name_, identity_, path_;
};

/// The machines that run the tests: the file is made for one of them but does not name it.
std::vector<Endpoint> service_sources(const Value& at, NpmContext& context) {
  const NpmWorkspace& workspace = context.workspace;
  std::vector<Endpoint> sources;
  for (const std::string& machine : context.options.sources) {
    Endpoint source = address_endpoint(
        context.names.endpoints.of(workspace.name + "_endpoint_" + machine, "source " + machine),
        machine);
    source.type = EndpointType::MMAWorkspaceMachine;
    source.resource_id = workspace.resource_id;
    if (source.resource_id.empty()) {
      source.type = EndpointType::Agent;
      source.agent = std::exchange(source.address, {});
    }
    sources.push_back(std::move(source));
  }
  if (!sources.empty()) return sources;
  if (workspace.resource_id.empty()) {
    context.report.note(at.location(), "EPM",
                        "the file names neither machine nor workspace; the agent `local` runs the "
                        "tests unless --source names others");
    Endpoint local;
    local.name = context.names.endpoints.of(kDefaultSource, "source");
    local.type = EndpointType::Agent;
    local.agent = kDefaultSource;
    return {local};
  }
  context.report.note(at.location(), "EPM",
                      "the file does not name the machine it was made for; all agents of the "
                      "workspace run the tests unless --source names some");
  Endpoint all;
  all.name = context.names.endpoints.of(workspace.name + "_endpoint", "source");
  all.type = EndpointType::MMAWorkspaceNetwork;
  all.resource_id = workspace.resource_id;
  all.coverage = CoverageLevel::Full;
  return {all};
}

}  // namespace

void read_npm_services(const Value& configuration, NpmContext& context,
                       std::vector<Batch>& batches) {
  const Value* const services = configuration.find("EPM");
  const std::vector<Value> rules =
      items_of(services == nullptr ? nullptr : services->find("Rules"));
  if (rules.empty()) return;
  const std::vector<Endpoint> sources = service_sources(*services, context);
  std::size_t targets = 0;
  for (const Value& rule : rules) {
    targets += items_of(rule.find("Endpoints")).size();
    if (targets > kTargetsMax) {
      context.report.loss(rule.location(), "EPM",
                          fmt::format("what follows after {} targets is left out", kTargetsMax));
      return;
    }
    ServiceRule(rule, context).read(sources, batches);
  }
}

}  // namespace lw::migrate
