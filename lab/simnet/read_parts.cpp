// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "simnet/node_reader.h"

namespace lw::lab {
namespace {

constexpr double kForeverMs = 3'600'000;
constexpr std::array kLinkKeys{"delay_ms",         "jitter_ms",     "loss",      "return_delay_ms",
                               "return_jitter_ms", "return_loss",   "duplicate", "reorder",
                               "return_hops",      "reorder_by_ms", "mtu",       "mtu_silent"};

std::optional<PortRange> parse_port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::string_view low = text.substr(0, dash);
  const std::string_view high = dash == text.npos ? low : text.substr(dash + 1);
  PortRange range;
  const auto parse = [](std::string_view part, std::uint16_t& port) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), port);
    return error == std::errc() && end == part.data() + part.size();
  };
  if (!parse(low, range.first) || !parse(high, range.last)) return std::nullopt;
  return range.first <= range.last ? std::optional(range) : std::nullopt;
}

/// 80, "100-200", or a list of such.
std::vector<PortRange> read_port_ranges(ObjectReader& reader, std::string_view key,
                                        Diagnostics& faults) {
  std::vector<PortRange> ranges;
  for (const Place& item : one_or_more(reader, key)) {
    const std::string text =
        item.value->is_int() ? std::to_string(item.value->as_int()) : item_text(item, faults);
    const auto range = parse_port_range(text);
    if (range) ranges.push_back(*range);
    if (!range && !text.empty()) {
      faults.add(item.value->location(), item.path,
                 fmt::format("`{}` is no port; write 443 or \"1000-2000\"", text));
    }
  }
  return ranges;
}

}  // namespace

void read_percent(ObjectReader& reader, std::string_view key, double& percent) {
  const auto value = reader.number(key, 0);
  if (!value) return;
  if (*value > 100) reader.fault(key, fmt::format("{} is more than 100 percent", *value));
  percent = *value;
}

void read_milliseconds(ObjectReader& reader, std::string_view key, Microseconds& time) {
  const auto value = reader.number(key, 0);
  if (!value) return;
  if (*value > kForeverMs) return reader.fault(key, "is more than an hour; use 3600000 or less");
  time = Microseconds(static_cast<Microseconds::rep>(std::llround(*value * 1000)));
}

void read_count(ObjectReader& reader, std::string_view key, int max, std::optional<int>& count) {
  if (const auto value = reader.integer(key, 0, max)) count = static_cast<int>(*value);
}

std::vector<Place> one_or_more(ObjectReader& reader, std::string_view key) {
  const Value* const value = reader.place().value->find(key);
  if (value == nullptr || value->is_null() || value->is_array()) return reader.list(key);
  reader.ignore(key);
  return {reader.place().member(key, *value)};
}

std::optional<IpRange> read_range(const Place& place, Diagnostics& faults) {
  const std::string text = item_text(place, faults);
  if (text.empty()) return std::nullopt;
  const auto range = parse_ip_range(text);
  if (!range) {
    faults.add(place.value->location(), place.path,
               fmt::format("`{}` is no address; write 192.0.2.1, 2001:db8::1 or 192.0.2.0/24",
                           printable(text, 100)));
  }
  return range;
}

std::vector<IpAddress> read_addresses(ObjectReader& reader, std::string_view key,
                                      Diagnostics& faults) {
  std::vector<IpAddress> addresses;
  for (const Place& item : one_or_more(reader, key)) {
    const std::string text = item_text(item, faults);
    const auto address = parse_ip_address(text);
    if (address) addresses.push_back(*address);
    if (!address && !text.empty()) {
      faults.add(
          item.value->location(), item.path,
          fmt::format("`{}` is no address; write 192.0.2.1 or 2001:db8::1", printable(text, 100)));
    }
  }
  return addresses;
}

bool has_link_keys(const ObjectReader& reader) {
  return std::ranges::any_of(kLinkKeys, [&](const char* key) { return reader.has(key); });
}

void read_link(ObjectReader& reader, LinkConfig& link) {
  read_milliseconds(reader, "delay_ms", link.delay);
  read_milliseconds(reader, "jitter_ms", link.jitter);
  read_percent(reader, "loss", link.loss);
  // What is not said of the way back is as on the way out, but for the loss.
  link.return_delay = link.delay;
  link.return_jitter = link.jitter;
  read_milliseconds(reader, "return_delay_ms", link.return_delay);
  read_milliseconds(reader, "return_jitter_ms", link.return_jitter);
  read_percent(reader, "return_loss", link.return_loss);
  std::optional<int> count;
  read_count(reader, "return_hops", 64, count);
  link.return_hops = count.value_or(link.return_hops);
  read_percent(reader, "duplicate", link.duplicate);
  read_percent(reader, "reorder", link.reorder);
  read_milliseconds(reader, "reorder_by_ms", link.reorder_by);
  if (const auto mtu = reader.integer("mtu", 68, 65'535)) link.mtu = static_cast<std::size_t>(*mtu);
  link.mtu_silent = reader.flag("mtu_silent").value_or(link.mtu_silent);
}

AnswerConfig read_answers(const Place& place, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  AnswerConfig answers;
  answers.silent = reader.flag("silent").value_or(false);
  read_percent(reader, "loss", answers.loss);
  read_milliseconds(reader, "delay_ms", answers.delay);
  read_milliseconds(reader, "jitter_ms", answers.jitter);
  answers.from = read_addresses(reader, "from", faults);
  std::optional<int> ttl;
  std::optional<int> hops;
  read_count(reader, "ttl", 255, ttl);
  read_count(reader, "hops", 255, hops);
  answers.ttl = ttl.value_or(0);
  answers.hops = hops.value_or(0);
  read_count(reader, "quoted_ttl", 255, answers.quoted_ttl);
  read_count(reader, "quote_bytes", 1'200, answers.quote_bytes);
  answers.length_field = reader.flag("length_field").value_or(true);
  reader.finish();
  return answers;
}

NatConfig read_nat(const Place& place, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  NatConfig nat;
  nat.source = read_addresses(reader, "source", faults);
  nat.destination = read_addresses(reader, "destination", faults);
  read_count(reader, "source_port", 65'535, nat.source_port);
  read_count(reader, "destination_port", 65'535, nat.destination_port);
  nat.restores_quotes = reader.flag("restores_quotes").value_or(false);
  reader.finish();
  return nat;
}

FirewallRule read_firewall_rule(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kProtocols{"icmp", "udp", "tcp"};
  static constexpr std::array<std::uint8_t, 3> kNumbers{1, 17, 6};
  static const std::vector<std::string> kAnswers{
      "drop", "net", "host", "port", "net_prohibited", "host_prohibited", "prohibited", "reset"};
  ObjectReader reader(place, faults);
  FirewallRule rule;
  if (const auto index = reader.choice("protocol", kProtocols)) rule.protocol = kNumbers[*index];
  rule.ports = read_port_ranges(reader, "ports", faults);
  if (const auto index = reader.choice("answer", kAnswers)) {
    rule.answer = static_cast<Refusal>(*index);
  }
  reader.finish();
  return rule;
}

PortConfig read_ports(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kAnswers{"accept", "refuse", "silent"};
  ObjectReader reader(place, faults);
  PortConfig config;
  for (std::size_t i = 0; i < kAnswers.size(); ++i) {
    for (const PortRange& range : read_port_ranges(reader, kAnswers[i], faults)) {
      config.ports.emplace_back(range, static_cast<PortAnswer>(i));
    }
  }
  if (const auto index = reader.choice("otherwise", kAnswers)) {
    config.otherwise = static_cast<PortAnswer>(*index);
  }
  reader.finish();
  return config;
}

}  // namespace lw::lab
