// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/arm/arm.h"

namespace lw::server::arm {

/// What a long-running operation was started for. Its value goes into ids, so it stays.
enum class OperationKind : unsigned char { Put = 1, Delete = 2, StopOrStart = 3, Check = 4 };

/// The id of an operation, in the form of a UUID. It carries its kind and a mark that only this
/// server can make, so that nothing has to be kept: work here is done when the first answer leaves,
/// and whoever asks for the operation, after a restart too, learns that it succeeded. Only checks
/// take their time, and their outcome is kept for an hour (Control::operations). Pure but for the
/// random part.
std::string make_operation_id(OperationKind kind, std::string_view key);
/// Nothing if this server did not make it.
std::optional<OperationKind> kind_of_operation(std::string_view id, std::string_view key);

/// The headers with which an answer says that its work is done elsewhere: where to poll, and after
/// how long. PUT has the first URL only; the others have one for the result as well.
Headers operation_headers(const Services& services, const Call& call, OperationKind kind,
                          std::string_view location);

}  // namespace lw::server::arm
