// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/api/past.h"
#include "server/api/services.h"
#include "server/api/visibility.h"
#include "server/snapshot.h"

/// What the routes of the web UI's views share.
namespace lw::server::api {

/// A span of time in equal steps: parameters `from`, `to` and how many steps.
struct Steps {
  Timestamp from{};
  Timestamp to{};
  std::size_t count = 1;
  Seconds step{60};
};
/// What the number of steps is called, and its bounds.
struct StepsRule {
  std::string name = "points";
  std::size_t otherwise = 300;
  std::size_t most = 5'000;
};
/// Without `from`, the last day. A step has whole seconds, so there may be fewer than asked for.
Result<Steps> read_steps(const Call& call, const Clock& clock, const StepsRule& rule);
/// A whole number within the bounds.
Result<std::size_t> read_whole(const io::HttpRequest& request, const std::string& name,
                               std::size_t otherwise, std::size_t most);
/// Parameter `ids`: tests by their ids, separated by commas.
Result<std::vector<TestId>> read_ids(const io::HttpRequest& request, std::size_t most);

/// Whether any of connectionMonitor, testGroup, source, destination, testConfiguration is given.
bool has_names(const io::HttpRequest& request);
/// The rows that fit those parameters, whatever the case; all without any.
std::vector<std::size_t> matching_rows(const SnapshotNames& names, const io::HttpRequest& request);
std::vector<TestId> matching_tests(const SnapshotNames& names, const io::HttpRequest& request);

/// As ask_store, with the names of the tests of now that the caller sees: `question(client,
/// names)`.
template <class Question>
void ask_with_names(Services& services, Call call, Question question) {
  on_control(
      services, std::move(call), [&services, question = std::move(question)](const Call& inner) {
        auto names = visible_names(services, inner);
        ask_store(services, inner, [names = std::move(names), question](store::Client& client) {
          return question(client, *names);
        });
      });
}

/// Milliseconds since 1970 of each step's start.
Value times_of(const Steps& steps);

}  // namespace lw::server::api
