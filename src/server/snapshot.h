// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "model/alert.h"
#include "model/path.h"
#include "model/state.h"
#include "model/test.h"

/// All tests at one instant, as columns: what the web UI's tables, tiles and reasons are made of.
/// Pure. Filled row by row on the thread that knows, encoded on another.
namespace lw::server {

/// A number for each text that was seen.
class Dictionary {
 public:
  Dictionary() = default;
  Dictionary(Dictionary&&) = default;
  Dictionary& operator=(Dictionary&&) = default;
  static constexpr std::uint32_t kMissing = 0xFFFFFFFF;
  /// The text's number; kMissing for an empty one.
  std::uint32_t number_of(std::string_view text);
  [[nodiscard]] const std::deque<std::string>& texts() const { return texts_; }

 private:
  std::unordered_map<std::string_view, std::uint32_t> numbers_;  ///< of views into texts_
  std::deque<std::string> texts_;
  std::uint32_t last_ = kMissing;  ///< Tests of one group stand together and share their names.
};

/// A column of texts, each kept once.
struct TextColumn {
  Dictionary dictionary;
  std::vector<std::uint32_t> numbers;
  void add(std::string_view text) { numbers.push_back(dictionary.number_of(text)); }
};

/// What of a test stays while the set of tests does.
struct TestNames {
  TestId id;
  std::string_view monitor, group, source, destination, configuration, address, agent;
  std::string_view agent_address;  ///< where its checks come from if no path tells
  std::string_view protocol;
  std::uint16_t port = 0;
  std::uint32_t frequency_s = 0;
};

/// The names of all tests, encoded once and shared by snapshots.
struct SnapshotNames {
  std::vector<std::uint64_t> ids;
  TextColumn monitor, group, source, destination, configuration, address, agent, protocol;
  std::vector<std::string> agent_addresses;
  std::vector<std::uint16_t> port;
  std::vector<std::uint32_t> frequency_s;
  void add(const TestNames& names);
};

/// What of a test changes with its rounds. Missing numbers are NaN, missing times too.
struct TestMoment {
  TestState state = TestState::Indeterminate;
  Reason reason = {};  ///< without its text
  Timestamp since{};
  std::optional<Timestamp> last_round = {};
  std::optional<double> checks_failed_percent = {};
  std::optional<Microseconds> rtt_avg = {}, rtt_min = {}, rtt_max = {}, jitter = {};
  std::optional<int> http_status = {};
  std::optional<Timestamp> certificate_expires = {};
  std::string_view checked_address = {};
  std::optional<IpAddress> source_address = {};
  std::optional<PathIssueKind> path_issue = {};
  AlertCode alert = 0;  ///< the worst that fires (model/alert.h)
};

/// Tests in each of kTestStates.
using StateCounts = std::array<std::uint32_t, kTestStates.size()>;

/// What all tests of a connection monitor amount to.
struct MonitorSummary {
  std::string name;
  StateCounts states{};
  /// The row that gives the monitor its state (roll_up): of the worst, the one that began first.
  std::size_t worst = 0;
  double rtt_ms = 0;                 ///< mean of what is known; NaN: nothing is
  double checks_failed_percent = 0;  ///< likewise
  AlertCode alert = 0;               ///< the worst of its tests
};

/// What the first rows of a snapshot say of all.
struct SnapshotWhole {
  std::size_t rows = 0;
  StateCounts states{};
  std::array<std::uint32_t, kAlertSeverities> alerts{};  ///< tests by their worst alert
  std::vector<MonitorSummary> monitors;
};

/// Rows in the order of `names`.
struct Snapshot {
  Timestamp at{};
  std::optional<SnapshotWhole> whole;  ///< if these rows are not all
  bool is_live = true;
  std::uint64_t revision = 0;
  std::shared_ptr<const SnapshotNames> names;

  std::vector<std::uint8_t> state;
  std::vector<std::uint8_t> reason_code;
  std::vector<float> observed, limit, checks_failed_percent, rtt, rtt_min, rtt_max, jitter;
  std::vector<double> since, last_round, certificate_expires;
  std::vector<std::uint16_t> http_status;
  std::vector<std::string> checked_address;
  std::vector<std::optional<IpAddress>> source_address;
  std::vector<std::uint8_t> path_issue;
  std::vector<AlertCode> alert;

  static constexpr std::uint8_t kNoIssue = 0xFF;
  void reserve(std::size_t rows);
  void add(const TestMoment& moment);
};

/// Those rows only, which are in order.
SnapshotNames select(const SnapshotNames& names, const std::vector<std::size_t>& rows);
Snapshot select(const Snapshot& snapshot, const std::vector<std::size_t>& rows);
/// The first `rows` of more than that, and those that give monitors their states, with the numbers
/// of all: for who cannot wait.
Snapshot first_rows(const Snapshot& snapshot, std::size_t rows);

/// "LWS1": u32 length of a JSON header, the header, padding to 8, then the columns (little endian),
/// each 8-aligned at its offset; described in api/openapi.yaml.
std::string encode_binary(const Snapshot& snapshot);
/// The same columns as arrays: {"rows", "at", "live", "revision", "of"?, "states"?,
/// "monitors"?, "columns": [{"name", "type", "dictionary"?, "values"}]}. Ids are texts of 16
/// hexadecimal digits, missing numbers null.
std::string encode_json(const Snapshot& snapshot);

}  // namespace lw::server
