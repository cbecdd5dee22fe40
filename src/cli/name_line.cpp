// SPDX-License-Identifier: Apache-2.0
#include "cli/name_line.h"

#include <fmt/core.h>

#include <cmath>

#include "base/time.h"

namespace lw::cli {
namespace {

bool used_last_known(const Value& facts) {
  const Value* const used = facts.find("usedLastKnownAddress");
  return used != nullptr && used->is_bool() && used->as_bool();
}

std::string listed(const Value* addresses) {
  std::string text;
  if (addresses == nullptr || !addresses->is_array()) return text;
  for (const Value& address : addresses->as_array()) {
    text += (text.empty() ? "" : ", ") + address.as_string();
  }
  return text;
}

std::string resolved(const std::string& name, const Value& facts) {
  const std::string server = facts.text("server");
  const Microseconds took(std::llround(facts.number("tookMs") * 1000));
  std::string line = fmt::format("{} → {} from {}", name, listed(facts.find("addresses")),
                                 server.empty() ? "the hosts file" : server);
  if (!server.empty()) line += " in " + to_human(took);
  const Value* const ttl = facts.find("ttlSec");
  if (ttl != nullptr && ttl->is_number()) line += fmt::format(", TTL {:g} s", ttl->as_number());
  if (used_last_known(facts))
    line += "; too late for the checks, which took the last known address";
  return line;
}

}  // namespace

Value name_value(const NameFacts& facts) {
  Value addresses = Value::array();
  for (const std::string& address : facts.addresses) addresses.push(address);
  Value value;
  value.set("outcome", outcome_name(facts.outcome));
  value.set("tookMs", static_cast<double>(facts.took.count()) / 1000.0);
  value.set("server", facts.server);
  value.set("ttlSec", facts.ttl ? Value(std::int64_t{facts.ttl->count()}) : Value());
  value.set("addresses", std::move(addresses));
  value.set("usedLastKnownAddress", facts.is_last_good);
  value.set("detail", facts.detail);
  return value;
}

std::string name_line(const std::string& name, const Value& facts) {
  const std::string detail = facts.text("detail");
  if (facts.text("outcome") == outcome_name(CheckOutcome::Success)) {
    return resolved(name, facts) + (detail.empty() ? "" : "; " + detail);
  }
  return fmt::format("{} did not resolve: {}{}", name,
                     detail.empty() ? facts.text("outcome") : detail,
                     used_last_known(facts) ? "; its last known address was checked" : "");
}

}  // namespace lw::cli
