// SPDX-License-Identifier: Apache-2.0
#include "wire/assignment.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "base/ids.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::wire {
namespace {

namespace pb = ::linewatch::wire;

/// A test of a set as messages, with the configuration that its own part has for it.
struct Entry {
  const pb::AssignedTest* test = nullptr;
  const pb::Configuration* configuration = nullptr;
};

/// Adds the part's tests. A configuration that is not there stays null, which decoding refuses.
void add_entries(const pb::Assignment& part, std::vector<Entry>& entries) {
  for (const pb::AssignedTest& test : part.tests()) {
    const bool has = test.configuration() < static_cast<std::uint32_t>(part.configurations_size());
    entries.push_back(
        {&test, has ? &part.configurations(static_cast<int>(test.configuration())) : nullptr});
  }
}

Result<std::vector<pb::Assignment>> parse_parts(const std::vector<std::string>& parts) {
  std::vector<pb::Assignment> parsed;
  for (const std::string& bytes : parts) {
    if (!parsed.emplace_back().ParseFromString(bytes)) {
      return fail(ErrorCode::InvalidInput, "the assignment that was kept cannot be read");
    }
  }
  return parsed;
}

/// Messages for the tests, in parts as encode_assignment() makes them. Fields that this release
/// does not know stay in them.
std::vector<pb::Assignment> make_parts(std::uint64_t version, const std::vector<Entry>& entries) {
  std::vector<pb::Assignment> parts;
  std::unordered_map<const pb::Configuration*, std::uint32_t> known;
  std::size_t bytes = 0;
  for (const Entry& entry : entries) {
    if (parts.empty() || parts.back().tests_size() >= static_cast<int>(kTestsPerAssignmentPart) ||
        bytes >= kBytesPerAssignmentPart) {
      parts.emplace_back().set_version(version);
      known.clear();
      bytes = 0;
    }
    pb::Assignment& part = parts.back();
    const auto [place, is_new] = known.try_emplace(
        entry.configuration, static_cast<std::uint32_t>(part.configurations_size()));
    if (is_new) {
      *part.add_configurations() = *entry.configuration;
      bytes += entry.configuration->ByteSizeLong();
    }
    pb::AssignedTest& test = *part.add_tests();
    test = *entry.test;
    test.set_configuration(place->second);
    bytes += test.ByteSizeLong();
  }
  if (parts.empty()) parts.emplace_back().set_version(version);
  parts.back().set_last_part(true);
  return parts;
}

/// Each test with the last word on it. Those of the base that the difference leaves alone first.
Result<std::vector<Entry>> merge(const std::vector<pb::Assignment>& base,
                                 const std::vector<pb::AssignmentDifference>& difference) {
  std::vector<Entry> put;
  std::unordered_set<std::uint64_t> replaced;
  std::size_t removals = 0;
  for (const pb::AssignmentDifference& part : difference) {
    add_entries(part.put(), put);
    removals += static_cast<std::size_t>(part.removed_size());
    replaced.insert(part.removed().begin(), part.removed().end());
  }
  if (replaced.size() != removals) {
    return fail(ErrorCode::InvalidInput, "a test is removed twice");
  }
  for (const Entry& entry : put) replaced.insert(entry.test->id());
  if (replaced.size() != removals + put.size()) {
    return fail(ErrorCode::InvalidInput, "a test is put twice");
  }
  std::vector<Entry> entries;
  for (const pb::Assignment& part : base) add_entries(part, entries);
  std::erase_if(entries, [&](const Entry& entry) { return replaced.contains(entry.test->id()); });
  entries.insert(entries.end(), put.begin(), put.end());
  const bool is_whole =
      std::ranges::all_of(entries, [](const Entry& entry) { return entry.configuration; });
  if (!is_whole) {
    return fail(ErrorCode::InvalidInput, "a test names a configuration that is not there");
  }
  return entries;
}

std::uint64_t version_of(const std::vector<Entry>& entries,
                         const std::vector<std::uint16_t>& ports) {
  std::vector<std::uint64_t> fingerprints;
  fingerprints.reserve(entries.size());
  for (const Entry& entry : entries) fingerprints.push_back(entry.test->fingerprint());
  return assignment_version(fingerprints, ports);
}

Result<void> check_base(const std::vector<pb::Assignment>& base, std::uint64_t wanted) {
  for (const pb::Assignment& part : base) {
    if (part.version() != wanted) {
      return fail(ErrorCode::Conflict,
                  fmt::format("a difference to assignment {} has come, but {} was kept",
                              to_hex(wanted), to_hex(part.version())));
    }
  }
  if (!base.empty()) return {};
  return fail(ErrorCode::Conflict, fmt::format("a difference to assignment {} has come, but none "
                                               "was kept",
                                               to_hex(wanted)));
}

}  // namespace

std::uint64_t assignment_version(std::span<const std::uint64_t> fingerprints,
                                 std::span<const std::uint16_t> listen_ports) {
  // A sum, so that neither order counts nor tests that stay have to be looked at in any order.
  std::uint64_t sum = 0;
  for (const std::uint64_t one : fingerprints) sum += one;
  std::string text = fmt::format("{} {}", fingerprints.size(), sum);
  for (const std::uint16_t port : listen_ports) text += fmt::format(" {}", port);
  return std::max<std::uint64_t>(1, stable_hash({text}));
}

std::vector<pb::AssignmentDifference> encode_difference(const AssignmentChange& change) {
  std::vector<pb::AssignmentDifference> parts;
  std::span<const TestId> removed = change.removed;
  const auto remove_some = [&removed](pb::AssignmentDifference& part) {
    const auto some = removed.first(std::min(removed.size(), kRemovalsPerPart));
    for (const TestId id : some) part.add_removed(id.value);
    removed = removed.subspan(some.size());
  };
  while (removed.size() > kRemovalsPerPart) {
    parts.emplace_back().mutable_put()->set_version(change.version);
    remove_some(parts.back());
  }
  for (pb::Assignment& put : encode_assignment(change.version, change.put, change.listen_ports)) {
    parts.emplace_back().mutable_put()->Swap(&put);
    remove_some(parts.back());
  }
  for (pb::AssignmentDifference& part : parts) part.set_base(change.base);
  return parts;
}

Result<std::vector<std::string>> apply_difference(
    const std::vector<std::string>& base, const std::vector<pb::AssignmentDifference>& difference) {
  const pb::AssignmentDifference& last = difference.back();
  const std::vector<pb::Assignment> before = TRY(parse_parts(base));
  TRY(check_base(before, last.base()));
  const std::vector<Entry> entries = TRY(merge(before, difference));
  const std::vector<std::uint16_t> ports = TRY(decode_listen_ports(last.put()));
  if (version_of(entries, ports) != last.put().version()) {
    return fail(ErrorCode::Conflict,
                fmt::format("assignment {} and the difference to it do not make assignment {}",
                            to_hex(last.base()), to_hex(last.put().version())));
  }
  std::vector<pb::Assignment> after = make_parts(last.put().version(), entries);
  *after.back().mutable_listen_ports() = last.put().listen_ports();
  std::vector<std::string> parts;
  parts.reserve(after.size());
  for (const pb::Assignment& part : after) parts.push_back(part.SerializeAsString());
  return parts;
}

// --- reading, part by part ----------------------------------------------------------------------

/// A set of which parts have come.
struct AssignmentReader::Incoming {
  std::uint64_t version = 0;
  std::uint64_t base = 0;  ///< 0: it is whole
  bool is_refused = false;
  std::vector<std::string> parts;
  std::vector<pb::AssignmentDifference> differences;
};

AssignmentReader::AssignmentReader() = default;
AssignmentReader::AssignmentReader(AssignmentReader&&) noexcept = default;
AssignmentReader& AssignmentReader::operator=(AssignmentReader&&) noexcept = default;
AssignmentReader::~AssignmentReader() = default;

void AssignmentReader::restart() { incoming_.reset(); }

namespace {

Result<AssignedSet> decode_set(std::vector<std::string> parts) {
  AssignedSet set;
  for (const pb::Assignment& part : TRY(parse_parts(parts))) {
    set.version = part.version();
    for (Test& test : TRY(decode_assignment(part))) set.tests.push_back(std::move(test));
    for (const std::uint16_t port : TRY(decode_listen_ports(part))) {
      set.listen_ports.push_back(port);
    }
  }
  set.parts = std::move(parts);
  return set;
}

}  // namespace

Result<std::optional<AssignedSet>> AssignmentReader::take(const pb::Assignment& part) {
  const bool is_begun = incoming_ && incoming_->base == 0 && incoming_->version == part.version();
  if (!is_begun) {
    incoming_ = std::make_unique<Incoming>();
    incoming_->version = part.version();
  }
  incoming_->parts.push_back(part.SerializeAsString());
  if (!part.last_part()) return std::nullopt;
  auto whole = std::exchange(incoming_, nullptr);
  return TRY(decode_set(std::move(whole->parts)));
}

Result<std::optional<AssignedSet>> AssignmentReader::take(const pb::AssignmentDifference& part,
                                                          std::uint64_t in_force,
                                                          const Base& base) {
  const bool is_begun =
      incoming_ && incoming_->base == part.base() && incoming_->version == part.put().version();
  if (!is_begun) {
    incoming_ = std::make_unique<Incoming>();
    incoming_->version = part.put().version();
    incoming_->base = part.base();
  }
  const bool was_refused = incoming_->is_refused;
  const bool fits = part.base() == in_force && in_force != 0;
  incoming_->is_refused = was_refused || !fits;
  incoming_->differences.push_back(part);
  auto all = part.put().last_part() ? std::exchange(incoming_, nullptr) : nullptr;
  if (was_refused) return std::nullopt;
  if (!fits) {
    return fail(ErrorCode::Conflict,
                fmt::format("a difference to assignment {} has come, but {} is in force",
                            to_hex(part.base()), to_hex(in_force)));
  }
  if (!all) return std::nullopt;
  return TRY(decode_set(TRY(apply_difference(TRY(base()), all->differences))));
}

}  // namespace lw::wire
