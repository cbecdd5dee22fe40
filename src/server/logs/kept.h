// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "registry/documents.h"

namespace lw::server::logs {

// Kinds of documents in the registry.
inline constexpr std::string_view kQueryKind = "query";
inline constexpr std::string_view kWorkspaceKind = "workspace";

/// What releases before this kept of the logs in files of their own, taken over into the registry:
/// `queries.json` and `workspaces.json` in `folder`. A file that was taken over is called `….taken`
/// afterwards; what cannot be read is an error, and stays. Safe to repeat after a crash.
Result<void> take_over_files(const std::string& folder, registry::Documents& documents);

}  // namespace lw::server::logs
