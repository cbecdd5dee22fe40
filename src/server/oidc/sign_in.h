// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/result.h"
#include "base/thread.h"
#include "io/http_server.h"
#include "server/control.h"
#include "server/oidc/attempts.h"
#include "server/oidc/provider.h"
#include "server/oidc/roles.h"
#include "server/oidc/settings.h"
#include "server/sessions.h"

namespace lw::server::oidc {

/// Signs people in with an OpenID provider: authorization code with PKCE (OpenID Connect Core 3.1,
/// RFC 7636, RFC 9700). The browser is sent to the provider and comes back with a code, which is
/// exchanged for an ID token that says who it is. Whoever fits a rule gets a session; everybody
/// else goes back to the sign-in page with `?signIn=` and a word that the page explains. What
/// exactly was wrong stands in the server's log and in the audit log.
///
/// One thread asks the provider. begin() and finish() may be called from any thread, do not block,
/// and answer later.
class SignIn {
 public:
  /// `sessions`, `control` and `clock` must outlive it.
  static Result<std::unique_ptr<SignIn>> start(Settings settings, Sessions& sessions,
                                               Control& control, const Clock& clock);
  ~SignIn();
  SignIn(const SignIn&) = delete;
  SignIn& operator=(const SignIn&) = delete;
  /// Ends what is under way; who waits is told that the provider cannot be reached, and so is who
  /// comes later. Call it once `control` has stopped, whose work may call back.
  void stop();

  /// Sends a browser to the provider. Parameter `to`: where here it wants to be afterwards.
  void begin(io::HttpRequest request, const io::HttpResponder& responder);
  /// A browser is back from it.
  void finish(io::HttpRequest request, const io::HttpResponder& responder);

  /// What the button says.
  [[nodiscard]] const std::string& name() const { return settings_.name; }
  [[nodiscard]] const std::shared_ptr<const Roles>& roles() const { return roles_; }
  /// Where to sign out of the provider as well; empty if that is not wanted, or not possible.
  [[nodiscard]] std::string sign_out_url() const;

 private:
  SignIn(Settings settings, std::shared_ptr<const Roles> roles, Sessions& sessions,
         Control& control, const Clock& clock);
  using Work = std::function<void()>;
  void post(const io::HttpResponder& responder, Work work);
  void send_to_provider(const io::HttpRequest& request, const io::HttpResponder& responder);
  void take_answer(const io::HttpRequest& request, const io::HttpResponder& responder);
  Result<Attempt> attempt_of(const io::HttpRequest& request);
  Result<std::string> code_of(const io::HttpRequest& request, const Endpoints& endpoints) const;
  void admit(const io::HttpRequest& request, const io::HttpResponder& responder,
             const Attempt& attempt, const Value& claims);
  void refuse(const io::HttpRequest& request, const io::HttpResponder& responder,
              const std::string& word, const std::string& reason, const std::string& who = {});

  const Settings settings_;
  const std::shared_ptr<const Roles> roles_;
  Sessions& sessions_;
  Control& control_;
  const Clock& clock_;
  Flag stopping_;
  Guarded<std::string> end_session_;          ///< the provider's, once it has said
  Attempts attempts_;                         ///< on the thread
  Provider provider_;                         ///< on the thread
  Channel<Work> work_{64, WhenFull::Refuse};  // HTTP loops → thread
  Thread thread_;
};

}  // namespace lw::server::oidc
