// SPDX-License-Identifier: Apache-2.0
// Signing in with an OpenID provider (server/oidc/sign_in.h), for browsers. Nobody is signed in yet
// here, so everybody may call these.
#include "server/oidc/sign_in.h"

#include "server/api/services.h"

namespace lw::server::api {
namespace {

Value provider_value(const oidc::SignIn* provider) {
  if (provider == nullptr) return {};
  return Value::object({{"name", provider->name()}, {"url", "/api/v1/oidc/login"}});
}

/// The part of a sign-in that `step` is; 404 without a provider.
void run(const Services& services, Call call,
         void (oidc::SignIn::*step)(io::HttpRequest, const io::HttpResponder&)) {
  if (services.oidc == nullptr) {
    return answer_error(call.responder,
                        {ErrorCode::NotFound,
                         "no OpenID provider is configured here (`linewatch server --oidc FILE`)"});
  }
  (services.oidc->*step)(std::move(call.request), call.responder);
}

}  // namespace

void add_sign_in_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/sign-in", Access::Everybody, [&](const Call& call) {
    answer(call, Value::object({{"provider", provider_value(services.oidc)}}));
  });
  router.add("GET", "/api/v1/oidc/login", Access::Everybody,
             [&](Call call) { run(services, std::move(call), &oidc::SignIn::begin); });
  router.add("GET", "/api/v1/oidc/callback", Access::Everybody,
             [&](Call call) { run(services, std::move(call), &oidc::SignIn::finish); });
}

}  // namespace lw::server::api
