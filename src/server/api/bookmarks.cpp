// SPDX-License-Identifier: Apache-2.0
// Places of the web UI that people keep: views under names, and short links. A caller with a scope
// sees and makes his own only, since what others keep names what they see.
#include "registry/bookmarks.h"

#include <fmt/core.h>

#include "base/text.h"
#include "server/api/services.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kViewNameBytesMax = 80;
constexpr std::size_t kTargetBytesMax = 8'000;
constexpr std::int64_t kViewsMax = 500;  ///< of each owner
constexpr std::int64_t kLinksMax = 100'000;

bool is_plain_text(const std::string& text) { return is_utf8(text) && is_printable(text); }

/// A path of the UI with its query: nothing that would lead to another site.
Result<std::string> read_target(const Value& body) {
  std::string target = body.text("target");
  const bool is_path = target.starts_with('/') && !target.starts_with("//") &&
                       target.find('\\') == std::string::npos && is_plain_text(target);
  if (is_path && target.size() <= kTargetBytesMax) return target;
  return fail(ErrorCode::InvalidInput,
              fmt::format("`target` must be a path of the web UI with its query, like "
                          "/?view=tests&state=Fail, of up to {} bytes",
                          kTargetBytesMax));
}

Result<std::string> read_name(const Call& call) {
  const std::string& name = call.path.at("name");
  if (!trim(name).empty() && name.size() <= kViewNameBytesMax && is_plain_text(name)) return name;
  return fail(ErrorCode::InvalidInput,
              fmt::format("a saved view's name is text of 1 to {} bytes", kViewNameBytesMax));
}

/// What is everybody's may be changed by those who may change monitors, if nothing limits them.
Result<void> check_shared(const Call& call) {
  if (call.role != registry::Role::Reader && call.scope->covers_all()) return {};
  return fail(ErrorCode::PermissionDenied,
              "only operators whose token has no scope keep views for everybody; keep one of your "
              "own");
}

Value view_value(const registry::SavedView& view) {
  return Value::object({{"name", view.name},
                        {"target", view.target},
                        {"shared", view.owner.empty()},
                        {"author", view.author},
                        {"updated", to_iso8601(view.updated)}});
}

Result<Value> list_views(Services& services, const Call& call) {
  Value list = Value::array();
  const auto views = TRY(services.bookmarks->views(call.caller));
  for (const registry::SavedView& view : views) {
    if (!view.owner.empty() || call.scope->covers_all()) list.push(view_value(view));
  }
  return Value::object({{"value", std::move(list)}});
}

Result<Value> put_view(Services& services, const Call& call) {
  const Value body = TRY(parse_json(call.request.body));
  const bool is_shared = body.flag("shared");
  if (is_shared) TRY(check_shared(call));
  const std::string name = TRY(read_name(call));
  const std::string target = TRY(read_target(body));
  const registry::SavedView view{.name = name,
                                 .owner = is_shared ? "" : call.caller,
                                 .target = target,
                                 .author = call.caller,
                                 .updated = services.clock.wall_now()};
  TRY(services.bookmarks->put_view(view, kViewsMax));
  return view_value(view);
}

Result<Value> remove_view(Services& services, const Call& call) {
  const bool is_shared = call.request.parameter("shared") == "true";
  if (is_shared) TRY(check_shared(call));
  TRY(services.bookmarks->remove_view(is_shared ? "" : call.caller, call.path.at("name")));
  return Value();
}

Value link_value(const registry::ShortLink& link) {
  return Value::object({{"id", link.id},
                        {"target", link.target},
                        {"author", link.author},
                        {"created", to_iso8601(link.created)}});
}

Result<Value> make_link(Services& services, const Call& call) {
  const std::string target = TRY(read_target(TRY(parse_json(call.request.body))));
  return link_value(
      TRY(services.bookmarks->link_to(target, call.caller, services.clock.wall_now(), kLinksMax)));
}

Result<Value> get_link(Services& services, const Call& call) {
  const std::string& id = call.path.at("id");
  const auto link = TRY(services.bookmarks->link(id));
  if (link && (call.scope->covers_all() || link->author == call.caller)) return link_value(*link);
  return fail(ErrorCode::NotFound, fmt::format("there is no link `{}`", printable(id, 40)));
}

using Work = Result<Value> (*)(Services&, const Call&);

/// On the control thread, of which the registry is.
void run(Services& services, Call call, Work work) {
  on_control(services, std::move(call), [&services, work](const Call& inner) {
    const Result<Value> done = work(services, inner);
    if (!done) return answer_error(inner.responder, done.error());
    if (!done->is_null()) return answer(inner, *done);
    inner.responder.send({.status = 204, .headers = {}, .body = ""});
  });
}

}  // namespace

void add_bookmark_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/saved-views", {Access::Reader, Reach::Own},
             [&](Call call) { run(services, std::move(call), list_views); });
  router.add("PUT", "/api/v1/saved-views/{name}", {Access::Reader, Reach::Own},
             [&](Call call) { run(services, std::move(call), put_view); });
  router.add("DELETE", "/api/v1/saved-views/{name}", {Access::Reader, Reach::Own},
             [&](Call call) { run(services, std::move(call), remove_view); });
  router.add("POST", "/api/v1/links", {Access::Reader, Reach::Own},
             [&](Call call) { run(services, std::move(call), make_link); });
  router.add("GET", "/api/v1/links/{id}", {Access::Reader, Reach::Own},
             [&](Call call) { run(services, std::move(call), get_link); });
}

}  // namespace lw::server::api
