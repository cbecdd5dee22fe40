// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/document.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "server/api/services.h"
#include "store/client.h"
#include "store/round_rows.h"

/// Questions about a test's past: what the routes that read the store share.
namespace lw::server::api {

/// Which part of which test's past is asked for: parameters `id`, `from`, `to`, `limit`, `step`.
struct Span {
  TestId test;
  Timestamp from{};
  Timestamp to{};
  std::size_t limit = 100;
  Seconds step{60};
};
/// `otherwise`: how far back it goes if there is no `from`.
Result<Span> read_span(const Call& call, const Clock& clock,
                       Seconds otherwise = std::chrono::hours(1));
/// The test whose id stands in the path.
Result<TestId> read_test_id(const Call& call);
/// A whole number from `min` to `max`; `otherwise` if it is not given.
Result<std::int64_t> read_count(const io::HttpRequest& request, const std::string& name,
                                std::int64_t otherwise, std::int64_t min, std::int64_t max);
/// A time parameter; `otherwise` if it is not given.
Result<Timestamp> read_time(const io::HttpRequest& request, const std::string& name,
                            Timestamp otherwise);

/// A round with all that is known of it (api/openapi.yaml, Round).
Value round_value(const store::StoredRound& point);

/// Runs `question(client)`, which gives a Result<Value>, on a query thread and answers with what it
/// gives.
template <class Question>
void ask_store(Services& services, Call call, Question question) {
  const io::HttpResponder responder = call.responder;
  const bool is_taken = services.history.query(
      [call = std::move(call), question = std::move(question)](store::Client& client) {
        const Result<Value> found = question(client);
        if (found) {
          answer(call, *found);
        } else {
          answer_error(call.responder, found.error());
        }
      });
  if (!is_taken) {
    answer_error(responder, {ErrorCode::Unavailable, "too many queries at once; try again soon"});
  }
}

/// The same for `question(client, span)`.
template <class Question>
void ask(Services& services, Call call, Question question) {
  const auto span = read_span(call, services.clock);
  if (!span) {
    answer_error(call.responder, span.error());
    return;
  }
  ask_store(services, std::move(call),
            [span = *span, question](store::Client& client) { return question(client, span); });
}

/// {"value": [shape(point), …]}
template <class Points, class Shape>
Result<Value> list_of(Result<Points> points, Shape shape) {
  const Points found = TRY(std::move(points));
  Value list = Value::array();
  for (const auto& point : found) list.push(shape(point));
  return Value::object({{"value", std::move(list)}});
}

}  // namespace lw::server::api
