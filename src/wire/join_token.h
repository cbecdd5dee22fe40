// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace lw::wire {

/// What an operator carries from the server to a new agent: a secret that is good for joining, and
/// the fingerprint of the server's CA, so that the agent knows whom it talks to before it has any
/// certificate. Text form: "lw1-<32 hex digits of secret>-<64 hex digits of SHA-256 of the CA>".
struct JoinToken {
  std::string secret;  ///< hex
  std::string authority_sha256_hex;
};

std::string to_string(const JoinToken& token);
Result<JoinToken> parse_join_token(std::string_view text);

}  // namespace lw::wire
