// SPDX-License-Identifier: Apache-2.0
#include "server/names_encoder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace lw::server {
namespace {

/// A test in words of its own, so that no view outlives what it shows.
struct Named {
  std::uint64_t id = 0;
  std::string group, source, destination, address, agent, agent_address, protocol;

  [[nodiscard]] TestNames view() const {
    return {.id = TestId{id},
            .monitor = "m",
            .group = group,
            .source = source,
            .destination = destination,
            .configuration = "c",
            .address = address,
            .agent = agent,
            .agent_address = agent_address,
            .protocol = protocol,
            .port = static_cast<std::uint16_t>(id % 7),
            .frequency_s = static_cast<std::uint32_t>(id % 60)};
  }
};

std::string text_of(const TextColumn& column, std::size_t row) {
  const std::uint32_t number = column.numbers.at(row);
  return number == Dictionary::kMissing ? "-" : column.dictionary.texts().at(number);
}

std::vector<std::string> rows_of(const SnapshotNames& names) {
  std::vector<std::string> rows;
  for (std::size_t row = 0; row < names.ids.size(); ++row) {
    rows.push_back(fmt::format(
        "{} {} {} {} {} {} {} {} {} {} {} {}", names.ids[row], text_of(names.monitor, row),
        text_of(names.group, row), text_of(names.source, row), text_of(names.destination, row),
        text_of(names.configuration, row), text_of(names.address, row), text_of(names.agent, row),
        text_of(names.protocol, row), names.agent_addresses[row], names.port[row],
        names.frequency_s[row]));
  }
  return rows;
}

std::shared_ptr<const SnapshotNames> encode(const std::vector<Named>& tests,
                                            std::shared_ptr<const SnapshotNames> before = nullptr) {
  NamesEncoder encoder(std::move(before));
  for (const Named& test : tests) encoder.add(test.view());
  return encoder.take();
}

class NamesEncoderTest : public testing::Test {
 protected:
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }
  Named make(std::uint64_t id) {
    // What makes the id follows from it, the rest does not.
    return {.id = id,
            .group = fmt::format("g{}", id % 3),
            .source = id % 11 == 0 ? "" : fmt::format("s{}", id % 5),
            .destination = fmt::format("d{}", id),
            .address = fmt::format("192.0.2.{}", below(9)),
            .agent = below(4) == 0 ? "" : fmt::format("a{}", below(3)),
            .agent_address = fmt::format("10.0.0.{}", below(3)),
            .protocol = below(2) == 0 ? "ICMP" : "TCP"};
  }
  /// Some go, some come, some move, some are looked at anew.
  void change(std::vector<Named>& tests) {
    for (std::size_t i = 0; i < tests.size();) {
      if (below(10) == 0) {
        tests.erase(tests.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        if (below(10) == 0) tests[i] = make(tests[i].id);
        ++i;
      }
    }
    for (std::size_t i = 0; i < 5; ++i) {
      tests.insert(tests.begin() + static_cast<std::ptrdiff_t>(below(tests.size() + 1)),
                   make(++last_id_));
    }
    if (below(3) == 0) std::swap(tests.front(), tests.back());
  }

  std::mt19937 random_{1};
  std::uint64_t last_id_ = 0;
};

TEST_F(NamesEncoderTest, says_the_same_as_without_those_of_before) {
  std::vector<Named> tests;
  std::shared_ptr<const SnapshotNames> names;
  for (int plan = 0; plan < 300; ++plan) {
    change(tests);
    names = encode(tests, names);
    ASSERT_EQ(rows_of(*names), rows_of(*encode(tests))) << "plan " << plan;
  }
}

TEST_F(NamesEncoderTest, forgets_texts_that_nobody_has_any_more) {
  const auto before = encode({make(1), make(2), make(3)});
  const auto after = encode({make(2)}, before);
  EXPECT_EQ(after->destination.dictionary.texts().size(), 1U);
}

}  // namespace
}  // namespace lw::server
