// SPDX-License-Identifier: Apache-2.0
#include "io/name_answer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace lw::io {
namespace {

/// What two failures amount to. "There is no such name" is said of all families at once; a failing
/// server leaves open what it would have said; an answer without addresses counts least.
NameStatus worse_of(NameStatus one, NameStatus other) {
  for (const NameStatus worse : {NameStatus::NotFound, NameStatus::ServerFailed,
                                 NameStatus::TimedOut, NameStatus::Invalid}) {
    if (one == worse || other == worse) return worse;
  }
  return NameStatus::NoAddress;
}

void add_family(const FamilyAnswer& family, NameAnswer& answer) {
  if (family.addresses.empty()) return;
  answer.addresses.insert(answer.addresses.end(), family.addresses.begin(), family.addresses.end());
  if (answer.server.empty()) answer.server = family.server;
  if (family.ttl) answer.ttl = std::min(answer.ttl.value_or(*family.ttl), *family.ttl);
}

NameStatus status_of(const NameAnswer& answer) {
  if (!answer.addresses.empty()) return NameStatus::Found;
  if (!answer.v6) return answer.v4 ? answer.v4->status : NameStatus::TimedOut;
  if (!answer.v4) return answer.v6->status;
  return worse_of(answer.v4->status, answer.v6->status);
}

/// The failures of one server that read alike.
struct Group {
  const ServerReply* first = nullptr;
  Microseconds took{0};
  bool v4 = false;
  bool v6 = false;
};

std::vector<Group> group(std::span<const ServerReply> replies) {
  std::vector<Group> groups;
  for (const ServerReply& reply : replies) {
    if (reply.status == NameStatus::Found) continue;
    auto found = std::ranges::find_if(groups, [&](const Group& one) {
      return one.first->server == reply.server && one.first->says == reply.says;
    });
    if (found == groups.end()) found = groups.insert(found, Group{&reply, {}, false, false});
    found->took = std::max(found->took, reply.took);
    (reply.is_v6 ? found->v6 : found->v4) = true;
  }
  return groups;
}

std::string describe(const Group& one, bool are_both_asked) {
  const ServerReply& reply = *one.first;
  // Its own words name the record type.
  const bool is_clear =
      !are_both_asked || (one.v4 && one.v6) || reply.status == NameStatus::NoAddress;
  return fmt::format("{}{} {} in {}", is_clear ? "" : (one.v6 ? "AAAA: " : "A: "), reply.says,
                     reply.server, to_human(one.took));
}

}  // namespace

std::string describe_failures(std::span<const ServerReply> replies, bool are_both_asked) {
  std::string text;
  for (const Group& one : group(replies)) {
    text += (text.empty() ? "" : "; ") + describe(one, are_both_asked);
  }
  return text;
}

NameAnswer join_families(std::optional<FamilyAnswer> v4, std::optional<FamilyAnswer> v6,
                         std::span<const ServerReply> replies) {
  NameAnswer answer;
  answer.v4 = std::move(v4);
  answer.v6 = std::move(v6);
  if (answer.v4) add_family(*answer.v4, answer);
  if (answer.v6) add_family(*answer.v6, answer);
  answer.status = status_of(answer);
  std::vector<ServerReply> failures;
  for (const ServerReply& reply : replies) {
    // Most names have no IPv6 address. That is no fault where they have another.
    const bool is_harmless =
        answer.status == NameStatus::Found && reply.status == NameStatus::NoAddress;
    if (!is_harmless) failures.push_back(reply);
  }
  answer.evidence = describe_failures(failures, answer.v4 && answer.v6);
  return answer;
}

}  // namespace lw::io
