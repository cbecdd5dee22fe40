// SPDX-License-Identifier: Apache-2.0
#include "wire/join_token.h"

#include "base/text.h"

namespace lw::wire {

std::string to_string(const JoinToken& token) {
  return "lw1-" + token.secret + "-" + token.authority_sha256_hex;
}

Result<JoinToken> parse_join_token(std::string_view text) {
  const std::vector<std::string> parts = split(trim(text), '-');
  const bool is_good = parts.size() == 3 && parts[0] == "lw1" && parts[1].size() == 32 &&
                       parts[2].size() == 64 && bytes_of_hex(parts[1]) && bytes_of_hex(parts[2]);
  if (!is_good) {
    return fail(ErrorCode::InvalidInput,
                "the join token is not whole; copy all of what `linewatch agent token create` "
                "printed (it begins with lw1-)");
  }
  return JoinToken{to_lower(parts[1]), to_lower(parts[2])};
}

}  // namespace lw::wire
