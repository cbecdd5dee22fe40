// SPDX-License-Identifier: Apache-2.0
#include "server/api/views.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"

namespace lw::server::api {
namespace {

/// A year is more than anything is kept.
constexpr auto kSpanMax = std::chrono::days(800);

/// The names that a test must have, each with the column that has them.
struct Wanted {
  const TextColumn& column;
  std::string text;
};

std::vector<Wanted> wanted_names(const SnapshotNames& names, const io::HttpRequest& request) {
  const std::array<std::pair<const char*, const TextColumn*>, 5> columns = {
      {{"connectionMonitor", &names.monitor},
       {"testGroup", &names.group},
       {"source", &names.source},
       {"destination", &names.destination},
       {"testConfiguration", &names.configuration}}};
  std::vector<Wanted> wanted;
  for (const auto& [parameter, column] : columns) {
    if (std::string text = request.parameter(parameter); !text.empty()) {
      wanted.push_back({*column, std::move(text)});
    }
  }
  return wanted;
}

bool fits(const Wanted& wanted, std::size_t row) {
  const std::uint32_t number = wanted.column.numbers[row];
  return number != Dictionary::kMissing &&
         equals_ignoring_case(wanted.column.dictionary.texts()[number], wanted.text);
}

}  // namespace

Result<std::size_t> read_whole(const io::HttpRequest& request, const std::string& name,
                               std::size_t otherwise, std::size_t most) {
  const std::string text = request.parameter(name);
  if (text.empty()) return otherwise;
  const auto value = parse_number<std::size_t>(text);
  if (!value || *value < 1 || *value > most) {
    return fail(ErrorCode::InvalidInput, fmt::format("`{}` must be a number from 1 to {}, not `{}`",
                                                     name, most, printable(text, 40)));
  }
  return *value;
}

Result<Steps> read_steps(const Call& call, const Clock& clock, const StepsRule& rule) {
  Steps steps;
  steps.to = TRY(read_time(call.request, "to", clock.wall_now()));
  steps.from = TRY(read_time(call.request, "from", steps.to - std::chrono::hours(24)));
  const Microseconds whole = steps.to - steps.from;
  if (whole <= Microseconds(0)) {
    return fail(ErrorCode::InvalidInput, "`from` must be before `to`");
  }
  if (whole > kSpanMax) {
    return fail(ErrorCode::InvalidInput, "`from` and `to` are more than two years apart");
  }
  const std::size_t asked = TRY(read_whole(call.request, rule.name, rule.otherwise, rule.most));
  steps.step =
      std::max(Seconds(1), std::chrono::ceil<Seconds>(whole / static_cast<std::int64_t>(asked)));
  const Microseconds step = steps.step;
  steps.count = static_cast<std::size_t>((whole + step - Microseconds(1)) / step);
  return steps;
}

Result<std::vector<TestId>> read_ids(const io::HttpRequest& request, std::size_t most) {
  std::vector<TestId> ids;
  for (const std::string& text : split(request.parameter("ids"), ',')) {
    if (text.empty()) continue;
    const auto id = parse_hex(text);
    if (!id) {
      return fail(
          ErrorCode::InvalidInput,
          fmt::format("`{}` is no test's id; ids have 16 hexadecimal digits", printable(text, 40)));
    }
    ids.push_back(TestId{*id});
  }
  if (ids.size() > most) {
    return fail(ErrorCode::InvalidInput, fmt::format("ask for at most {} tests at once", most));
  }
  return ids;
}

bool has_names(const io::HttpRequest& request) {
  for (const char* name :
       {"connectionMonitor", "testGroup", "source", "destination", "testConfiguration"}) {
    if (!request.parameter(name).empty()) return true;
  }
  return false;
}

std::vector<std::size_t> matching_rows(const SnapshotNames& names, const io::HttpRequest& request) {
  const std::vector<Wanted> wanted = wanted_names(names, request);
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < names.ids.size(); ++row) {
    const bool is_wanted =
        std::ranges::all_of(wanted, [&](const Wanted& each) { return fits(each, row); });
    if (is_wanted) rows.push_back(row);
  }
  return rows;
}

std::vector<TestId> matching_tests(const SnapshotNames& names, const io::HttpRequest& request) {
  std::vector<TestId> tests;
  for (const std::size_t row : matching_rows(names, request)) {
    tests.push_back(TestId{names.ids[row]});
  }
  return tests;
}

Value times_of(const Steps& steps) {
  Value times = Value::array();
  for (std::size_t i = 0; i < steps.count; ++i) {
    const Timestamp at = steps.from + Microseconds(steps.step) * static_cast<std::int64_t>(i);
    times.push(static_cast<double>(to_unix_us(at)) / 1000.0);
  }
  return times;
}

}  // namespace lw::server::api
