// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <memory>
#include <unordered_map>

#include "io/curl_exchange.h"
#include "io/loop.h"
#include "io/tls_library.h"

namespace lw::io {

/// Runs exchanges on the loop with libcurl's multi interface. Inside io only; the loop's thread.
class CurlMulti {
 public:
  /// Loop and library must outlive it.
  CurlMulti(Loop& loop, const TlsLibrary& library);
  /// Gives up what is under way; nobody is called for it.
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  /// Connects at once. The exchange must have all but its handle. Calls its `done` once, later,
  /// from the loop. Not from inside curl's callbacks.
  void start(std::unique_ptr<CurlExchange> exchange);

 private:
  struct Sockets {
    Loop::Watch readable, writable;
  };

  void watch(curl_socket_t fd, int what);
  void set_timer(long timeout_ms);
  int drive(curl_socket_t fd, int events);
  void act(curl_socket_t fd, int events);
  void collect();

  Loop& loop_;
  const TlsLibrary& library_;
  CURLM* multi_ = nullptr;
  std::unordered_map<CurlExchange*, std::unique_ptr<CurlExchange>> exchanges_;
  std::unordered_map<curl_socket_t, Sockets> sockets_;
  Loop::Timer timer_;
  Loop::Timer collect_timer_;
  bool is_starting_ = false;
};

}  // namespace lw::io
