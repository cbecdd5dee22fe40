// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "io/http_server.h"
#include "server/credentials.h"
#include "server/oidc/roles.h"
#include "server/sessions.h"
#include "server/sign_in_limit.h"

namespace lw::server {

/// Finds out who calls, by bearer token or by a session's cookie, and slows down who guesses. Any
/// thread; does not block.
class Gate {
 public:
  /// All of it must outlive the gate.
  Gate(Credentials& credentials, Sessions& sessions, const Clock& clock)
      : credentials_(credentials), sessions_(sessions), clock_(clock) {}

  /// From now on these rules say what people of the provider may do. Before, and without any,
  /// nobody is let in by a provider's word.
  void set_roles(std::shared_ptr<const oidc::Roles> roles);

  /// Who calls; nobody without a good token or session. LimitExceeded: too many wrong tokens came
  /// from there (a good one is always heard: others may share its address). PermissionDenied: the
  /// call has a cookie and would change something, but does not show that a page of ours made it.
  Result<std::optional<Caller>> caller_of(const io::HttpRequest& request);
  /// Whether somebody is behind the request, so that a large body may be taken in.
  bool knows(const io::HttpRequest& request);
  /// The token that somebody signs in with. Unauthenticated if it is wrong; LimitExceeded as above.
  Result<registry::ApiToken> token_of(const std::string& text, const std::string& remote_address);
  /// When the session behind the request is over for certain, however much it is used.
  std::optional<Timestamp> session_end_of(const io::HttpRequest& request);
  /// Whether a provider has signed in who is behind the request's session.
  bool is_of_provider(const io::HttpRequest& request);

 private:
  std::optional<Caller> caller_by_cookie(const io::HttpRequest& request);
  Result<void> count_wrong(const std::string& remote_address);

  Credentials& credentials_;
  Sessions& sessions_;
  const Clock& clock_;
  Guarded<SignInLimit> limit_;
  Guarded<std::shared_ptr<const oidc::Roles>> roles_;  ///< null without a provider
};

/// 429 or 403, for the errors of Gate::caller_of and token_of.
void refuse_at_gate(const io::HttpResponder& responder, const Error& error);

/// Browsers send a session's cookie with what other sites make them send, but not this header
/// (it would need our leave, by CORS, which is never given).
inline constexpr const char* kOwnPageHeader = "X-Linewatch";

}  // namespace lw::server
