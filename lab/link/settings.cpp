// SPDX-License-Identifier: Apache-2.0
#include "link/settings.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "base/text.h"

namespace lw::lab {
namespace {

constexpr double kForever = 3'600'000;  // An hour in ms: longer than any test waits.
constexpr double kNoBound = 1e12;

struct Key {
  std::string_view name;
  double largest;
  void (*apply)(LinkSettings&, double);
};

Microseconds from_ms(double value) {
  return Microseconds(static_cast<Microseconds::rep>(std::llround(value * 1000)));
}

constexpr std::array kKeys{
    Key{"delay_ms", kForever, [](LinkSettings& s, double v) { s.delay = from_ms(v); }},
    Key{"jitter_ms", kForever, [](LinkSettings& s, double v) { s.jitter = from_ms(v); }},
    Key{"loss", 100, [](LinkSettings& s, double v) { s.loss_percent = v; }},
    Key{"duplicate", 100, [](LinkSettings& s, double v) { s.duplicate_percent = v; }},
    Key{"reorder", 100, [](LinkSettings& s, double v) { s.reorder_percent = v; }},
    Key{"reorder_ms", kForever, [](LinkSettings& s, double v) { s.reorder_by = from_ms(v); }},
    Key{"rate_kbit", kNoBound, [](LinkSettings& s, double v) { s.rate_bits = v * 1000; }},
    Key{"queue_ms", kForever, [](LinkSettings& s, double v) { s.queue = from_ms(v); }},
    Key{"mtu", 65535, [](LinkSettings& s, double v) { s.mtu = static_cast<std::size_t>(v); }},
};

std::string unknown_key(std::string_view name) {
  std::vector<std::string> names{"dir", "reset"};
  for (const Key& key : kKeys) names.emplace_back(key.name);
  const auto guess = nearest(name, names);
  return fmt::format("unknown key `{}`; {}", name,
                     guess ? fmt::format("did you mean `{}`?", *guess)
                           : fmt::format("known are {}", join(names, ", ")));
}

Result<double> parse_value(const Key& key, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(ErrorCode::InvalidInput, fmt::format("{}={}: not a number", key.name, text));
  }
  // The negated form also refuses NaN.
  if (!(value >= 0 && value <= key.largest)) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{}={}: must be 0 to {}", key.name, text, key.largest));
  }
  return value;
}

struct Change {
  const Key* key;
  double value;
};

struct Request {
  bool a_to_b = true;
  bool b_to_a = true;
  bool reset = false;
  std::vector<Change> changes;
};

Result<void> parse_direction(std::string_view text, Request& request) {
  if (text != "ab" && text != "ba" && text != "both") {
    return fail(ErrorCode::InvalidInput, fmt::format("dir={}: must be ab, ba or both", text));
  }
  request.a_to_b = text != "ba";
  request.b_to_a = text != "ab";
  return {};
}

Result<void> parse_word(std::string_view word, Request& request) {
  if (word == "reset") {
    request.reset = true;
    return {};
  }
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const std::string_view text = equals == word.npos ? "" : word.substr(equals + 1);
  if (name == "dir") return parse_direction(text, request);
  for (const Key& key : kKeys) {
    if (key.name != name) continue;
    request.changes.push_back({&key, TRY(parse_value(key, text))});
    return {};
  }
  return fail(ErrorCode::InvalidInput, unknown_key(name));
}

void apply(const Request& request, LinkSettings& settings) {
  if (request.reset) settings = {};
  for (const Change& change : request.changes) change.key->apply(settings, change.value);
}

double to_ms(Microseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

Result<LinkPair> parse_settings(std::string_view line, const LinkPair& current) {
  Request request;
  for (const std::string& word : split(line, ' ')) {
    const std::string_view trimmed = trim(word);
    if (!trimmed.empty()) TRY(parse_word(trimmed, request));
  }
  LinkPair wanted = current;
  if (request.a_to_b) apply(request, wanted.a_to_b);
  if (request.b_to_a) apply(request, wanted.b_to_a);
  return wanted;
}

std::string to_json(const LinkSettings& s) {
  return fmt::format(R"({{"delay_ms":{},"jitter_ms":{},"loss":{},"duplicate":{},"reorder":{},)"
                     R"("reorder_ms":{},"rate_kbit":{},"queue_ms":{},"mtu":{}}})",
                     to_ms(s.delay), to_ms(s.jitter), s.loss_percent, s.duplicate_percent,
                     s.reorder_percent, to_ms(s.reorder_by), s.rate_bits / 1000, to_ms(s.queue),
                     s.mtu);
}

}  // namespace lw::lab
