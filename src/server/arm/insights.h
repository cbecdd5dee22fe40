// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "model/diagnostic.h"
#include "model/resource_id.h"
#include "registry/alert_records.h"
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

}  // namespace lw::server::arm
