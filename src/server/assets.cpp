// SPDX-License-Identifier: Apache-2.0
#include "server/assets.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/text.h"
#include "io/pki.h"

namespace lw::server {
namespace {

constexpr std::string_view kIndex = "/index.html";
/// Names with a hash of their content in them (the bundler's): what is there never changes.
constexpr std::string_view kHashed = "/assets/";
/// First segments of paths that are no pages: the API's, Azure's, and files that are not there.
constexpr std::array<std::string_view, 13> kNoPages = {
    "api",     "assets",        "metrics", "ca.pem",     "healthz",    "readyz", "providers",
    "tenants", "subscriptions", "v1",      "workspaces", "install.sh", "agent"};
constexpr std::string_view kNotBuilt =
    "This linewatch was built without web UI: there was no web/dist. Run `npm ci && npm run build` "
    "in web/, then build again.\n\nThe API is at /api/v1, its health at /healthz and /readyz.\n";

bool is_page(const std::string& path) {
  std::string_view rest = path;
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::string_view first = rest.substr(0, rest.find('/'));
  return std::ranges::none_of(
      kNoPages, [&](std::string_view name) { return equals_ignoring_case(first, name); });
}

bool wants_html(const io::HttpRequest& request) {
  return to_lower(request.header("Accept")).find("text/html") != std::string::npos;
}

struct Variant {
  std::string_view content;
  std::string_view coding;  ///< empty: as it is
};

Variant choose(const AssetFile& file, const io::HttpRequest& request) {
  const std::string accepts = request.header("Accept-Encoding");
  if (!file.brotli.empty() && accepts_coding(accepts, "br")) return {file.brotli, "br"};
  if (!file.gzip.empty() && accepts_coding(accepts, "gzip")) return {file.gzip, "gzip"};
  return {file.identity, ""};
}

/// If-None-Match against one tag, weakly (RFC 9110 §13.1.2).
bool has_tag(const std::string& if_none_match, const std::string& tag) {
  for (const std::string& item : split(if_none_match, ',')) {
    std::string_view each = trim(item);
    if (each.starts_with("W/")) each.remove_prefix(2);
    if (each == "*" || each == tag) return true;
  }
  return false;
}

}  // namespace

std::string content_security_policy(std::string_view page) {
  constexpr std::string_view kBegin = "<style>";
  std::string styles = "'self'";
  for (std::size_t at = page.find(kBegin); at != page.npos; at = page.find(kBegin, at)) {
    at += kBegin.size();
    const std::string_view text = page.substr(at, page.find("</style>", at) - at);
    styles += fmt::format(" 'sha256-{}'", to_base64(io::sha256(text)));
  }
  return fmt::format(
      "default-src 'self'; script-src 'self'; style-src {}; img-src 'self' data:; "
      "connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
      "form-action 'self'; frame-ancestors 'none'",
      styles);
}

io::HttpResponse Assets::serve(const AssetFile& file, const io::HttpRequest& request) const {
  const Variant variant = choose(file, request);
  std::string tag = "\"" + std::string(file.hash);
  if (!variant.coding.empty()) tag += "-" + std::string(variant.coding);
  tag += "\"";
  const bool is_hashed = file.path.starts_with(kHashed);
  io::HttpResponse response;
  response.headers = {
      {"ETag", tag},
      {"Cache-Control", is_hashed ? "public, max-age=31536000, immutable" : "no-cache"},
      {"Vary", "Accept, Accept-Encoding"},
      {"Content-Security-Policy", policy_},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  if (has_tag(request.header("If-None-Match"), tag)) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("Content-Type", file.type);
  if (!variant.coding.empty()) response.headers.emplace_back("Content-Encoding", variant.coding);
  response.body = variant.content;
  return response;
}

bool accepts_coding(const std::string& accept_encoding, std::string_view coding) {
  for (const std::string& item : split(accept_encoding, ',')) {
    const std::string_view name = trim(std::string_view(item).substr(0, item.find(';')));
    if (!equals_ignoring_case(name, coding)) continue;
    const auto weight = item.find("q=");
    if (weight == std::string::npos) return true;
    return item.find_first_of("123456789", weight) != std::string::npos;
  }
  return false;
}

Assets::Assets(std::span<const AssetFile> files) {
  for (const AssetFile& file : files) files_.emplace(file.path, &file);
  const auto index = files_.find(kIndex);
  policy_ = content_security_policy(index == files_.end() ? "" : index->second->identity);
}

const AssetFile* Assets::find(const io::HttpRequest& request) const {
  if (const auto file = files_.find(request.path); file != files_.end()) return file->second;
  if (!wants_html(request) || !is_page(request.path)) return nullptr;
  const auto index = files_.find(kIndex);
  return index == files_.end() ? nullptr : index->second;
}

std::optional<io::HttpResponse> Assets::answer(const io::HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  if (const AssetFile* const file = find(request)) return serve(*file, request);
  if (!files_.empty() || request.path != "/" || !wants_html(request)) return std::nullopt;
  return io::HttpResponse{.status = 200,
                          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                          .body = std::string(kNotBuilt)};
}

}  // namespace lw::server
