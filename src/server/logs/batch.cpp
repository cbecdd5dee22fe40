// SPDX-License-Identifier: Apache-2.0
// POST /v1/$batch: several queries in one request.
#include "base/text.h"
#include "server/logs/routes.h"

namespace lw::server::logs {
namespace {

constexpr std::size_t kItemsMax = 100;

/// The answers of a batch as they come; sent in the order of the requests, since clients match by
/// place and not by id.
class Batch {
 public:
  Batch(Call call, std::size_t size) : call_(std::move(call)), state_(State{{}, size}) {
    state_.with([&](State& state) { state.answers.resize(size); });
  }

  void put(std::size_t place, const Value& id, int status, const std::string& body) {
    std::string text = R"({"id":)" + to_json(id) + R"(,"status":)" + std::to_string(status) +
                       R"(,"headers":{},"body":)" + body + "}";
    const bool is_last = state_.with([&](State& state) {
      state.answers[place] = std::move(text);
      return --state.missing == 0;
    });
    if (is_last) send();
  }

  [[nodiscard]] const Call& call() const { return call_; }

 private:
  struct State {
    std::vector<std::string> answers;
    std::size_t missing = 0;
  };
  void send() {
    const std::string all =
        state_.with([](const State& state) { return join(state.answers, ","); });
    reply(call_, R"({"responses":[)" + all + "]}");
  }

  const Call call_;
  Guarded<State> state_;
};

std::string header_of(const Value& item, std::string_view name) {
  const Value* const headers = item.find("headers");
  if (headers == nullptr || !headers->is_object()) return {};
  for (const auto& [key, value, location] : headers->as_object()) {
    if (equals_ignoring_case(key, name) && value.is_string()) return value.as_string();
  }
  return {};
}

void run_item(Service& service, const std::shared_ptr<Batch>& batch, std::size_t place,
              const Value& item) {
  const Value* const given = item.find("id");
  const Value id = given == nullptr ? Value(std::to_string(place)) : *given;
  const auto fail_with = [batch, place, id](const Failure& failure) {
    batch->put(place, id, failure.status, to_json(to_document(failure)));
  };
  const Value* const body = item.find("body");
  if (body == nullptr || !body->is_object()) {
    return fail_with(bad_argument("InvalidBatchItem", "The item has no `body` with a query."));
  }
  auto question = read_question(*body, item.text("workspace"));
  if (!question) return fail_with(question.error());
  question->caller = batch->call().scope;
  question->sees_audit = sees_audit(batch->call());
  const Wishes wishes = parse_prefer(header_of(item, "prefer"));
  question->wait = wishes.wait;
  service.ask(
      std::move(*question), [batch] { return batch->call().responder.is_gone(); },
      [batch, place, id, wishes, fail_with](const Outcome<Reply>& answer) {
        if (!answer) return fail_with(answer.error());
        batch->put(place, id, 200, answer_text(*answer, wishes));
      });
}

void run_batch(Service& service, const Call& call) {
  const auto body = parse_json(call.request.body);
  const Value* const items = body ? body->find("requests") : nullptr;
  if (items == nullptr || !items->is_array()) {
    return refuse(call, bad_argument("InvalidBatch", "Send {\"requests\": [ … ]}."));
  }
  const auto& list = items->as_array();
  if (list.size() > kItemsMax) {
    return refuse(call, bad_argument("InvalidBatch", "A batch has at most 100 requests."));
  }
  if (list.empty()) return reply(call, R"({"responses":[]})");
  const auto batch = std::make_shared<Batch>(call, list.size());
  for (std::size_t i = 0; i < list.size(); ++i) run_item(service, batch, i, list[i]);
}

}  // namespace

void add_batch_routes(Router& router, Service& service) {
  for (const char* const path : {"/v1/$batch", "/$batch"}) {
    router.add("POST", path, {Access::Reader, Reach::Own},
               [&service](const Call& call) { run_batch(service, call); });
  }
}

}  // namespace lw::server::logs
