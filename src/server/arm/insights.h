// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "model/diagnostic.h"
#include "model/resource_id.h"
#include "registry/alert_records.h"
#include "server/alerts/submission.h"
#include "server/arm/arm.h"

/// What alert rules and action groups have in common as Azure's resources.
namespace lw::server::arm {

/// What {group} and {name} of the path name.
InsightsPlace insights_place_in(const Call& call);

/// The resource as a GET gives it. `type` is "metricAlerts" or "actionGroups".
Value insights_resource(const Services& services, const registry::StoredResource& stored,
                        std::string_view type, std::string_view default_location);

/// The refusal for a body with faults, in Azure's words where they are known.
Refusal insights_faults(const std::vector<Diagnostic>& faults);

/// 404 where there is none.
Refusal insights_not_found(std::string_view type, const InsightsPlace& place);

/// Why no resource can be made at that place; nothing if it can.
std::optional<Refusal> refuse_place(const Services& services, const InsightsPlace& place);

/// Says in a header what is kept and not done.
Headers not_served_header(const std::vector<std::string>& sentences);

using InsightsHandler = void (*)(Services&, const Call&);

/// ".../resourceGroups/{group}/providers/Microsoft.Insights/TYPE/{name}".
std::string insights_pattern(std::string_view type);

/// Adds a route whose handler runs on the control thread.
void add_insights_route(Router& router, Services& services, const char* method,
                        const std::string& pattern, Access access, InsightsHandler handle);

/// What serves the resources of one type. All but `read` run on the control thread.
template <class Model>
struct InsightsHandlers {
  InsightsHandler list;  ///< of the path's resource group, or of all if it names none
  InsightsHandler get;
  InsightsHandler remove;
  alerts::Submission<Model> (*read)(const Value& body);  ///< a PUT's body, on the HTTP threads
  void (*put)(Services&, const Call&, const alerts::Submission<Model>&);
  void (*patch)(Services&, const Call&, const Value& body);
};

/// Adds the routes by which resources of that type are listed, got, made, changed and removed.
template <class Model>
void add_insights_routes(Router& router, Services& services, std::string_view type,
                         const InsightsHandlers<Model>& handlers);

void add_insights_reads(Router& router, Services& services, std::string_view type,
                        InsightsHandler list, InsightsHandler get);

template <class Model>
void add_insights_routes(Router& router, Services& services, std::string_view type,
                         const InsightsHandlers<Model>& handlers) {
  const std::string one = insights_pattern(type);
  add_insights_reads(router, services, type, handlers.list, handlers.get);
  add_insights_route(router, services, "DELETE", one, Access::Operator, handlers.remove);
  router.add("PUT", one, {Access::Operator, Reach::Own}, [&services, handlers](Call call) {
    const auto body = read_body(call);
    if (!body) return;
    on_subscription(services, std::move(call),
                    [&services, put = handlers.put, submission = handlers.read(*body)](
                        const Call& inner) { put(services, inner, submission); });
  });
  router.add("PATCH", one, {Access::Operator, Reach::Own}, [&services, handlers](Call call) {
    auto body = read_body(call);
    if (!body) return;
    on_subscription(services, std::move(call),
                    [&services, patch = handlers.patch,
                     body = std::move(*body)](const Call& inner) { patch(services, inner, body); });
  });
}

}  // namespace lw::server::arm
