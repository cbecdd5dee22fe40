// SPDX-License-Identifier: Apache-2.0
// Control: tokens of the API, and the log of who changed what.
#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "io/pki.h"
#include "server/control.h"
#include "server/credentials.h"

namespace lw::server {
namespace {

constexpr std::int64_t kAuditEntriesMax = 100'000;

}  // namespace

Result<std::vector<registry::ApiToken>> Control::api_tokens() { return registry_.api_tokens(); }

Result<std::string> Control::create_api_token(const std::string& name, registry::Role role,
                                              std::optional<std::chrono::seconds> life,
                                              std::optional<std::vector<std::string>> scopes) {
  const auto known = TRY(registry_.api_tokens());
  if (std::ranges::find(known, name, &registry::ApiToken::name) != known.end()) {
    return fail(ErrorCode::Conflict,
                fmt::format("there is a token `{}` already; remove it or use another name", name));
  }
  std::string text = make_token();
  const Timestamp now = clock_.wall_now();
  registry::ApiToken token{.name = name,
                           .role = role,
                           .sha256 = io::sha256(text),
                           .created = now,
                           .expires = {},
                           .scopes = std::move(scopes)};
  if (life) token.expires = now + *life;
  TRY(registry_.put_api_token(token));
  return text;
}

Result<void> Control::remove_api_token(const std::string& name) {
  if (name == kAdminTokenName) {
    return fail(ErrorCode::Conflict,
                "the token `admin` is the one in admin.token; to change it, remove that file and "
                "start the server again");
  }
  return registry_.remove_api_token(name);
}

void Control::audit(registry::AuditEntry entry) {
  entry.at = clock_.wall_now();
  const auto written = registry_.add_audit_entry(entry, kAuditEntriesMax);
  if (written) return;
  // What was done is done; at least the log of this process has it.
  log::warning("audit", fmt::format("{} {} by {} from {} ({}) is not in the audit log: {}",
                                    entry.method, entry.target, entry.caller, entry.address,
                                    entry.status, written.error().message));
}

Result<std::vector<registry::AuditEntry>> Control::audit_entries(std::size_t limit) {
  return registry_.audit_entries(limit);
}

Result<std::vector<registry::NumberedAuditEntry>> Control::audit_entries_behind(std::int64_t number,
                                                                                std::size_t limit) {
  return registry_.audit_entries_behind(number, limit);
}

}  // namespace lw::server
