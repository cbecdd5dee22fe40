// SPDX-License-Identifier: Apache-2.0
// All tests at one instant.
#include <fmt/core.h>

#include "base/hash.h"
#include "base/text.h"
#include "server/api/past.h"
#include "server/api/services.h"
#include "server/api/visibility.h"
#include "server/assets.h"
#include "server/encoded_snapshot.h"
#include "server/past_states.h"

namespace lw::server::api {
namespace {

bool wants_json(const io::HttpRequest& request) {
  const std::string accept = to_lower(request.header("Accept"));
  return accept.find("application/json") != std::string::npos &&
         accept.find("application/octet-stream") == std::string::npos;
}

bool takes_packed(const io::HttpRequest& request) {
  return accepts_coding(request.header("Accept-Encoding"), "gzip");
}

/// One browser may be signed in as somebody else later on, who sees other rows.
std::string tag_of(const Call& call, std::uint64_t revision) {
  const std::uint64_t seen =
      call.scope->covers_all() ? 0 : stable_hash({join(call.scope->texts(), "\n")});
  return fmt::format("\"{}-{:x}-{}{}\"", revision, seen, wants_json(call.request) ? "json" : "lws1",
                     takes_packed(call.request) ? "-gzip" : "");
}

/// Below this, packing takes longer than what it saves on any line.
constexpr std::size_t kPackedRowsMin = 300;
/// Of whom nobody has patience for more.
constexpr std::int64_t kFirstRowsMax = 10'000;

SnapshotForm form_of(const Call& call, const Snapshot& snapshot) {
  return {.is_json = wants_json(call.request),
          .is_packed = snapshot.state.size() >= kPackedRowsMin && takes_packed(call.request)};
}

void send_snapshot(const Call& call, SnapshotForm form, std::string body,
                   std::vector<std::pair<std::string, std::string>> headers) {
  headers.emplace_back("Content-Type",
                       form.is_json ? "application/json" : "application/octet-stream");
  if (form.is_packed) headers.emplace_back("Content-Encoding", "gzip");
  headers.emplace_back("Vary", "Accept, Accept-Encoding, Authorization, Cookie");
  call.responder.send({.status = 200, .headers = std::move(headers), .body = std::move(body)});
}

void send_not_modified(const Call& call, const std::string& tag) {
  call.responder.send({.status = 304,
                       .headers = {{"ETag", tag}, {"Cache-Control", "private, no-cache"}},
                       .body = ""});
}

/// All that the caller sees; or with `first`, if it is more, so many rows of it.
void send_live(Services& services, const Call& call,
               const std::shared_ptr<const Snapshot>& snapshot, const std::string& tag,
               std::size_t first) {
  const auto visible = visible_part(snapshot, *call.scope);
  if (first > 0 && visible->state.size() > first) {
    const Snapshot part = first_rows(*visible, first);
    const SnapshotForm form = form_of(call, part);
    return send_snapshot(call, form, encode(part, form), {{"Cache-Control", "no-store"}});
  }
  const SnapshotForm form = form_of(call, *visible);
  std::string body = visible == snapshot ? *services.live_snapshot.encoded().get(snapshot, form)
                                         : encode(*visible, form);
  send_snapshot(call, form, std::move(body),
                {{"ETag", tag}, {"Cache-Control", "private, no-cache"}});
}

/// On the control thread, which takes the snapshot and leaves the encoding to another.
void live_snapshot(Services& services, const Call& call, std::size_t first) {
  const std::string known = call.request.header("If-None-Match");
  const std::string newest = tag_of(call, services.control.live().revision());
  if (known == newest) return send_not_modified(call, newest);
  const auto snapshot = services.live_snapshot.take(services.control, services.clock.wall_now());
  const std::string tag = tag_of(call, snapshot->revision);
  if (known == tag) return send_not_modified(call, tag);
  const bool is_taken = services.streams.run(
      [call, snapshot, tag, first, &services] { send_live(services, call, snapshot, tag, first); });
  if (is_taken) return;
  answer_error(call.responder, {ErrorCode::Unavailable, "too much waits; try again soon"});
}

/// What is older than this will not be other, for all rounds of then are in the store.
constexpr auto kSettledAfter = std::chrono::minutes(10);

/// On the control thread, for the names of the tests; the rest is the store's.
void past_snapshot(Services& services, const Call& call, Timestamp at) {
  const bool is_settled = services.clock.wall_now() - at > kSettledAfter;
  const auto names = visible_names(services, call);
  const bool is_taken =
      services.history.query([call, names, at, is_settled](store::Client& client) {
        const auto snapshot = server::past_snapshot(client, *names, at);
        if (!snapshot) return answer_error(call.responder, snapshot.error());
        const SnapshotForm form = form_of(call, *snapshot);
        send_snapshot(call, form, encode(*snapshot, form),
                      {{"Cache-Control", is_settled ? "private, max-age=600" : "no-store"}});
      });
  if (is_taken) return;
  answer_error(call.responder,
               {ErrorCode::Unavailable, "too many queries at once; try again soon"});
}

void snapshot(Services& services, Call call) {
  const auto first = read_count(call.request, "first", 0, 1, kFirstRowsMax);
  if (!first) return answer_error(call.responder, first.error());
  if (!call.request.has_parameter("at")) {
    const auto rows = static_cast<std::size_t>(*first);
    return on_control(services, std::move(call),
                      [&, rows](const Call& inner) { live_snapshot(services, inner, rows); });
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
  router.add("GET", "/api/v1/snapshot", {Access::Reader, Reach::Own},
             [&](Call call) { snapshot(services, std::move(call)); });
}

}  // namespace lw::server::api
