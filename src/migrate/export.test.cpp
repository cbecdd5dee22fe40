// SPDX-License-Identifier: Apache-2.0
#include "migrate/export.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/document.h"
#include "base/environment.h"
#include "base/files.h"
#include "migrate/hcl.h"
#include "model/codec.h"

namespace lw::migrate {
namespace {

const std::string kExpected = LW_SOURCE_DIR "/tests/golden/migrate/";
const std::string kModels = LW_SOURCE_DIR "/tests/golden/model/";

/// Every monitor that the model's goldens read without fault.
std::vector<ConnectionMonitor> known_monitors() {
  std::vector<ConnectionMonitor> monitors;
  const std::vector<std::string> files = list_directory(kModels).value();
  for (const std::string& file : files) {
    if (!file.ends_with(".yaml") || file.starts_with("fault_")) continue;
    const auto document = parse_yaml(read_file(kModels + file).value());
    if (!document) continue;
    MonitorsRead read = read_monitor_file(*document, file);
    if (!read.faults.empty()) continue;
    std::ranges::move(read.monitors, std::back_inserter(monitors));
  }
  return monitors;
}

/// As Resource Manager's deployment engine takes a template's escaping away.
Value unescaped(const Value& value) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    return text.starts_with("[[") && text.ends_with(']') ? Value(text.substr(1)) : value;
  }
  if (value.is_array()) {
    Value list = Value::array();
    for (const Value& item : value.as_array()) list.push(unescaped(item));
    return list;
  }
  if (!value.is_object()) return value;
  Value object = Value::object();
  for (const auto& member : value.as_object()) object.set(member.key, unescaped(member.value));
  return object;
}

ConnectionMonitor monitor_with_everything() {
  const auto document = parse_yaml(read_file(kExpected + "export_everything.yaml").value()).value();
  MonitorsRead read = read_monitor_file(document, "export_everything.yaml");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
  return read.monitors.at(0);
}

TEST(Export, yaml_is_read_back_as_the_same_monitor) {
  std::vector<ConnectionMonitor> monitors = known_monitors();
  ASSERT_GT(monitors.size(), 10U);
  monitors.push_back(monitor_with_everything());
  for (const ConnectionMonitor& monitor : monitors) {
    const auto document = parse_yaml(export_yaml(monitor).text);
    ASSERT_TRUE(document) << document.error().message;
    const MonitorsRead read = read_monitor_file(*document, "exported");
    ASSERT_TRUE(read.faults.empty()) << to_string(read.faults.front());
    EXPECT_EQ(read.monitors.at(0), monitor);
  }
}

TEST(Export, an_arm_template_is_read_back_as_the_same_monitor) {
  std::vector<ConnectionMonitor> monitors = known_monitors();
  monitors.push_back(monitor_with_everything());
  for (ConnectionMonitor monitor : monitors) {
    const std::string text = export_arm(monitor, {.monitor = monitor.name}).text;
    const auto file = parse_json(text);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ(file->find("resources")->as_array().size(), 1U);
    Value resource = unescaped(file->find("resources")->as_array()[0]);
    EXPECT_EQ(resource.text("type"), "Microsoft.Network/networkWatchers/connectionMonitors");
    EXPECT_EQ(resource.text("name"), "NetworkWatcher_local/" + monitor.name);
    resource.set("name", monitor.name);
    const MonitorRead read = read_monitor_item(resource, "template", "");
    ASSERT_TRUE(read.faults.empty()) << to_string(read.faults.front());
    if (monitor.location.empty()) monitor.location = "local";  // A resource has to have one.
    EXPECT_EQ(read.monitor, monitor) << text;
  }
}

TEST(Export, text_in_brackets_is_no_expression_in_a_template) {
  ConnectionMonitor monitor = monitor_with_everything();
  monitor.notes = "[concat('a')]";
  const std::string text = export_arm(monitor, {.monitor = "m"}).text;
  EXPECT_NE(text.find("\"[[concat('a')]\""), std::string::npos) << text;
  monitor.notes = "[only the beginning";
  EXPECT_NE(export_arm(monitor, {.monitor = "m"}).text.find("\"[only the"), std::string::npos);
}

void expect_golden(const std::string& file, const std::string& text) {
  if (environment_variable("LW_RECORD")) {
    ASSERT_TRUE(write_file_atomically(kExpected + file, text, 0644));
    return;
  }
  EXPECT_EQ(text, read_file(kExpected + file).value_or(""));
}

TEST(Export, terraform_has_the_providers_arguments_and_comments_for_the_rest) {
  const Exported exported = export_terraform(monitor_with_everything(), {"Group", "Watcher", "m"},
                                             "00000000-0000-0000-0000-000000000001");
  expect_golden("export_everything.tf", exported.text);
  EXPECT_FALSE(exported.remarks.empty());
  for (const std::string& remark : exported.remarks) {
    EXPECT_NE(exported.text.find("# not in azurerm: " + remark), std::string::npos) << remark;
  }
}

TEST(Export, what_only_linewatch_has_is_told) {
  const auto remarks = export_arm(monitor_with_everything(), {.monitor = "m"}).remarks;
  const auto has = [&](const std::string& part) {
    return std::ranges::any_of(
        remarks, [&](const std::string& one) { return one.find(part) != std::string::npos; });
  };
  EXPECT_TRUE(has("type Agent is linewatch's own"));
  EXPECT_TRUE(has("testFrequencySec 10 is below Azure's 30"));
  EXPECT_TRUE(has("method Head"));
  EXPECT_TRUE(has("linewatch.checksPerRound = 5"));
}

TEST(Hcl, text_cannot_end_the_quotes_or_begin_a_template) {
  EXPECT_EQ(hcl_text("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(hcl_text("${x} %{y} $z"), R"("$${x} %%{y} $z")");
  EXPECT_EQ(hcl_text("a\nb\tc\x01"), R"("a\nb\tc\u0001")");
  EXPECT_EQ(hcl_identifier("my monitor.1"), "my_monitor_1");
  EXPECT_EQ(hcl_identifier("1st"), "_1st");
  EXPECT_EQ(hcl_identifier(""), "_");
  HclWriter writer;
  writer.comment("one\ntwo");
  EXPECT_EQ(writer.result(), "# one\\x0atwo\n");
}

}  // namespace
}  // namespace lw::migrate
