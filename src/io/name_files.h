// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"

/// The system's files about names, as texts. Pure. What is not understood is skipped, as the C
/// library does.
namespace lw::io {

struct ResolvConf {
  std::vector<std::string> servers;  ///< 127.0.0.1 if the file names none.
  std::vector<std::string> search;
  int ndots = 1;  ///< Names with so many dots are tried as they are before the search list.
  std::optional<Seconds> timeout;  ///< of one try; nothing if the file does not say
  std::optional<int> attempts;
};
ResolvConf parse_resolv_conf(std::string_view text);

/// How long one server may take: `ours`, or what the file grants it if that is less, since its
/// usual 10 s would be longer than many an interval.
Milliseconds server_timeout(const ResolvConf& conf, Milliseconds ours);

/// The full names to ask for in turn, as resolv.conf(5) says: the name with each domain of the
/// search list, and as it is; that first if it has `ndots` dots, alone if it ends in one.
std::vector<std::string> search_candidates(const std::string& name, const ResolvConf& conf);

/// Addresses by lower-case name, in the order of the file.
using HostsFile = std::unordered_map<std::string, std::vector<IpAddress>>;
HostsFile parse_hosts(std::string_view text);

/// RFC 1123 with underscores: labels of 1 to 63, 253 in all, one dot at the end allowed.
bool is_host_name(std::string_view name);

}  // namespace lw::io
