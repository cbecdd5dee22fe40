// SPDX-License-Identifier: Apache-2.0
// Connection monitors: apply and plan of whole files, and one at a time.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "model/codec.h"
#include "model/expand.h"
#include "model/limits.h"
#include "server/api/services.h"
#include "server/api/shapes.h"
#include "server/plan.h"

namespace lw::server::api {
namespace {

/// A body that has passed all checks.
struct Submission {
  std::vector<ConnectionMonitor> models;
  std::vector<Value> documents;  ///< as sent, one for each model
};

Value fault_value(const Diagnostic& fault) {
  Value value;
  value.set("message", fault.message);
  value.set("path", fault.path);
  if (!fault.file.empty()) value.set("file", fault.file);
  if (fault.at.line > 0) {
    value.set("line", fault.at.line);
    value.set("column", fault.at.column);
  }
  value.set("text", to_string(fault));
  return value;
}

Value fault_list(const std::vector<Diagnostic>& faults) {
  Value list = Value::array();
  for (const Diagnostic& fault : faults) list.push(fault_value(fault));
  return list;
}

void answer_faults(const Call& call, const std::vector<Diagnostic>& faults) {
  answer_error(
      call.responder,
      {ErrorCode::InvalidInput, fmt::format("{} in the connection monitors; nothing was changed",
                                            counted(faults.size(), "fault"))},
      fault_list(faults));
}

/// The document and the name under which its faults are reported. YAML unless the caller says JSON;
/// it reads both.
Result<Value> read_document(const io::HttpRequest& request) {
  const bool is_json = request.header("Content-Type").starts_with("application/json");
  auto document = is_json ? parse_json(request.body) : parse_yaml(request.body);
  const std::string file = request.parameter("file");
  if (!document && !file.empty()) return std::unexpected(document.error().during(file));
  return document;
}

/// The list item that a model came from: what its owner wrote, kept as it is.
std::vector<Value> documents_of(const Value& document) {
  const Value* const list = document.find("connectionMonitors");
  return list != nullptr && list->is_array() ? list->as_array() : std::vector<Value>{};
}

/// Reads the body, answering the caller if it is refused.
std::optional<Submission> read_submission(const Call& call) {
  const auto document = read_document(call.request);
  if (!document) {
    answer_error(call.responder, document.error());
    return std::nullopt;
  }
  MonitorsRead read = read_monitor_file(*document, call.request.parameter("file"));
  if (!read.faults.empty()) {
    answer_faults(call, read.faults);
    return std::nullopt;
  }
  return Submission{std::move(read.monitors), documents_of(*document)};
}

std::string kind_name(MonitorChange::Kind kind) {
  switch (kind) {
    case MonitorChange::Kind::Created:
      return "created";
    case MonitorChange::Kind::Updated:
      return "updated";
    case MonitorChange::Kind::Unchanged:
      return "unchanged";
    case MonitorChange::Kind::Removed:
      return "removed";
  }
  return "";
}

std::set<TestId> test_ids(const std::vector<ConnectionMonitor>& monitors,
                          const std::vector<Agent>& agents) {
  std::set<TestId> ids;
  for (const Test& test : plan_tests(monitors, agents)) ids.insert(test.id);
  return ids;
}

std::vector<Agent> agents_of(const Control& control) {
  std::vector<Agent> agents;
  for (AgentView& view : control.agents()) agents.push_back(std::move(view.agent));
  return agents;
}

const ConnectionMonitor* known_model(const Control& control, const std::string& name) {
  const auto& models = control.models();
  const auto found = std::ranges::find_if(models, [&](const ConnectionMonitor& model) {
    return equals_ignoring_case(model.name, name);
  });
  return found == models.end() ? nullptr : &*found;
}

/// What applying one monitor does: the fields that differ and how many tests come and go.
Value change_value(const MonitorChange& change, const ConnectionMonitor* before,
                   const ConnectionMonitor& after, const std::vector<Agent>& agents) {
  const std::set<TestId> had = before != nullptr ? test_ids({*before}, agents) : std::set<TestId>{};
  const std::set<TestId> has = test_ids({after}, agents);
  const auto missing_from = [](const std::set<TestId>& a, const std::set<TestId>& b) {
    return std::ranges::count_if(a, [&](TestId id) { return !b.contains(id); });
  };
  Value value;
  value.set("name", change.name);
  value.set("change", kind_name(change.kind));
  value.set("tests", std::uint64_t{has.size()});
  value.set("testsAdded", std::int64_t{missing_from(has, had)});
  value.set("testsRemoved", std::int64_t{missing_from(had, has)});
  value.set("differences", change.kind == MonitorChange::Kind::Updated && before != nullptr
                               ? differences(to_document(*before), to_document(after))
                               : Value::array());
  return value;
}

/// What is no fault, but may be a slip of the pen: agents that nobody has heard of yet.
Value warning_list(const std::vector<ConnectionMonitor>& models, const std::vector<Agent>& agents) {
  std::vector<std::string> texts;
  for (const ConnectionMonitor& model : models) {
    for (std::string& reason : missing_members(model, agents)) {
      if (reason.ends_with(" has joined")) reason += " yet";
      if (std::ranges::find(texts, reason) == texts.end()) texts.push_back(std::move(reason));
    }
  }
  Value list = Value::array();
  for (std::string& text : texts) list.push(std::move(text));
  return list;
}

void apply(Services& services, const Call& call, const Submission& submission, bool dry_run) {
  Control& control = services.control;
  for (const ConnectionMonitor& model : submission.models) {
    if (!call.scope->covers_monitor(model.name)) return refuse_scope(call);
  }
  const std::vector<Agent> agents = agents_of(control);
  if (const auto checked = control.check_room(submission.models); !checked) {
    answer_error(call.responder, checked.error());
    return;
  }
  // The change is described against the state before it.
  std::map<std::string, ConnectionMonitor> before;
  for (const ConnectionMonitor& model : submission.models) {
    if (const auto* known = known_model(control, model.name)) before[model.name] = *known;
  }
  const auto changes = control.apply(submission.models, submission.documents, dry_run);
  if (!changes) {
    answer_error(call.responder, changes.error());
    return;
  }
  Value list = Value::array();
  for (std::size_t i = 0; i < changes->size(); ++i) {
    const auto known = before.find((*changes)[i].name);
    list.push(change_value((*changes)[i], known != before.end() ? &known->second : nullptr,
                           submission.models[i], agents));
  }
  answer(call, Value::object({{"dryRun", dry_run},
                              {"changes", std::move(list)},
                              {"warnings", warning_list(submission.models, agents)}}));
}

void submit(Services& services, Call call, bool dry_run) {
  auto submission = read_submission(call);
  if (!submission) return;
  on_control(services, std::move(call),
             [&services, dry_run, submission = std::move(*submission)](const Call& inner) {
               apply(services, inner, submission, dry_run);
             });
}

// --- one monitor ------------------------------------------------------------------------------

Value monitor_value(const Control& control, const registry::StoredMonitor& stored) {
  StateSummary summary;
  for (const TestId id : control.live().tests_of(stored.name)) {
    summary.add(*control.live().find(id));
  }
  Value value;
  value.set("name", stored.name);
  summary.write(value);
  value.set("etag", stored.etag);
  value.set("created", to_iso8601(stored.created));
  value.set("updated", to_iso8601(stored.updated));
  value.set("document", stored.document);
  return value;
}

void list_monitors(Services& services, const Call& call) {
  Value list = Value::array();
  for (const registry::StoredMonitor& stored : services.control.monitors()) {
    if (!call.scope->covers_monitor(stored.name)) continue;
    list.push(monitor_value(services.control, stored));
  }
  answer(call, Value::object({{"value", std::move(list)}}));
}

void get_monitor(Services& services, const Call& call) {
  const auto* const found = services.control.find_monitor(call.path.at("name"));
  if (found == nullptr) {
    answer_error(call.responder,
                 {ErrorCode::NotFound,
                  fmt::format("there is no connection monitor `{}`", call.path.at("name"))});
    return;
  }
  answer(call, monitor_value(services.control, *found));
}

void put_monitor(Services& services, Call call) {
  auto document = read_document(call.request);
  if (!document) {
    answer_error(call.responder, document.error());
    return;
  }
  const std::string name = call.path.at("name");
  if (document->is_object()) document->set("name", name);
  Value file = Value::object({{"connectionMonitors", Value(Value::Array{*document})}});
  MonitorsRead read = read_monitor_file(file, call.request.parameter("file"));
  if (!read.faults.empty()) {
    answer_faults(call, read.faults);
    return;
  }
  on_control(services, std::move(call),
             [&services, submission = Submission{std::move(read.monitors), {*document}}](
                 const Call& inner) { apply(services, inner, submission, false); });
}

void delete_monitor(Services& services, const Call& call) {
  const auto removed = services.control.remove_monitor(call.path.at("name"));
  if (!removed) {
    answer_error(call.responder, removed.error());
    return;
  }
  call.responder.send({.status = 204, .headers = {}, .body = ""});
}

}  // namespace

void add_monitor_routes(Router& router, Services& services) {
  router.add("POST", "/api/v1/apply", {Access::Operator, Reach::Own},
             [&](Call call) { submit(services, std::move(call), false); });
  router.add("POST", "/api/v1/plan", {Access::Reader, Reach::Own},
             [&](Call call) { submit(services, std::move(call), true); });
  router.add("GET", "/api/v1/connection-monitors", {Access::Reader, Reach::Own}, [&](Call call) {
    on_control(services, std::move(call),
               [&](const Call& inner) { list_monitors(services, inner); });
  });
  router.add("GET", "/api/v1/connection-monitors/{name}", {Access::Reader, Reach::Path},
             [&](Call call) {
               on_control(services, std::move(call),
                          [&](const Call& inner) { get_monitor(services, inner); });
             });
  router.add("PUT", "/api/v1/connection-monitors/{name}", {Access::Operator, Reach::Path},
             [&](Call call) { put_monitor(services, std::move(call)); });
  router.add("DELETE", "/api/v1/connection-monitors/{name}", {Access::Operator, Reach::Path},
             [&](Call call) {
               on_control(services, std::move(call),
                          [&](const Call& inner) { delete_monitor(services, inner); });
             });
}

}  // namespace lw::server::api
