// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/api/services.h"

/// The manner of Azure Resource Manager, which its clients depend on: what every answer below
/// /subscriptions has in common. Facts: the Azure SDKs' behaviour on the wire.
namespace lw::server::arm {

using api::Access;
using api::Call;
using api::Reach;
using api::Router;
using api::Services;

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Why a request is refused, in Azure's words where they are known.
struct Refusal {
  int status = 400;
  std::string code;
  std::string message;
  Value details = Value::array();  ///< list of {code, target, message}
  Headers headers = {};
};

/// Whether the path of the request target is one of Azure's: after any number of slashes,
/// "subscriptions", "providers" or "tenants", in any case.
bool is_arm_path(const std::vector<std::string>& segments);

void reply(const Call& call, const Value& body, int status = 200, Headers headers = {});
/// Without a body.
void reply_empty(const Call& call, int status, Headers headers = {});
void refuse(const io::HttpRequest& request, const io::HttpResponder& responder,
            const Refusal& refusal);
void refuse(const Call& call, const Refusal& refusal);
/// The refusal for an error of the server's inner parts.
Refusal to_refusal(const Error& error);

/// The refusal for who may not call: without a valid token, or with one of too low a role.
Refusal not_allowed(const io::HttpRequest& request, bool is_known);
/// 403 for what lies outside of the caller's scope, there or not.
Refusal not_authorized(std::string_view caller, std::string_view path);
/// 404, or 405 if other methods are `allowed` there.
Refusal nothing_there(std::string_view path, const std::vector<std::string>& allowed);

/// Nothing if the request's api-version is well-formed: YYYY-MM-DD, perhaps with "-preview" or
/// the like behind it. Every version gets the same answers.
std::optional<Refusal> check_api_version(const io::HttpRequest& request);

/// The gateway's 404, for a resource that is asked for, and the provider's, for one that is to act.
Refusal resource_not_found(std::string_view type_and_name, std::string_view resource_group);
Refusal provider_not_found(std::string_view resource_id);

/// "https://HOST" as the client knows this server: what it wrote into Host, or what the proxy in
/// front of us says. Clients send their token only to what they asked.
std::string origin_of(const io::HttpRequest& request);

/// The body as a JSON object; refuses the request if it is none.
std::optional<Value> read_body(const Call& call);

/// Refuses what does not fit the resource's present etag (RFC 9110 §13.1). `etag` is empty if the
/// resource does not exist.
std::optional<Refusal> check_preconditions(const io::HttpRequest& request, const std::string& etag);

/// Runs `work(call)` on the control thread if the path's {subscription} is this server's.
template <class Work>
void on_subscription(Services& services, Call call, Work work);

/// The refusal for a subscription that is not this server's.
Refusal subscription_not_found(std::string_view subscription);
bool is_own_subscription(const Services& services, const Call& call);

template <class Work>
void on_subscription(Services& services, Call call, Work work) {
  api::on_control(services, std::move(call),
                  [&services, work = std::move(work)](const Call& inner) {
                    if (!is_own_subscription(services, inner)) {
                      refuse(inner, subscription_not_found(inner.path.at("subscription")));
                      return;
                    }
                    work(inner);
                  });
}

// Each adds the routes of one subject.
void add_monitor_routes(Router& router, Services& services);
void add_watcher_routes(Router& router, Services& services);
void add_diagnostic_routes(Router& router, Services& services);
void add_provider_routes(Router& router, Services& services);
void add_metric_routes(Router& router, Services& services);
void add_alert_routes(Router& router, Services& services);
void add_action_group_routes(Router& router, Services& services);
void add_operation_routes(Router& router, Services& services);

}  // namespace lw::server::arm
