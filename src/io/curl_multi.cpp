// SPDX-License-Identifier: Apache-2.0
#include "io/curl_multi.h"

#include <utility>
#include <vector>

#include "base/assert.h"

namespace lw::io {

CurlMulti::CurlMulti(Loop& loop, const TlsLibrary& library) : loop_(loop), library_(library) {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  LW_ASSERT(kReady == CURLE_OK);
  multi_ = curl_multi_init();
  LW_ASSERT(multi_ != nullptr);
  const curl_socket_callback on_socket = [](CURL*, curl_socket_t fd, int what, void* self, void*) {
    static_cast<CurlMulti*>(self)->watch(fd, what);
    return 0;
  };
  const curl_multi_timer_callback on_timer = [](CURLM*, long timeout_ms, void* self) {
    static_cast<CurlMulti*>(self)->set_timer(timeout_ms);
    return 0;
  };
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlMulti::~CurlMulti() {
  for (const auto& [exchange, owned] : exchanges_) {
    curl_multi_remove_handle(multi_, exchange->easy.get());
    owned->easy.reset();
  }
  curl_multi_cleanup(multi_);
}

void CurlMulti::start(std::unique_ptr<CurlExchange> exchange) {
  exchange->easy.reset(curl_easy_init());
  LW_ASSERT(exchange->easy != nullptr);
  set_up(*exchange);
  CurlExchange* const key = exchange.get();
  exchanges_.emplace(key, std::move(exchange));
  // Adding wants a timer of 0, whose turn of the loop would cost more than the connect itself.
  is_starting_ = true;
  curl_multi_add_handle(multi_, key->easy.get());
  is_starting_ = false;
  const auto running = static_cast<std::size_t>(drive(CURL_SOCKET_TIMEOUT, 0));
  if (running == exchanges_.size()) return;
  collect_timer_ = loop_.after(Milliseconds(0), [this] { collect(); });
}

void CurlMulti::watch(curl_socket_t fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    sockets_.erase(fd);
    return;
  }
  Sockets& pair = sockets_[fd];
  pair = {};
  if ((what & CURL_POLL_IN) != 0) {
    pair.readable = loop_.watch(fd, Loop::Interest::Read, [this, fd] { act(fd, CURL_CSELECT_IN); });
  }
  if ((what & CURL_POLL_OUT) != 0) {
    pair.writable =
        loop_.watch(fd, Loop::Interest::Write, [this, fd] { act(fd, CURL_CSELECT_OUT); });
  }
}

void CurlMulti::set_timer(long timeout_ms) {
  timer_.cancel();
  if (timeout_ms < 0 || is_starting_) return;
  timer_ = loop_.after(Milliseconds(timeout_ms), [this] { act(CURL_SOCKET_TIMEOUT, 0); });
}

int CurlMulti::drive(curl_socket_t fd, int events) {
  const TlsLibrary::Scope scope(library_);
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  return running;
}

void CurlMulti::act(curl_socket_t fd, int events) {
  drive(fd, events);
  collect();
}

void CurlMulti::collect() {
  std::vector<std::pair<std::unique_ptr<CurlExchange>, HttpReport>> finished;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    char* pointer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &pointer);
    auto node = exchanges_.extract(reinterpret_cast<CurlExchange*>(pointer));
    LW_ASSERT(!node.empty());
    CurlExchange& exchange = *node.mapped();
    // Removing closes the socket, and with it comes the ICMP error, if there was one.
    curl_multi_remove_handle(multi_, exchange.easy.get());
    HttpReport report = report_of(exchange, code);
    finished.emplace_back(std::move(node.mapped()), std::move(report));
  }
  for (auto& [exchange, report] : finished) exchange->done(std::move(report));
}

}  // namespace lw::io
