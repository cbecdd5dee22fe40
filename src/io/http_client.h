// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lw::io {

/// Takes a piece of a body; false ends the request.
using HttpSink = std::function<bool(std::string_view piece)>;

struct HttpClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string ca_pem;  ///< Trusted roots for https as PEM text; empty: the system's.
  Milliseconds connect_timeout{5'000};
  Milliseconds timeout{60'000};  ///< 0: none
  std::size_t response_bytes_max = std::size_t{256} << 20;
  /// Asked about once a second while waiting; true ends the request with Unavailable.
  std::function<bool()> give_up = {};
  /// Gets the body of an answer with status 200 as it comes; the response's stays empty then.
  HttpSink sink = {};
};

struct HttpClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A blocking HTTP client on libcurl that keeps its connection for the next request. One thread at
/// a time. For the store, the CLI and notifications; probes have their own engine. Any status is a
/// response; an Error means that there was none, and says why and to whom.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  Result<HttpClientResponse> request(const HttpClientRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
