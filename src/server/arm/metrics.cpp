// SPDX-License-Identifier: Apache-2.0
// Microsoft.Insights: metrics, metricDefinitions and metricNamespaces of connection monitors, and
// metrics of many resources at once.
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "base/text.h"
#include "model/resource_id.h"
#include "server/arm/arm.h"
#include "server/arm/resources.h"
#include "server/metrics/answer.h"

namespace lw::server::arm {
namespace {

constexpr std::size_t kBatchMax = 50;  ///< resources at once, as Azure has it

/// One resource's part of a question: everything that the query thread needs.
struct Asked {
  std::string resource_id;
  std::string region;
  metrics::Query query;
  metrics::Plan plan;
};

Refusal refusal_of(const Error& error) {
  if (error.code != ErrorCode::InvalidInput) return to_refusal(error);
  return {.code = "BadRequest", .message = error.message};
}

std::vector<metrics::Candidate> candidates_of(const Control& control,
                                              const ConnectionMonitor& monitor) {
  std::unordered_map<AgentId, Agent> agents;
  for (AgentView& view : control.agents()) agents.emplace(view.agent.id, std::move(view.agent));
  std::vector<metrics::Candidate> candidates;
  for (const TestId id : control.live().tests_of(monitor.name)) {
    const LiveTest& live = *control.live().find(id);
    const auto agent = agents.find(live.test.agent);
    candidates.push_back(
        {id,
         metrics::dimensions_of(live, monitor, agent == agents.end() ? nullptr : &agent->second)});
  }
  return candidates;
}

Result<Asked> ask(const Services& services, const Call& call, const FoundMonitor& found) {
  const auto parameter = [&](std::string_view name) { return call.request.parameter(name); };
  Asked asked;
  asked.query = TRY(metrics::read_query(parameter, found.model->form, services.clock.wall_now()));
  asked.plan = metrics::plan_query(asked.query, candidates_of(services.control, *found.model));
  asked.resource_id = monitor_id(services.control.subscription_id(), place_of(found.stored->name));
  asked.region = found.stored->document.text("location", found.watcher->location);
  return asked;
}

/// The answer's parts that both interfaces share.
Result<Value> metric_list_of(store::Client& client, const Asked& asked) {
  const auto steps = TRY(store::metric_steps(client, asked.plan.question));
  return metrics::metric_list(asked.query, asked.plan, steps, asked.resource_id);
}

/// Hands `work`, which answers, to the query threads.
void on_store(Services& services, const Call& call, std::function<void(store::Client&)> work) {
  if (services.history.query(std::move(work))) return;
  refuse(call, {.status = 429,
                .code = "TooManyRequests",
                .message = "Too many queries at once; try again soon.",
                .headers = {{"Retry-After", "2"}}});
}

void get_metrics(Services& services, const Call& call) {
  const MonitorPlace place = place_in(call);
  const auto found = find_monitor(services.control, place);
  if (!found) return refuse(call, monitor_not_found(place));
  const auto asked = ask(services, call, *found);
  if (!asked) return refuse(call, refusal_of(asked.error()));
  on_store(services, call, [call, asked = *asked](store::Client& client) {
    auto list = metric_list_of(client, asked);
    if (!list) return refuse(call, to_refusal(list.error()));
    const auto minutes = (asked.query.to - asked.query.from) / std::chrono::minutes(1);
    reply(call, Value::object({{"cost", std::max<std::int64_t>(0, minutes - 1)},
                               {"timespan", metrics::timespan_text(asked.query)},
                               {"interval", metrics::interval_text(asked.query)},
                               {"namespace", metrics::kNamespace},
                               {"resourceregion", asked.region},
                               {"value", std::move(*list)}}));
  });
}

void get_definitions(Services& services, const Call& call) {
  const MonitorPlace place = place_in(call);
  const auto found = find_monitor(services.control, place);
  if (!found) return refuse(call, monitor_not_found(place));
  const std::string id =
      monitor_id(services.control.subscription_id(), place_of(found->stored->name));
  reply(call, Value::object({{"value", metrics::definition_list(found->model->form, id,
                                                                services.control.keep_days())}}));
}

void get_namespaces(Services& services, const Call& call) {
  const MonitorPlace place = place_in(call);
  const auto found = find_monitor(services.control, place);
  if (!found) return refuse(call, monitor_not_found(place));
  const std::string name(metrics::kNamespace);
  Value one = Value::object(
      {{"id", fmt::format("{}/providers/microsoft.insights/metricNamespaces/{}",
                          monitor_id(services.control.subscription_id(), place), name)},
       {"type", "Microsoft.Insights/metricNamespaces"},
       {"name", name},
       {"classification", "Platform"},
       {"properties", Value::object({{"metricNamespaceName", name}})}});
  reply(call, Value::object({{"value", Value(Value::Array{std::move(one)})}}));
}

// --- many at once -----------------------------------------------------------------------------

/// The ids in the body; refuses the request if there are none.
std::optional<std::vector<std::string>> read_resource_ids(const Call& call) {
  const auto body = read_body(call);
  if (!body) return std::nullopt;
  const Value* const list = body->find("resourceids");
  std::vector<std::string> ids;
  if (list != nullptr && list->is_array()) {
    for (const Value& item : list->as_array()) {
      if (item.is_string()) ids.push_back(item.as_string());
    }
  }
  if (!ids.empty() && ids.size() <= kBatchMax && ids.size() == list->as_array().size()) return ids;
  refuse(call, {.code = "BadRequest",
                .message = fmt::format("`resourceids` must be a list of 1 to {} resource ids.",
                                       kBatchMax)});
  return std::nullopt;
}

Value batch_value(const Asked& asked, Value list) {
  return Value::object({{"starttime", to_iso8601(asked.query.from)},
                        {"endtime", to_iso8601(asked.query.to)},
                        {"interval", metrics::interval_text(asked.query)},
                        {"namespace", metrics::kNamespace},
                        {"resourceregion", asked.region},
                        {"resourceid", asked.resource_id},
                        {"value", std::move(list)}});
}

void get_batch(Services& services, const Call& call, const std::vector<std::string>& ids) {
  std::vector<Asked> all;
  for (const std::string& id : ids) {
    const auto place = parse_monitor_id(services.control.subscription_id(), id);
    if (!place || !call.scope->covers_monitor(*place)) {
      return call.scope->covers_all() ? refuse(call, provider_not_found(id))
                                      : refuse(call, not_authorized(call.caller, id));
    }
    const auto found = find_monitor(services.control, *place);
    if (!found) return refuse(call, provider_not_found(id));
    auto asked = ask(services, call, *found);
    if (!asked) return refuse(call, refusal_of(asked.error()));
    all.push_back(std::move(*asked));
  }
  on_store(services, call, [call, all = std::move(all)](store::Client& client) {
    Value values = Value::array();
    for (const Asked& asked : all) {
      auto list = metric_list_of(client, asked);
      if (!list) return refuse(call, to_refusal(list.error()));
      values.push(batch_value(asked, std::move(*list)));
    }
    reply(call, Value::object({{"values", std::move(values)}}));
  });
}

}  // namespace

void add_metric_routes(Router& router, Services& services) {
  const std::string insights = std::string(kMonitorPath) + "/providers/Microsoft.Insights/";
  const auto add = [&](const char* noun, void (*handle)(Services&, const Call&)) {
    router.add(
        "GET", insights + noun, {Access::Reader, Reach::Path}, [&services, handle](Call call) {
          on_subscription(services, std::move(call),
                          [&services, handle](const Call& inner) { handle(services, inner); });
        });
  };
  add("metrics", get_metrics);
  add("metricDefinitions", get_definitions);
  add("metricNamespaces", get_namespaces);
  router.add("POST", "/subscriptions/{subscription}/metrics:getBatch", {Access::Reader, Reach::Own},
             [&services](Call call) {
               auto ids = read_resource_ids(call);
               if (!ids) return;
               on_subscription(services, std::move(call),
                               [&services, ids = std::move(*ids)](const Call& inner) {
                                 get_batch(services, inner, ids);
                               });
             });
}

}  // namespace lw::server::arm
