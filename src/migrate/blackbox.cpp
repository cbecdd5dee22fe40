// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "migrate/assemble.h"
#include "migrate/blackbox_parts.h"
#include "migrate/names.h"
#include "migrate/target.h"
#include "model/codec.h"
#include "model/limits.h"

namespace lw::migrate {
namespace {

/// Test groups in the order of their first target.
class Groups {
 public:
  Groups(std::vector<Endpoint> sources, std::string_view file, Report& report)
      : sources_(std::move(sources)), file_(file), report_(report) {
    for (const Endpoint& source : sources_) endpoints_.of(source.name, "source " + source.name);
  }

  void add(const BlackboxTarget& asked, const BlackboxModule& module) {
    const std::string path = "target " + asked.target;
    auto target = parse_target(asked.target);
    if (!target) return report_.loss_in(file_, asked.at, path, target.error().message);
    auto configuration = configuration_for(asked, module, *target);
    if (!configuration) return;
    Endpoint endpoint =
        address_endpoint(endpoints_.of(target->host, "address " + target->host), target->host);
    if (const std::string fault = test_fault(endpoint, *configuration); !fault.empty()) {
      return report_.loss_in(file_, asked.at, path, fault);
    }
    Batch& batch = batch_for(module.name, std::move(*configuration));
    if (destinations_.emplace(batch.group, endpoint.name).second) {
      batch.destinations.push_back(std::move(endpoint));
    }
  }

  [[nodiscard]] const std::vector<Batch>& batches() const { return batches_; }

 private:
  std::optional<TestConfiguration> configuration_for(const BlackboxTarget& asked,
                                                     const BlackboxModule& module, Target target) {
    const std::string path = "target " + asked.target;
    TestConfiguration configuration = module.configuration;
    configuration.name = valid_name(module.name);  // Until it has its own.
    configuration.frequency = asked.frequency;
    if (module.timeout) {
      configuration.check_timeout =
          std::clamp(*module.timeout, limits::kCheckTimeoutMin, configuration.check_timeout_max());
    }
    if (const auto* http = std::get_if<HttpConfiguration>(&configuration.protocol)) {
      if (target.scheme.empty()) target.scheme = "http";
      const auto wanted = with_target(*http, target);
      if (!wanted) {
        report_.loss_in(
            file_, asked.at, path,
            fmt::format("{} on port {} cannot be said", target.scheme, target.port.value_or(0)));
        return std::nullopt;
      }
      configuration.protocol = *wanted;
    } else if (auto* tcp = std::get_if<TcpConfiguration>(&configuration.protocol)) {
      tcp->port = target.port.value_or(0);
    }
    return configuration;
  }

  Batch& batch_for(const std::string& module, TestConfiguration configuration) {
    configuration.name.clear();
    ConnectionMonitor holder;
    holder.test_configurations = {configuration};
    const std::string identity = module + "\n" + to_json(to_document(holder));
    const auto [found, is_new] = by_identity_.emplace(identity, batches_.size());
    if (is_new) {
      configuration.name = configurations_.of(module, identity);
      batches_.push_back({.group = configuration.name,
                          .sources = sources_,
                          .destinations = {},
                          .configurations = {configuration}});
    }
    return batches_[found->second];
  }

  std::vector<Endpoint> sources_;
  std::string file_;
  Report& report_;
  Names endpoints_, configurations_;
  std::vector<Batch> batches_;
  std::map<std::string, std::size_t> by_identity_;
  std::set<std::pair<std::string, std::string>> destinations_;  ///< group, endpoint
};

/// The module that a target names, or the only one if it names none.
const BlackboxModule* find_module(const std::vector<BlackboxModule>& modules,
                                  const std::string& name) {
  if (name.empty()) return modules.size() == 1 ? &modules.front() : nullptr;
  const auto found = std::ranges::find(modules, name, &BlackboxModule::name);
  return found == modules.end() ? nullptr : &*found;
}

}  // namespace

Result<Migration> migrate_blackbox(std::string_view text, std::string_view targets,
                                   std::string_view targets_file, const Options& options) {
  const Value document = TRY(parse_document(text, options.file));
  const Value* const list = document.find("modules");
  if (list == nullptr || !list->is_object() || list->as_object().empty()) {
    return fail(
        ErrorCode::InvalidInput,
        options.file + ": it is no configuration of blackbox_exporter; it has no `modules`");
  }
  const std::vector<Endpoint> sources = TRY(agent_sources(options.sources));
  Report report(options.file);
  const std::vector<BlackboxModule> modules = read_blackbox_modules(*list, report);
  Groups groups(sources, targets_file, report);
  std::set<std::string> used;
  const std::vector<BlackboxTarget> wanted =
      TRY(read_blackbox_targets(targets, targets_file, report));
  for (const BlackboxTarget& asked : wanted) {
    const BlackboxModule* const module = find_module(modules, asked.module);
    if (module == nullptr) {
      report.loss_in(targets_file, asked.at, "target " + asked.target,
                     asked.module.empty()
                         ? "it names no module, and there are several"
                         : fmt::format("there is no module {}", quoted(asked.module)));
      continue;
    }
    used.insert(module->name);
    if (module->is_usable) {
      groups.add(asked, *module);
    } else {
      report.loss_in(targets_file, asked.at, "target " + asked.target,
                     fmt::format("its module {} is not carried over", quoted(module->name)));
    }
  }
  for (const BlackboxModule& module : modules) {
    if (!used.contains(module.name)) {
      report.note(module.at, "module " + module.name, "no target uses it, so it makes no test");
    }
  }
  const std::string name = options.name.empty() ? "blackbox" : options.name;
  std::vector<ConnectionMonitor> monitors = assemble(name, groups.batches(), report);
  return Migration{std::move(monitors), report.take()};
}

}  // namespace lw::migrate
