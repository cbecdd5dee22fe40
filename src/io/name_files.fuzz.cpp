// SPDX-License-Identifier: Apache-2.0
// The system's files may hold anything: other programs write them.
#include "io/name_files.h"

#include <algorithm>
#include <cctype>

#include "base/assert.h"
#include "base/text.h"
#include "tests/fuzz/input.h"

namespace lw::io {
namespace {

void check_address(const IpAddress& address) {
  const auto again = parse_ip_address(to_string(address));
  LW_ASSERT(again && *again == address);
}

void check_resolv_conf(std::string_view text) {
  const ResolvConf conf = parse_resolv_conf(text);
  LW_ASSERT(!conf.servers.empty());
  LW_ASSERT(conf.ndots >= 0 && conf.ndots <= 15);
  LW_ASSERT(!conf.timeout || (*conf.timeout >= Seconds(1) && *conf.timeout <= Seconds(30)));
  LW_ASSERT(!conf.attempts || (*conf.attempts >= 1 && *conf.attempts <= 5));
  for (const std::string& server : conf.servers) LW_ASSERT(!server.empty());
  // Whatever the search list holds, what is asked is a name, and the name itself is asked.
  for (const std::string name : {"db", "db.example", "db.example."}) {
    const std::vector<std::string> candidates = search_candidates(name, conf);
    LW_ASSERT(std::ranges::count(candidates, name) == 1);
    LW_ASSERT(std::ranges::all_of(candidates, is_host_name));
  }
}

void check_hosts(std::string_view text) {
  for (const auto& [name, addresses] : parse_hosts(text)) {
    LW_ASSERT(!name.empty() && name == to_lower(name) && !addresses.empty());
    LW_ASSERT(std::ranges::none_of(name, [](unsigned char c) { return std::isspace(c) != 0; }));
    std::ranges::for_each(addresses, check_address);
  }
}

void check_words(std::string_view text) {
  if (const auto address = parse_ip_address(text)) {
    check_address(*address);
    LW_ASSERT(text.find('\0') == std::string_view::npos);
  }
  if (is_host_name(text)) {
    LW_ASSERT(text.size() <= 254);
    LW_ASSERT(is_printable(text) && text.find_first_of(" /:@%") == std::string_view::npos);
  }
}

}  // namespace
}  // namespace lw::io

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = lw::fuzz::Input(data, size).text();
  lw::io::check_resolv_conf(text);
  lw::io::check_hosts(text);
  lw::io::check_words(text);
  return 0;
}
