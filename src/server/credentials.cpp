// SPDX-License-Identifier: Apache-2.0
#include "server/credentials.h"

#include "base/files.h"
#include "base/random.h"
#include "base/text.h"
#include "io/pki.h"

namespace lw::server {
namespace {

/// Shorter ones can be guessed. An empty file would let everybody in.
constexpr std::size_t kTokenLengthMin = 16;

}  // namespace

std::optional<registry::Role> Credentials::role_of(const std::string& authorization) const {
  constexpr std::string_view kScheme = "bearer ";
  if (!to_lower(std::string_view(authorization).substr(0, kScheme.size())).starts_with(kScheme)) {
    return std::nullopt;
  }
  const std::string_view token = trim(std::string_view(authorization).substr(kScheme.size()));
  const auto found = roles_.find(io::sha256(token));
  if (found == roles_.end()) return std::nullopt;
  return found->second;
}

Result<std::string> ensure_admin_token(const std::string& directory, registry::Registry& registry) {
  const std::string path = directory + "/admin.token";
  std::string token;
  if (file_exists(path)) {
    token = std::string(trim(TRY(read_file(path))));
    if (token.size() < kTokenLengthMin) {
      return fail(ErrorCode::InvalidInput,
                  path +
                      " holds no token of 16 characters or more; remove it, and the next start "
                      "makes a new one");
    }
  } else {
    token = "lwt-" + hex_of(random_bytes(24));
    TRY(write_file_atomically(path, token + "\n", 0600));
  }
  // Always registered: the file is what the operator holds on to.
  TRY(registry.add_api_token(io::sha256(token), "admin", registry::Role::Administrator));
  return token;
}

}  // namespace lw::server
