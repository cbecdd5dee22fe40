// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/services.h"
#include "server/logs/answer.h"
#include "server/logs/service.h"

/// The query API of Log Analytics, and our own ways to the same tables (docs/logs.md).
namespace lw::server::logs {

using api::Access;
using api::Call;
using api::Reach;
using api::Router;

/// All routes below. Both outlive the router.
void add_routes(Router& router, api::Services& services, Service& service);

// Each adds the routes of one subject.
void add_query_routes(Router& router, api::Services& services, Service& service);
void add_batch_routes(Router& router, Service& service);
void add_metadata_routes(Router& router, Service& service);
void add_native_routes(Router& router, Service& service);
void add_workspace_routes(Router& router, Service& service);
void add_saved_routes(Router& router, Service& service);

/// What a request asks, from its URL and body; `workspace` is the one that the path names.
Outcome<Question> read_question(const Call& call, const std::string& workspace);
/// The same from a body that has been read: {"query", "timespan", "workspaces"}.
Outcome<Question> read_question(const Value& body, const std::string& workspace);
/// Whether the caller may read the audit log: an administrator whose token has no scope.
bool sees_audit(const Call& call);
/// The first workspace that the caller may ask, where a request names none.
std::string default_workspace(const Service& service, const Call& call);

/// The tables with their columns, those of the audit log only if it is seen, and the words of the
/// language, for editors.
Value schema_value(bool sees_audit);
Value capabilities_value();

void reply(const Call& call, std::string body, const std::string& content_type = {});
void refuse(const Call& call, const Failure& failure);

}  // namespace lw::server::logs
