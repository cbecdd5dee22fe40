// SPDX-License-Identifier: Apache-2.0
// Runs tests/golden/migrate: KIND_NAME.input is migrated (with KIND_NAME.targets, if there is one),
// and KIND_NAME.expected holds the monitor file and the report. LW_RECORD=1 rewrites the
// expectations; read the diff.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/document.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/hash.h"
#include "migrate/export.h"
#include "migrate/migration.h"
#include "model/codec.h"

namespace lw::migrate {
namespace {

const std::string kFolder = LW_SOURCE_DIR "/tests/golden/migrate/";

Result<Migration> migrate_file(const std::string& name, const std::string& text) {
  const Options options{.file = name + ".input", .name = "", .sources = {}};
  if (name.starts_with("classic")) return migrate_classic(text, options);
  if (name.starts_with("npm")) return migrate_npm(text, options);
  if (name.starts_with("smokeping")) return migrate_smokeping(text, options);
  const auto targets = read_file(kFolder + name + ".targets");
  return migrate_blackbox(text, targets.value_or(""), name + ".targets", options);
}

std::string file_of(const Migration& migration) {
  Value file = Value::object();
  Value& list = file.set("connectionMonitors", Value::array());
  for (const ConnectionMonitor& monitor : migration.monitors) list.push(to_document(monitor));
  return to_yaml(file);
}

/// What comes out passes every rule and is read as what it was.
void expect_valid(const Migration& migration) {
  const auto document = parse_yaml(file_of(migration));
  ASSERT_TRUE(document) << document.error().message;
  const MonitorsRead read = read_monitor_file(*document, "migrated");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
  EXPECT_EQ(read.monitors, migration.monitors);
}

std::string outcome_of(const std::string& name, const std::string& text) {
  const auto migration = migrate_file(name, text);
  if (!migration) return "error: " + migration.error().message + "\n";
  expect_valid(*migration);
  std::string outcome = file_of(*migration) + "--- report\n";
  for (const Remark& remark : migration->report) {
    outcome += (remark.is_loss ? "" : "note: ") + to_string(remark.what) + "\n";
  }
  return outcome;
}

TEST(MigrateGolden, each_file_gives_the_monitors_and_the_report_expected) {
  const auto files = list_directory(kFolder);
  ASSERT_TRUE(files) << files.error().message;
  int count = 0;
  for (const std::string& file : *files) {
    if (!file.ends_with(".input")) continue;
    const std::string name = file.substr(0, file.size() - 6);
    SCOPED_TRACE(name);
    const std::string outcome = outcome_of(name, read_file(kFolder + file).value());
    ++count;
    if (environment_variable("LW_RECORD")) {
      ASSERT_TRUE(write_file_atomically(kFolder + name + ".expected", outcome, 0644));
      continue;
    }
    EXPECT_EQ(outcome, read_file(kFolder + name + ".expected").value_or(""));
  }
  EXPECT_GE(count, 10);
}

TEST(MigrateGolden, damaged_files_are_migrated_or_refused_and_what_comes_out_is_valid) {
  constexpr std::string_view kCharacters =
      "{}[]:,-\"'& \n*#!|+=@%\\/\0\xff"
      "a0";
  const auto files = list_directory(kFolder);
  ASSERT_TRUE(files);
  int migrated = 0;
  for (const std::string& file : *files) {
    if (!file.ends_with(".input")) continue;
    const std::string text = read_file(kFolder + file).value();
    for (int i = 0; i < 40; ++i) {
      std::string damaged = text;
      const std::uint64_t hash = stable_hash({fmt::format("{} {}", file, i)});
      damaged[hash % text.size()] = kCharacters[(hash >> 32U) % kCharacters.size()];
      const auto migration = migrate_file(file.substr(0, file.size() - 6), damaged);
      if (!migration) continue;
      expect_valid(*migration);
      ++migrated;
    }
  }
  EXPECT_GT(migrated, 100);
}

}  // namespace
}  // namespace lw::migrate
