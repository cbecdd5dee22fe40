// SPDX-License-Identifier: Apache-2.0
// All tests at one instant.
#include <fmt/core.h>

#include "base/text.h"
#include "server/api/past.h"
#include "server/api/services.h"
#include "server/past_states.h"

namespace lw::server::api {
namespace {

bool wants_json(const io::HttpRequest& request) {
  const std::string accept = to_lower(request.header("Accept"));
  return accept.find("application/json") != std::string::npos &&
         accept.find("application/octet-stream") == std::string::npos;
}

std::string tag_of(const io::HttpRequest& request, std::uint64_t revision) {
  return fmt::format("\"{}-{}\"", revision, wants_json(request) ? "json" : "lws1");
}

void send_snapshot(const Call& call, const Snapshot& snapshot,
                   std::vector<std::pair<std::string, std::string>> headers) {
  const bool is_json = wants_json(call.request);
  headers.emplace_back("Content-Type", is_json ? "application/json" : "application/octet-stream");
  headers.emplace_back("Vary", "Accept");
  call.responder.send({.status = 200,
                       .headers = std::move(headers),
                       .body = is_json ? encode_json(snapshot) : encode_binary(snapshot)});
}

/// On the control thread, which takes the snapshot and leaves the encoding to another.
void live_snapshot(Services& services, const Call& call) {
  const std::string tag = tag_of(call.request, services.control.live().revision());
  if (call.request.header("If-None-Match") == tag) {
    return call.responder.send({.status = 304,
                                .headers = {{"ETag", tag}, {"Cache-Control", "private, no-cache"}},
                                .body = ""});
  }
  const auto snapshot = services.live_snapshot.take(services.control, services.clock.wall_now());
  const bool is_taken = services.streams.run([call, snapshot, tag] {
    send_snapshot(call, *snapshot, {{"ETag", tag}, {"Cache-Control", "private, no-cache"}});
  });
  if (is_taken) return;
  answer_error(call.responder, {ErrorCode::Unavailable, "too much waits; try again soon"});
}

/// What is older than this will not be other, for all rounds of then are in the store.
constexpr auto kSettledAfter = std::chrono::minutes(10);

/// On the control thread, for the names of the tests; the rest is the store's.
void past_snapshot(Services& services, const Call& call, Timestamp at) {
  const bool is_settled = services.clock.wall_now() - at > kSettledAfter;
  const auto names = services.live_snapshot.names(services.control);
  const bool is_taken =
      services.history.query([call, names, at, is_settled](store::Client& client) {
        const auto snapshot = server::past_snapshot(client, *names, at);
        if (!snapshot) return answer_error(call.responder, snapshot.error());
        send_snapshot(call, *snapshot,
                      {{"Cache-Control", is_settled ? "private, max-age=600" : "no-store"}});
      });
  if (is_taken) return;
  answer_error(call.responder,
               {ErrorCode::Unavailable, "too many queries at once; try again soon"});
}

void snapshot(Services& services, Call call) {
  if (!call.request.has_parameter("at")) {
    return on_control(services, std::move(call),
                      [&](const Call& inner) { live_snapshot(services, inner); });
  }
  const Timestamp now = services.clock.wall_now();
  const auto at = read_time(call.request, "at", now);
  if (!at) return answer_error(call.responder, at.error());
  if (*at > now + kSettledAfter) {
    return answer_error(call.responder,
                        {ErrorCode::InvalidInput, "`at` lies in the future; nothing is known yet"});
  }
  on_control(services, std::move(call),
             [&services, at = *at](const Call& inner) { past_snapshot(services, inner, at); });
}

}  // namespace

void add_snapshot_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/snapshot", Access::Reader,
             [&](Call call) { snapshot(services, std::move(call)); });
}

}  // namespace lw::server::api
