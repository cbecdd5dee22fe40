// SPDX-License-Identifier: Apache-2.0
#include "server/assignments.h"

#include <algorithm>

#include "wire/assignment.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::server {
namespace {

namespace pb = ::linewatch::wire;

std::vector<std::uint64_t> numbers_of(
    const std::vector<std::pair<TestId, std::uint64_t>>& fingerprints) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(fingerprints.size());
  for (const auto& [id, number] : fingerprints) numbers.push_back(number);
  return numbers;
}

/// What becomes of one sorted list when it is to be as another one.
struct Edits {
  std::vector<std::size_t> put;  ///< places in the list after
  std::vector<TestId> removed;
};

Edits edits_of(const std::vector<std::pair<TestId, std::uint64_t>>& before,
               const std::vector<std::pair<TestId, std::uint64_t>>& after) {
  Edits edits;
  std::size_t from = 0;
  for (std::size_t to = 0; to < after.size(); ++to) {
    for (; from < before.size() && before[from].first < after[to].first; ++from) {
      edits.removed.push_back(before[from].first);
    }
    const bool is_known = from < before.size() && before[from].first == after[to].first;
    if (!is_known || before[from].second != after[to].second) edits.put.push_back(to);
    if (is_known) ++from;
  }
  for (; from < before.size(); ++from) edits.removed.push_back(before[from].first);
  return edits;
}

}  // namespace

void Assignments::on_hello(AgentId agent, std::uint64_t running, std::uint32_t protocol) {
  Told& told = told_[agent];
  told.takes_differences = protocol >= wire::kProtocolOfDifferences;
  // Older agents are told all of it with each connection, as ever.
  if (told.takes_differences && told.version == running) return;
  told.version = told.takes_differences ? running : 0;
  told.tests.clear();
}

void Assignments::on_wanted(AgentId agent) {
  Told& told = told_[agent];
  told.version = 0;
  told.tests.clear();
}

void Assignments::forget(AgentId agent) { told_.erase(agent); }

std::uint64_t Assignments::version(AgentId agent) const {
  const auto found = told_.find(agent);
  return found == told_.end() ? 0 : found->second.version;
}

Assignments::Messages Assignments::update(AgentId agent, std::vector<const Test*> tests,
                                          const std::vector<std::uint16_t>& listen_ports) {
  std::ranges::sort(tests, {}, [](const Test* test) { return test->id; });
  wire::Fingerprinter fingerprinter;
  Fingerprints after;
  after.reserve(tests.size());
  for (const Test* const test : tests) after.emplace_back(test->id, fingerprinter.of(*test));
  const std::uint64_t version = wire::assignment_version(numbers_of(after), listen_ports);
  Told& told = told_[agent];
  // Also when it came back with that set after the server has lost its memory of it.
  if (told.version == version) {
    told.tests = std::move(after);
    return {};
  }
  Messages messages = difference(told, version, tests, after, listen_ports);
  if (messages.empty()) messages = whole(version, tests, listen_ports);
  told.version = version;
  told.tests = std::move(after);
  return messages;
}

Assignments::Messages Assignments::whole(std::uint64_t version,
                                         const std::vector<const Test*>& tests,
                                         const std::vector<std::uint16_t>& listen_ports) {
  std::vector<Test> copies;
  copies.reserve(tests.size());
  for (const Test* const test : tests) copies.push_back(*test);
  Messages messages;
  for (pb::Assignment& part : wire::encode_assignment(version, copies, listen_ports)) {
    auto message = std::make_shared<pb::ServerMessage>();
    message->mutable_assignment()->Swap(&part);
    messages.push_back(std::move(message));
  }
  return messages;
}

Assignments::Messages Assignments::difference(const Told& before, std::uint64_t version,
                                              const std::vector<const Test*>& tests,
                                              const Fingerprints& after,
                                              const std::vector<std::uint16_t>& listen_ports) {
  // What it runs is known by its version alone when the server has just started: then all of it.
  if (!before.takes_differences || before.version == 0 || before.tests.empty()) return {};
  Edits edits = edits_of(before.tests, after);
  if (edits.put.size() >= after.size()) return {};
  wire::AssignmentChange change{.base = before.version,
                                .version = version,
                                .put = {},
                                .removed = std::move(edits.removed),
                                .listen_ports = listen_ports};
  for (const std::size_t place : edits.put) change.put.push_back(*tests[place]);
  Messages messages;
  for (pb::AssignmentDifference& part : wire::encode_difference(change)) {
    auto message = std::make_shared<pb::ServerMessage>();
    message->mutable_difference()->Swap(&part);
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace lw::server
