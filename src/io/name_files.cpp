// SPDX-License-Identifier: Apache-2.0
#include "io/name_files.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/text.h"

namespace lw::io {
namespace {

std::vector<std::string> words_of(std::string_view line) {
  if (const auto comment = line.find_first_of("#;"); comment != std::string_view::npos) {
    line = line.substr(0, comment);
  }
  std::vector<std::string> words;
  std::string word;
  for (const char c : line) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

/// The number after "name:", at most `max`, as the C library caps it too.
std::optional<int> option_number(std::string_view option, std::string_view name, int max) {
  if (!option.starts_with(name)) return std::nullopt;
  option.remove_prefix(name.size());
  int value = 0;
  const auto [end, error] = std::from_chars(option.data(), option.data() + option.size(), value);
  if (error != std::errc{} || value < 0) return std::nullopt;
  return std::min(value, max);
}

void read_option(std::string_view option, ResolvConf& conf) {
  if (const auto ndots = option_number(option, "ndots:", 15)) conf.ndots = *ndots;
  // 0 is nothing that one could wait or try.
  if (const auto timeout = option_number(option, "timeout:", 30)) {
    conf.timeout = Seconds(std::max(*timeout, 1));
  }
  if (const auto attempts = option_number(option, "attempts:", 5)) {
    conf.attempts = std::max(*attempts, 1);
  }
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 2) continue;
    const std::vector<std::string> values(words.begin() + 1, words.end());
    if (words[0] == "nameserver") conf.servers.push_back(values[0]);
    // The last of "search" and "domain" counts.
    if (words[0] == "search") conf.search = values;
    if (words[0] == "domain") conf.search = {values[0]};
    if (words[0] == "options") {
      for (const std::string& option : values) read_option(option, conf);
    }
  }
  if (conf.servers.empty()) conf.servers.emplace_back("127.0.0.1");
  return conf;
}

Milliseconds server_timeout(const ResolvConf& conf, Milliseconds ours) {
  constexpr Seconds kTimeoutDefault{5};
  constexpr int kAttemptsDefault = 2;
  const Milliseconds theirs =
      conf.timeout.value_or(kTimeoutDefault) * conf.attempts.value_or(kAttemptsDefault);
  return std::min(ours, theirs);
}

std::vector<std::string> search_candidates(const std::string& name, const ResolvConf& conf) {
  if (name.ends_with('.')) return {name};
  std::vector<std::string> candidates;
  for (const std::string& domain : conf.search) {
    std::string full = name + (domain.starts_with('.') ? "" : ".") + domain;
    // "search ." is the name as it is.
    if (domain != "." && is_host_name(full)) candidates.push_back(std::move(full));
  }
  const bool is_first = std::ranges::count(name, '.') >= conf.ndots;
  candidates.insert(is_first ? candidates.begin() : candidates.end(), name);
  return candidates;
}

HostsFile parse_hosts(std::string_view text) {
  HostsFile hosts;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> words = words_of(line);
    const auto address = words.empty() ? std::nullopt : parse_ip_address(words[0]);
    if (!address) continue;
    for (std::size_t i = 1; i < words.size(); ++i) hosts[to_lower(words[i])].push_back(*address);
  }
  return hosts;
}

bool is_host_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  return std::ranges::all_of(split(name, '.'), [](const std::string& label) {
    const auto is_fine = [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, is_fine);
  });
}

}  // namespace lw::io
