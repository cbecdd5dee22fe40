// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include "io/http_exchange.h"

/// One exchange of HttpEngine as libcurl wants it: what goes in, and what came of it. Inside io
/// only.
namespace lw::io {

struct CurlDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, CurlDelete>;
using StringList = std::unique_ptr<curl_slist, CurlDelete>;

/// One exchange under way. Its address is known to curl and OpenSSL: it must not move.
struct CurlExchange {
  HttpExchangeRequest request;
  HttpEngine::Done done;
  std::unique_ptr<TlsInspector> inspector;
  Easy easy;
  StringList headers;
  StringList connect_to;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  std::size_t body_bytes = 0;
  std::optional<IcmpReport> icmp;
};

/// Fills the handle from the request; roots for TLS are in the inspector.
void set_up(CurlExchange& exchange);
/// After the exchange was taken out of the multi handle.
HttpReport report_of(const CurlExchange& exchange, CURLcode code);

}  // namespace lw::io
