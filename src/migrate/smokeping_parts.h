// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrate/smokeping_file.h"
#include "migrate/target.h"
#include "model/test_configuration.h"

namespace lw::migrate {

// What migrate_smokeping is made of.

/// Reads settings as they hold in a section: its own, else inherited from the sections above.
class SmokePingSettings {
 public:
  /// The sections must outlive it.
  explicit SmokePingSettings(const std::vector<SmokePingSection>& sections);

  /// The setting in force in a section of Targets; null if there is none.
  [[nodiscard]] const SmokePingSetting* in_force(std::size_t section, std::string_view key) const;
  /// As above, with what the probe's own section in Probes says as the default.
  [[nodiscard]] const SmokePingSetting* of_probe(std::size_t section, const std::string& probe,
                                                 std::string_view key) const;
  /// The kind of a probe: "FPing" for a probe named so, and for sections below it in Probes.
  [[nodiscard]] std::string kind_of(const std::string& probe) const;
  /// `step` or `pings` of Database.
  [[nodiscard]] const SmokePingSetting* of_database(std::string_view key) const;

 private:
  const std::vector<SmokePingSection>& sections_;
  std::map<std::string, std::size_t, std::less<>> probes_;  ///< by name
  std::optional<std::size_t> database_;
};

/// How a target is tested: a configuration without name, and the address.
struct SmokePingTest {
  TestConfiguration configuration;
  std::string address;
};

/// The test of a section that has a host. Nothing if there is none like it, which is reported.
std::optional<SmokePingTest> read_smokeping_test(const SmokePingSettings& settings,
                                                 std::size_t section, const std::string& path,
                                                 const SmokePingSetting& host, Report& report);

}  // namespace lw::migrate
