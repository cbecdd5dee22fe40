// SPDX-License-Identifier: Apache-2.0
// What changes, while it changes (server-sent events).
#include <fmt/core.h>

#include "base/number.h"
#include "base/text.h"
#include "server/api/services.h"

namespace lw::server::api {
namespace {

/// What the client has seen already: a browser that connects again says it by itself.
Result<std::optional<std::uint64_t>> read_since(const io::HttpRequest& request) {
  std::string text = request.header("Last-Event-ID");
  const bool is_by_browser = !text.empty();
  if (!is_by_browser) text = request.parameter("since");
  if (text.empty()) return std::nullopt;
  if (const auto revision = parse_number<std::uint64_t>(text)) return *revision;
  // What a browser kept from whatever was here before must not keep it away for ever.
  if (is_by_browser) return 0;
  return fail(ErrorCode::InvalidInput,
              fmt::format("`since` must be the revision of a snapshot or event, not `{}`",
                          printable(text, 40)));
}

void open_stream(Services& services, const Call& call) {
  const auto since = read_since(call.request);
  if (!since) return answer_error(call.responder, since.error());
  io::HttpRequest head;
  head.headers = call.request.headers;
  services.streams.open(call.responder, *since, call.scope,
                        [&services, head = std::move(head)] { return services.gate.knows(head); });
}

}  // namespace

void add_stream_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/stream", {Access::Reader, Reach::Own},
             [&](const Call& call) { open_stream(services, call); });
}

}  // namespace lw::server::api
