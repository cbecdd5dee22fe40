// SPDX-License-Identifier: Apache-2.0
#include "server/snapshot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/document.h"

namespace lw::server {
namespace {

const Timestamp kAt = from_unix_us(1'795'000'000'123'456);

Snapshot two_tests() {
  auto names = std::make_shared<SnapshotNames>();
  names->add({.id = TestId{0xFFEEDDCCBBAA9988},
              .monitor = "web \"eu\"",
              .group = "g",
              .source = "s",
              .destination = "a",
              .configuration = "ping",
              .address = "192.0.2.7",
              .agent = "web1",
              .agent_address = "10.0.0.1",
              .protocol = "Icmp",
              .port = 0,
              .frequency_s = 30});
  names->add({.id = TestId{2},
              .monitor = "web \"eu\"",
              .group = "g",
              .source = "s",
              .destination = "b",
              .configuration = "tcp",
              .address = "192.0.2.8",
              .agent = "",
              .agent_address = "",
              .protocol = "Tcp",
              .port = 443,
              .frequency_s = 60});
  Snapshot snapshot;
  snapshot.at = kAt;
  snapshot.revision = 1'795'000'000'000'017;
  snapshot.names = std::move(names);
  snapshot.add({.state = TestState::Fail,
                .reason = {ReasonCode::ChecksFailedThreshold, 25.0, 10.0, ""},
                .since = kAt - Seconds(60),
                .last_round = kAt - Seconds(1),
                .checks_failed_percent = 25.0,
                .rtt_avg = Microseconds(12'345),
                .rtt_min = Microseconds(10'000),
                .rtt_max = Microseconds(20'000),
                .jitter = Microseconds(500),
                .http_status = 503,
                .certificate_expires = kAt + Seconds(10),
                .checked_address = "192.0.2.7",
                .source_address = parse_ip_address("10.9.9.9"),
                .path_issue = PathIssueKind::Loop});
  snapshot.add({.state = TestState::Indeterminate,
                .reason = {ReasonCode::NoAgent, {}, {}, ""},
                .since = kAt});
  return snapshot;
}

/// Reads the binary form as a client does.
class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {
    EXPECT_EQ(bytes_.substr(0, 4), "LWS1");
    std::uint32_t length = 0;
    std::memcpy(&length, bytes_.data() + 4, 4);
    header_ = parse_json(bytes_.substr(8, length)).value();
    area_ = (std::size_t{8} + length + 7) / 8 * 8;
  }
  [[nodiscard]] const Value& header() const { return header_; }
  [[nodiscard]] const Value& column(const std::string& name) const {
    for (const Value& column : header_.find("columns")->as_array()) {
      if (column.text("name") == name) return column;
    }
    ADD_FAILURE() << "no column " << name;
    return header_;
  }
  template <class Number>
  std::vector<Number> numbers(const std::string& name, const std::string& type) const {
    const Value& found = column(name);
    EXPECT_EQ(found.text("type"), type) << name;
    const auto offset = static_cast<std::size_t>(found.number("offset"));
    EXPECT_EQ(offset % 8, 0U) << name;
    std::vector<Number> values(static_cast<std::size_t>(header_.number("rows")));
    const std::size_t size = values.size() * sizeof(Number);
    EXPECT_LE(area_ + offset + size, bytes_.size()) << name;
    if (size > 0) std::memcpy(values.data(), bytes_.data() + area_ + offset, size);
    return values;
  }
  template <class Number>
  std::vector<std::string> texts(const std::string& name, const std::string& type) const {
    std::vector<std::string> texts;
    const auto& dictionary = column(name).find("dictionary")->as_array();
    for (const Number number : numbers<Number>(name, type)) {
      texts.push_back(number == Dictionary::kMissing ? "-" : dictionary.at(number).as_string());
    }
    return texts;
  }

 private:
  std::string bytes_;
  Value header_;
  std::size_t area_ = 0;
};

using Texts = std::vector<std::string>;

TEST(Snapshot, binary_columns_hold_what_was_put_in) {
  const Reader reader(encode_binary(two_tests()));
  EXPECT_EQ(reader.header().number("rows"), 2);
  EXPECT_EQ(reader.header().text("at"), to_iso8601(kAt));
  EXPECT_TRUE(reader.header().flag("live"));
  EXPECT_EQ(reader.header().text("revision"), "1795000000000017");
  EXPECT_EQ(reader.numbers<std::uint64_t>("id", "u64"),
            (std::vector<std::uint64_t>{0xFFEEDDCCBBAA9988, 2}));
  EXPECT_EQ(reader.texts<std::uint32_t>("monitor", "u32"), (Texts{"web \"eu\"", "web \"eu\""}));
  EXPECT_EQ(reader.column("monitor").find("dictionary")->as_array().size(), 1U);
  EXPECT_EQ(reader.texts<std::uint32_t>("agent", "u32"), (Texts{"web1", "-"}));
  EXPECT_EQ(reader.texts<std::uint32_t>("sourceAddress", "u32"), (Texts{"10.9.9.9", "-"}));
  EXPECT_EQ(reader.texts<std::uint32_t>("checkedAddress", "u32"), (Texts{"192.0.2.7", "-"}));
  EXPECT_EQ(reader.texts<std::uint8_t>("protocol", "u8"), (Texts{"Icmp", "Tcp"}));
  EXPECT_EQ(reader.texts<std::uint8_t>("state", "u8"), (Texts{"Fail", "Indeterminate"}));
  EXPECT_EQ(reader.texts<std::uint8_t>("reasonCode", "u8"),
            (Texts{"ChecksFailedThreshold", "NoAgent"}));
  EXPECT_EQ(reader.texts<std::uint32_t>("pathIssue", "u32"), (Texts{"Loop", "-"}));
  EXPECT_EQ(reader.numbers<std::uint16_t>("port", "u16"), (std::vector<std::uint16_t>{0, 443}));
  EXPECT_EQ(reader.numbers<std::uint16_t>("httpStatus", "u16"),
            (std::vector<std::uint16_t>{503, 0}));
}

TEST(Snapshot, the_first_rows_tell_how_many_there_are_and_in_which_states) {
  const Reader reader(encode_binary(first_rows(two_tests(), 1)));
  EXPECT_EQ(reader.header().number("rows"), 1);
  EXPECT_EQ(reader.header().number("of"), 2);
  EXPECT_EQ(to_json(*reader.header().find("states")), "[0,0,1,1,0]");
  const Value monitor = reader.header().find("monitors")->as_array().at(0);
  EXPECT_EQ(monitor.text("name"), "web \"eu\"");
  EXPECT_EQ(to_json(*monitor.find("states")), "[0,0,1,1,0]");
  EXPECT_EQ(monitor.number("worst"), 0);
  EXPECT_NEAR(monitor.number("rttMs"), 12.345, 1e-5) << "of the one that is known";
  EXPECT_EQ(monitor.number("checksFailedPercent"), 25.0);
  EXPECT_EQ(reader.texts<std::uint8_t>("state", "u8"), (Texts{"Fail"}));
  EXPECT_EQ(reader.texts<std::uint32_t>("agent", "u32"), (Texts{"web1"}));
  EXPECT_EQ(parse_json(encode_json(first_rows(two_tests(), 1)))->number("of"), 2);
  const Reader all(encode_binary(two_tests()));
  EXPECT_EQ(all.header().find("of"), nullptr) << "what is all says nothing of a whole";
}

TEST(Snapshot, the_first_rows_bring_those_that_give_monitors_their_states) {
  auto names = std::make_shared<SnapshotNames>();
  Snapshot snapshot;
  const auto add = [&](std::uint64_t id, const char* monitor, TestState state, int began) {
    TestNames test;
    test.id = TestId{id};
    test.monitor = monitor;
    test.protocol = "Icmp";
    names->add(test);
    snapshot.add({.state = state, .since = kAt + Seconds(began)});
  };
  add(1, "a", TestState::Pass, 0);
  add(2, "a", TestState::Pass, 0);
  add(3, "b", TestState::NotRunning, 0);
  add(4, "a", TestState::Fail, 9);
  add(5, "a", TestState::Fail, 5);  // began first
  add(6, "b", TestState::Pass, 7);
  snapshot.names = std::move(names);
  const Snapshot part = first_rows(snapshot, 2);
  EXPECT_EQ(part.names->ids, (std::vector<std::uint64_t>{1, 2, 5, 6}));
  ASSERT_EQ(part.whole->monitors.size(), 2U);
  EXPECT_EQ(part.whole->monitors[0].name, "a");
  EXPECT_EQ(part.whole->monitors[0].worst, 2U);
  EXPECT_EQ(part.whole->monitors[1].worst, 3U) << "Pass comes before Not Running";
  EXPECT_TRUE(std::isnan(part.whole->monitors[0].rtt_ms));
  EXPECT_NE(encode_binary(part).find(R"("rttMs":null)"), std::string::npos);
  EXPECT_EQ(part.whole->states, (StateCounts{3, 0, 2, 0, 1}));
  // Of as many as there are, or more, nothing is added.
  EXPECT_EQ(first_rows(snapshot, 99).names->ids.size(), 6U);
}

TEST(Snapshot, the_worst_alert_of_each_test_is_told_and_counted) {
  Snapshot snapshot = two_tests();
  snapshot.alert = {alert_code(3), alert_code(1)};
  const Reader reader(encode_binary(snapshot));
  EXPECT_EQ(reader.numbers<std::uint8_t>("alert", "u8"), (std::vector<std::uint8_t>{4, 2}));
  const Snapshot part = first_rows(snapshot, 1);
  EXPECT_EQ(part.alert, std::vector<AlertCode>{alert_code(3)});
  EXPECT_EQ(part.whole->monitors.at(0).alert, alert_code(1)) << "of a row that is not among them";
  const Reader first(encode_binary(part));
  EXPECT_EQ(to_json(*first.header().find("alerts")), "[0,1,0,1,0]");
  EXPECT_EQ(first.header().find("monitors")->as_array().at(0).number("alert"), 2);
  EXPECT_EQ(worse(0, alert_code(4)), alert_code(4));
  EXPECT_EQ(worse(alert_code(0), alert_code(4)), alert_code(0));
}

TEST(Snapshot, times_are_milliseconds_and_what_is_missing_is_no_number) {
  const Reader reader(encode_binary(two_tests()));
  const auto since = reader.numbers<double>("since", "f64");
  EXPECT_DOUBLE_EQ(since[1], 1'795'000'000'123.456);
  EXPECT_DOUBLE_EQ(since[1] - since[0], 60'000);
  EXPECT_FLOAT_EQ(reader.numbers<float>("rttMs", "f32")[0], 12.345F);
  for (const char* name :
       {"rttMs", "rttMinMs", "rttMaxMs", "jitterMs", "checksFailedPercent", "observed", "limit"}) {
    const auto values = reader.numbers<float>(name, "f32");
    EXPECT_FALSE(std::isnan(values[0])) << name;
    EXPECT_TRUE(std::isnan(values[1])) << name;
  }
  EXPECT_TRUE(std::isnan(reader.numbers<double>("lastRound", "f64")[1]));
  EXPECT_TRUE(std::isnan(reader.numbers<double>("certificateExpires", "f64")[1]));
}

TEST(Snapshot, the_source_is_the_agents_address_if_no_path_tells) {
  Snapshot snapshot = two_tests();
  snapshot.source_address[0].reset();
  const Reader reader(encode_binary(snapshot));
  EXPECT_EQ(reader.texts<std::uint32_t>("sourceAddress", "u32"), (Texts{"10.0.0.1", "-"}));
}

TEST(Snapshot, json_has_the_same_columns) {
  const Snapshot snapshot = two_tests();
  const Value json = parse_json(encode_json(snapshot)).value();
  const Reader reader(encode_binary(snapshot));
  const auto& columns = json.find("columns")->as_array();
  const auto& binary = reader.header().find("columns")->as_array();
  ASSERT_EQ(columns.size(), binary.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_EQ(columns[i].text("name"), binary[i].text("name"));
    EXPECT_EQ(columns[i].text("type"), binary[i].text("type"));
    EXPECT_EQ(columns[i].find("values")->as_array().size(), 2U);
  }
  EXPECT_EQ(to_json(*columns[0].find("values")), R"(["ffeeddccbbaa9988","0000000000000002"])");
  const auto values_of = [&](const std::string& name) {
    for (const Value& column : columns) {
      if (column.text("name") == name) return to_json(*column.find("values"));
    }
    return std::string();
  };
  EXPECT_EQ(values_of("rttMs"), "[12.345,null]");
  EXPECT_EQ(values_of("agent"), "[0,null]");
  EXPECT_EQ(values_of("state"), "[2,3]");
}

TEST(Snapshot, of_no_tests_is_one_too) {
  Snapshot snapshot;
  snapshot.names = std::make_shared<SnapshotNames>();
  const Reader reader(encode_binary(snapshot));
  EXPECT_EQ(reader.header().number("rows"), 0);
  EXPECT_TRUE(reader.numbers<std::uint64_t>("id", "u64").empty());
  EXPECT_TRUE(parse_json(encode_json(snapshot)).has_value());
}

}  // namespace
}  // namespace lw::server
