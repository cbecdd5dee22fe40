// SPDX-License-Identifier: Apache-2.0
#include "server/assets.h"

#include <gtest/gtest.h>

namespace lw::server {
namespace {

const AssetFile kFiles[] = {
    {"/index.html", "text/html; charset=utf-8", "aaaa", "<html>", "", ""},
    {"/assets/app-1a2b.js", "text/javascript; charset=utf-8", "bbbb", "plain", "BR", "GZ"},
    {"/icon.svg", "image/svg+xml", "cccc", "<svg>", "", ""},
};

struct Asked {
  std::string path;
  std::string accept = "text/html,application/xhtml+xml,*/*;q=0.8";
  std::string encoding = "gzip, deflate, br, zstd";
  std::string tag = "";
  std::string method = "GET";
};

std::optional<io::HttpResponse> answer_of(const Assets& assets, const Asked& asked) {
  io::HttpRequest request;
  request.method = asked.method;
  request.path = asked.path;
  request.headers = {{"accept", asked.accept}, {"Accept-Encoding", asked.encoding}};
  if (!asked.tag.empty()) request.headers.emplace_back("If-None-Match", asked.tag);
  return assets.answer(request);
}

std::string header_of(const io::HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(Assets, pages_get_the_index_and_files_get_themselves) {
  const Assets assets(kFiles);
  for (const std::string path : {"/", "/index.html", "/tests/0a1b", "/monitors/new", "//x"}) {
    const auto page = answer_of(assets, {.path = path});
    ASSERT_TRUE(page) << path;
    EXPECT_EQ(page->body, "<html>") << path;
    EXPECT_EQ(header_of(*page, "Cache-Control"), "no-cache");
    EXPECT_EQ(header_of(*page, "Content-Type"), "text/html; charset=utf-8");
  }
  EXPECT_EQ(answer_of(assets, {.path = "/icon.svg", .accept = "image/*"})->body, "<svg>");
  EXPECT_TRUE(answer_of(assets, {.path = "/", .method = "HEAD"}));
}

TEST(Assets, leaves_alone_what_is_not_the_uis) {
  const Assets assets(kFiles);
  for (const std::string path :
       {"/api/v1/tests", "/api", "/metrics", "/ca.pem", "/healthz", "/readyz", "/assets/old.js",
        "/install.sh", "/agent/x", "/subscriptions/x", "//Subscriptions/x", "/providers/y",
        "/tenants"}) {
    EXPECT_FALSE(answer_of(assets, {.path = path})) << path;
  }
  EXPECT_FALSE(answer_of(assets, {.path = "/", .accept = "*/*"})) << "curl gets today's answer";
  EXPECT_FALSE(answer_of(assets, {.path = "/tests", .accept = "application/json"}));
  EXPECT_FALSE(answer_of(assets, {.path = "/", .method = "POST"}));
}

TEST(Assets, sends_the_smallest_form_that_the_client_takes) {
  const Assets assets(kFiles);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"gzip, deflate, br", "BR"}, {"gzip", "GZ"},           {"BR;q=0.5", "BR"},   {"", "plain"},
      {"br;q=0, gzip", "GZ"},      {"brx, x-gzip", "plain"}, {"br;q=0.0", "plain"}};
  for (const auto& [encoding, body] : cases) {
    const auto file =
        answer_of(assets, {.path = "/assets/app-1a2b.js", .accept = "*/*", .encoding = encoding});
    ASSERT_TRUE(file);
    EXPECT_EQ(file->body, body) << encoding;
    EXPECT_EQ(header_of(*file, "Content-Encoding"),
              body == "BR" ? "br" : (body == "GZ" ? "gzip" : ""));
    EXPECT_EQ(header_of(*file, "Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_NE(header_of(*file, "Vary").find("Accept-Encoding"), std::string::npos);
  }
}

TEST(Assets, says_not_modified_to_who_has_that_very_form) {
  const Assets assets(kFiles);
  const auto first = answer_of(assets, {.path = "/assets/app-1a2b.js"});
  const std::string tag = header_of(*first, "ETag");
  EXPECT_EQ(tag, "\"bbbb-br\"");
  for (const std::string& known : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    const auto again = answer_of(assets, {.path = "/assets/app-1a2b.js", .tag = known});
    EXPECT_EQ(again->status, 304) << known;
    EXPECT_EQ(again->body, "");
    EXPECT_EQ(header_of(*again, "ETag"), tag);
  }
  EXPECT_EQ(answer_of(assets, {.path = "/assets/app-1a2b.js", .encoding = "", .tag = tag})->status,
            200);
}

TEST(Assets, lets_nothing_else_run_and_nobody_frame_it) {
  const auto page = answer_of(Assets(kFiles), {.path = "/"});
  const std::string policy = header_of(*page, "Content-Security-Policy");
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  for (const char* part : {"default-src 'self'", "object-src 'none'", "frame-ancestors 'none'"}) {
    EXPECT_NE(policy.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(header_of(*page, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header_of(*page, "Referrer-Policy"), "no-referrer");
  EXPECT_NE(header_of(*page, "Permissions-Policy"), "");
}

TEST(Assets, lets_styles_within_the_page_be_by_their_hashes_only) {
  EXPECT_NE(content_security_policy("<html>").find("style-src 'self'; "), std::string::npos);
  // printf 'p{}' | openssl dgst -sha256 -binary | base64
  const std::string policy = content_security_policy("<style>p{}</style><p><style>b{}</style>");
  EXPECT_NE(policy.find("style-src 'self' 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y=' "
                        "'sha256-7yqHVAesot11p6HczDsgKRipvI5UPgs97z80zNXlans='; "),
            std::string::npos)
      << policy;
  const AssetFile files[] = {
      {"/index.html", "text/html; charset=utf-8", "aaaa", "<style>p{}</style>", "", ""}};
  const auto page = answer_of(Assets(files), {.path = "/"});
  EXPECT_EQ(header_of(*page, "Content-Security-Policy"),
            content_security_policy("<style>p{}</style>"));
}

TEST(Assets, says_when_there_are_none) {
  const Assets assets({});
  const auto page = answer_of(assets, {.path = "/"});
  ASSERT_TRUE(page);
  EXPECT_NE(page->body.find("built without web UI"), std::string::npos);
  EXPECT_FALSE(answer_of(assets, {.path = "/", .accept = "*/*"}));
  EXPECT_FALSE(answer_of(assets, {.path = "/tests"}));
}

TEST(Assets, what_is_built_in_has_an_index_if_it_has_anything) {
  for (const AssetFile& file : embedded_assets()) {
    EXPECT_TRUE(file.path.starts_with('/') && !file.type.empty() && !file.hash.empty());
    EXPECT_LE(file.brotli.size(), file.identity.size()) << file.path;
    EXPECT_TRUE(file.gzip.empty() || file.gzip.starts_with("\x1f\x8b")) << file.path;
  }
  const bool has_index = answer_of(Assets(embedded_assets()), {.path = "/x"}).has_value();
  EXPECT_EQ(has_index, !embedded_assets().empty());
}

}  // namespace
}  // namespace lw::server
