// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/document.h"
#include "base/result.h"
#include "base/time.h"
#include "io/http_client.h"
#include "server/oidc/discovery.h"
#include "server/oidc/id_token.h"
#include "server/oidc/settings.h"

namespace lw::server::oidc {

/// What came back from the provider with the browser, and what it is held to.
struct Answer {
  std::string code;
  std::string verifier;
  std::string nonce;
};

/// Asks the provider over https with its certificate checked, or on this host. What it says of
/// itself and its keys are kept for an hour; a key that is not among them is asked for at once, but
/// not over and over. One thread at a time; calls block for as long as the provider takes, some
/// seconds at most.
class Provider {
 public:
  /// `settings` and `clock` must outlive it. `give_up` ends what is under way (io/http_client.h).
  Provider(const Settings& settings, const Clock& clock, std::function<bool()> give_up)
      : settings_(settings), clock_(clock), give_up_(std::move(give_up)) {}

  /// Unavailable if the provider cannot be reached, InvalidInput if it is not what it should be.
  Result<Endpoints> endpoints();
  /// Exchanges the code for the claims of a verified ID token. Unauthenticated if the provider
  /// refuses or its token is not to be believed; else as endpoints().
  Result<Value> claims_for(const Answer& answer);

 private:
  Result<io::HttpClientResponse> send(io::HttpClientRequest request);
  Result<Value> fetch(const std::string& url);
  Result<void> fetch_keys();
  bool may_fetch_keys_early();
  Result<std::string> ask_for_token(const Endpoints& endpoints, const Answer& answer);

  const Settings& settings_;
  const Clock& clock_;
  std::function<bool()> give_up_;
  io::HttpClient client_;
  Endpoints endpoints_;
  Instant endpoints_good_until_{};  ///< long ago: not known
  KeySet keys_;
  Instant keys_good_until_{};  ///< likewise
  Instant early_fetches_paid_until_{};
};

}  // namespace lw::server::oidc
