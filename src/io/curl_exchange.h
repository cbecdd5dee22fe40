// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "io/http_exchange.h"

/// One connection of HttpEngine as libcurl wants it: what goes in, and what came of it. Inside io
/// only.
namespace lw::io {

struct CurlDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, CurlDelete>;
using StringList = std::unique_ptr<curl_slist, CurlDelete>;

/// One connection under way. Its address is known to curl and OpenSSL: it must not move.
struct CurlExchange {
  HttpExchangeRequest request;  ///< With an address.
  /// Called once the handshake is done and nothing is wrong so far, before anything is sent; false
  /// ends the exchange. May be empty.
  std::function<bool()> may_send;
  std::function<void(HttpReport&&)> done;
  std::unique_ptr<TlsInspector> inspector;
  Easy easy;
  StringList headers;
  StringList connect_to;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  std::string body;
  std::size_t body_bytes = 0;
  bool body_is_cut = false;
  std::optional<IcmpReport> icmp;
  std::optional<SocketFault> fault;
  int fd = -1;                   ///< curl's socket, while it is open
  std::uint16_t local_port = 0;  ///< once it is closed, if wanted
  bool syn_was_repeated = false;
  std::optional<Instant> sending_began;  ///< of the request
  /// When something of the request's body was sent last, and when the answer began; only with a
  /// body.
  std::optional<Instant> body_last_sent, answer_began;
};

/// Fills the handle from the request; roots for TLS are in the inspector.
void set_up(CurlExchange& exchange);
/// After the exchange was taken out of the multi handle. One connection's: no redirects.
HttpReport report_of(CurlExchange& exchange, CURLcode code);

}  // namespace lw::io
