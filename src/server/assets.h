// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/http_server.h"

namespace lw::server {

/// A file of the web UI as the build packed it (cmake/pack_web.py). Views into the executable.
struct AssetFile {
  std::string_view path;  ///< "/assets/app-1a2b.js"
  std::string_view type;  ///< Content-Type
  std::string_view hash;  ///< of the content, hexadecimal
  std::string_view identity;
  std::string_view brotli;  ///< empty if it would not be smaller
  std::string_view gzip;    ///< likewise
};

/// What this executable was built with; nothing without web/dist.
std::span<const AssetFile> embedded_assets();

/// Whether a client takes that coding, by its Accept-Encoding: named, and not with a weight of
/// nought (RFC 9110 §12.5.3).
bool accepts_coding(const std::string& accept_encoding, std::string_view coding);

/// The Content-Security-Policy for a page: only what this server sends may run, nobody may frame
/// it, and of styles within the page only those that it has now, by their hashes (CSP Level 3
/// §2.3.1).
std::string content_security_policy(std::string_view page);

/// Answers for the web UI's files. Immutable; any thread; does not block.
class Assets {
 public:
  explicit Assets(std::span<const AssetFile> files);

  /// The answer if the request is for one of the files, or for a page of the UI: a path that is not
  /// the API's, asked for by a browser (Accept has text/html), is answered with index.html, whose
  /// script knows the rest. Nothing if the request is for somebody else.
  [[nodiscard]] std::optional<io::HttpResponse> answer(const io::HttpRequest& request) const;

 private:
  [[nodiscard]] const AssetFile* find(const io::HttpRequest& request) const;
  [[nodiscard]] io::HttpResponse serve(const AssetFile& file, const io::HttpRequest& request) const;
  std::map<std::string_view, const AssetFile*> files_;
  std::string policy_;  ///< Content-Security-Policy
};

}  // namespace lw::server
