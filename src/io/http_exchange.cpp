// SPDX-License-Identifier: Apache-2.0
#include "io/http_exchange.h"

#include <curl/curl.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "io/curl_exchange.h"

namespace lw::io {

struct HttpEngine::Impl {
  struct Sockets {
    Loop::Watch readable, writable;
  };

  Impl(Loop& on, const std::string& extra_ca_pem);
  ~Impl();

  Loop& loop;
  std::shared_ptr<X509_STORE> roots;
  CURLM* multi = nullptr;
  std::unordered_map<CurlExchange*, std::unique_ptr<CurlExchange>> exchanges;
  std::unordered_map<curl_socket_t, Sockets> sockets;
  Loop::Timer timer;

  void watch(curl_socket_t fd, int what);
  void set_timer(long timeout_ms);
  void act(curl_socket_t fd, int events);
  void collect();
};

HttpEngine::Impl::Impl(Loop& on, const std::string& extra_ca_pem)
    : loop(on), roots(load_trusted_roots(extra_ca_pem)) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  LW_ASSERT(ready == CURLE_OK);
  multi = curl_multi_init();
  LW_ASSERT(multi != nullptr);
  const curl_socket_callback on_socket = [](CURL*, curl_socket_t fd, int what, void* self, void*) {
    static_cast<Impl*>(self)->watch(fd, what);
    return 0;
  };
  const curl_multi_timer_callback on_timer = [](CURLM*, long timeout_ms, void* self) {
    static_cast<Impl*>(self)->set_timer(timeout_ms);
    return 0;
  };
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
}

HttpEngine::Impl::~Impl() {
  for (const auto& [exchange, owned] : exchanges) {
    curl_multi_remove_handle(multi, exchange->easy.get());
    owned->easy.reset();
  }
  curl_multi_cleanup(multi);
}

void HttpEngine::Impl::watch(curl_socket_t fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    sockets.erase(fd);
    return;
  }
  Sockets& pair = sockets[fd];
  pair = {};
  if ((what & CURL_POLL_IN) != 0) {
    pair.readable = loop.watch(fd, Loop::Interest::Read, [this, fd] { act(fd, CURL_CSELECT_IN); });
  }
  if ((what & CURL_POLL_OUT) != 0) {
    pair.writable =
        loop.watch(fd, Loop::Interest::Write, [this, fd] { act(fd, CURL_CSELECT_OUT); });
  }
}

void HttpEngine::Impl::set_timer(long timeout_ms) {
  timer.cancel();
  if (timeout_ms < 0) return;
  timer = loop.after(Milliseconds(timeout_ms), [this] { act(CURL_SOCKET_TIMEOUT, 0); });
}

void HttpEngine::Impl::act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi, fd, events, &running);
  collect();
}

void HttpEngine::Impl::collect() {
  std::vector<std::pair<std::unique_ptr<CurlExchange>, HttpReport>> finished;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    char* pointer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &pointer);
    auto node = exchanges.extract(reinterpret_cast<CurlExchange*>(pointer));
    LW_ASSERT(!node.empty());
    CurlExchange& exchange = *node.mapped();
    // Removing closes the socket, and with it comes the ICMP error, if there was one.
    curl_multi_remove_handle(multi, exchange.easy.get());
    HttpReport report = report_of(exchange, code);
    finished.emplace_back(std::move(node.mapped()), std::move(report));
  }
  for (const auto& [exchange, report] : finished) exchange->done(report);
}

HttpEngine::HttpEngine(Loop& loop, const Clock&, const std::string& extra_ca_pem)
    : impl_(std::make_unique<Impl>(loop, extra_ca_pem)) {}
HttpEngine::~HttpEngine() = default;

void HttpEngine::start(const HttpExchangeRequest& request, Done done) {
  auto exchange = std::make_unique<CurlExchange>();
  exchange->request = request;
  exchange->done = std::move(done);
  exchange->easy.reset(curl_easy_init());
  LW_ASSERT(exchange->easy != nullptr);
  if (request.use_tls) {
    exchange->inspector = std::make_unique<TlsInspector>(impl_->roots, request.host);
  }
  set_up(*exchange);
  CurlExchange* const key = exchange.get();
  impl_->exchanges.emplace(key, std::move(exchange));
  // Only sets a timer of 0: everything else happens on a later turn of the loop.
  curl_multi_add_handle(impl_->multi, key->easy.get());
}

}  // namespace lw::io
