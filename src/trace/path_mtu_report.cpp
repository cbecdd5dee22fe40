// SPDX-License-Identifier: Apache-2.0
#include "trace/path_mtu_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace lw::trace {
namespace {

std::optional<IpAddress> address_at(const Path* path, std::size_t ttl) {
  if (path == nullptr || ttl == 0 || ttl > path->hops.size()) return std::nullopt;
  return path->hops[ttl - 1].address;
}

bool is_destination(const Path* path, std::size_t ttl) {
  return path != nullptr && path->is_reached && ttl == path->hops.size();
}

/// "hop 4 (10.0.4.1)", "this host", "the destination"
std::string place(const Path* path, std::size_t ttl) {
  if (ttl == 0) return "this host";
  if (is_destination(path, ttl)) return "the destination";
  const auto address = address_at(path, ttl);
  return address ? fmt::format("hop {} ({})", ttl, to_string(*address))
                 : fmt::format("hop {}", ttl);
}

/// "10.0.4.1 (hop 4)": one that speaks need not be on the path that is known.
std::string speaker(const Path* path, const IpAddress& address) {
  if (path != nullptr) {
    const auto hop = std::ranges::find(path->hops, std::optional(address), &PathHop::address);
    if (hop != path->hops.end()) return fmt::format("{} (hop {})", to_string(address), hop->ttl);
  }
  return to_string(address);
}

std::string words_for_told(const PathMtuResult& result, const Path* path) {
  if (!result.path_mtu) {
    return fmt::format("not even the smallest packets pass: {} says that they are too large",
                       speaker(path, result.told_by.value_or(IpAddress{})));
  }
  if (!result.told_by) {
    return fmt::format(
        "packets over {} bytes do not leave this host: its interface or route takes "
        "no larger ones",
        *result.path_mtu);
  }
  std::string text = fmt::format("packets over {} bytes do not pass, and {} says so",
                                 *result.path_mtu, speaker(path, *result.told_by));
  if (result.told_mtu != *result.path_mtu) {
    text += fmt::format(", though it speaks of {} bytes", result.told_mtu);
  }
  return text;
}

std::string words_for_black_hole(const PathMtuResult& result, const Path* path) {
  std::string text = fmt::format("packets over {} bytes are lost ", result.path_mtu.value_or(0));
  if (!result.from_ttl || !result.to_ttl) {
    text += "on the way";
  } else if (*result.to_ttl == *result.from_ttl + 1 && *result.from_ttl > 0) {
    text += "after " + place(path, *result.from_ttl);
  } else {
    text += fmt::format("between {} and {}", place(path, *result.from_ttl),
                        place(path, *result.to_ttl));
  }
  // An echo's answer is as large; those of routers are small, and so prove the way there only.
  if (result.to_ttl && is_destination(path, *result.to_ttl)) text += " or on the way back";
  if (result.told_by) {
    return text + fmt::format(", and no router says so; {} speaks of {} bytes",
                              speaker(path, *result.told_by), result.told_mtu);
  }
  return text + ", and no router says so";
}

}  // namespace

std::string path_mtu_words(const PathMtuResult& result, const Path* path) {
  switch (result.verdict) {
    case PathMtuVerdict::Full:
      return fmt::format("packets of {} bytes pass, the most that this host's interface takes",
                         result.path_mtu.value_or(0));
    case PathMtuVerdict::Told:
      return words_for_told(result, path);
    case PathMtuVerdict::BlackHole:
      return words_for_black_hole(result, path);
    case PathMtuVerdict::NoAnswer:
      return "the path MTU is not known: the destination does not answer small packets either";
    case PathMtuVerdict::Unclear:
      return "the path MTU is not known: packets of any size get lost";
    case PathMtuVerdict::Unknown:
      break;
  }
  return "the path MTU is not known";
}

void add_path_mtu(PathReport& report, const PathMtuResult& result) {
  const Path* const path = report.paths.empty() ? nullptr : &report.paths.front();
  report.mtu = result;
  report.mtu->text = path_mtu_words(result, path);
  if (result.verdict != PathMtuVerdict::BlackHole) return;
  PathIssue issue;
  issue.kind = PathIssueKind::MtuTooSmall;
  if (path != nullptr) issue.path = path->id;
  issue.from_ttl = result.from_ttl.value_or(0);
  issue.to_ttl = result.to_ttl.value_or(
      path == nullptr ? std::uint8_t{0} : static_cast<std::uint8_t>(path->hops.size()));
  issue.from = address_at(path, issue.from_ttl);
  issue.to = address_at(path, issue.to_ttl);
  issue.confidence = 0.95;
  issue.text = report.mtu->text;
  report.issues.push_back(std::move(issue));
}

}  // namespace lw::trace
