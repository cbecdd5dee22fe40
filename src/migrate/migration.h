// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/connection_monitor.h"
#include "model/diagnostic.h"

/// Other products' configurations as connection monitors. Pure: text in, values out; nothing is
/// read, asked or resolved. Each reader carries over what it can and says, thing by thing, what it
/// could not (docs/migration.md). A monitor that it gives has passed every rule of model/codec.h.
namespace lw::migrate {

/// Something to know about a migration.
struct Remark {
  Diagnostic what;
  bool is_loss = true;  ///< Not carried over; else only worth knowing.
};

struct Migration {
  std::vector<ConnectionMonitor> monitors;
  std::vector<Remark> report;  ///< in the order of the file, where it has lines
};

/// What the file itself does not say.
struct Options {
  std::string file;                  ///< its name in the report
  std::string name = {};             ///< of the monitors; empty: what the format calls them
  std::vector<std::string> sources;  ///< agents by name; empty: see each reader
};

/// Where checks come from unless somebody says otherwise: the agent that `linewatch up` starts.
inline constexpr std::string_view kDefaultSource = "local";

/// A server keeps 10,000 destinations (100 monitors of 100); what is far beyond is left out.
inline constexpr std::size_t kTargetsMax = 20'000;

// Each fails with InvalidInput if the text is not of its format at all.

/// Classic connection monitors as Azure Resource Manager answers them (API versions up to
/// 2019-06-01): one resource, an array, or `{"value": […]}`. Also takes the flat form of `az`.
Result<Migration> migrate_classic(std::string_view text, const Options& options);

/// The configuration of a Network Performance Monitor agent, service endpoint tests included.
/// `sources` are the full names of the machines that ran the service endpoint tests; without any,
/// all machines of the workspace do.
Result<Migration> migrate_npm(std::string_view text, const Options& options);

/// A configuration of Prometheus's blackbox_exporter. `targets` is a Prometheus configuration whose
/// scrape jobs name its modules, or a list of files for file_sd, or lines of "MODULE TARGET";
/// `targets_file` is its name in the report.
Result<Migration> migrate_blackbox(std::string_view text, std::string_view targets,
                                   std::string_view targets_file, const Options& options);

/// SmokePing's configuration, or its Targets file alone. Slaves become sources of their name.
Result<Migration> migrate_smokeping(std::string_view text, const Options& options);

}  // namespace lw::migrate
