// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "cli/context.h"
#include "io/http_client.h"

namespace lw::cli {

/// Speaks /api/v1 of one server. Blocks. Finds the server by flags or environment, else by what a
/// server on this machine left in the data folder.
class ApiClient {
 public:
  static Result<ApiClient> open(const Context& context);

  using Query = std::vector<std::pair<std::string, std::string>>;
  /// The answer's body. An error answer becomes an Error with the server's own words; its details
  /// (one for each fault of a file) are put on lines of their own.
  Result<Value> get(const std::string& path, const Query& query = {});
  Result<Value> send(const std::string& method, const std::string& path, const Query& query,
                     std::string body, const std::string& content_type);
  /// The same as it came, errors included, for those who read more out of it. `sink`, if given,
  /// gets the body of a good answer piece by piece instead.
  Result<io::HttpClientResponse> call(const std::string& method, const std::string& path,
                                      const Query& query, std::string body,
                                      const std::string& content_type,
                                      const io::HttpSink& sink = {});
  /// Asked about once a second while a call waits; true gives it up.
  void while_waiting(std::function<bool()> tick) { tick_ = std::move(tick); }
  /// What an error answer says.
  [[nodiscard]] Error error_of(const io::HttpClientResponse& response) const;
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  ApiClient(std::string url, std::string token, std::string ca_pem)
      : url_(std::move(url)), token_(std::move(token)), ca_pem_(std::move(ca_pem)) {}

  std::string url_;
  std::string token_;
  std::string ca_pem_;
  std::function<bool()> tick_;
  io::HttpClient http_;
};

}  // namespace lw::cli
