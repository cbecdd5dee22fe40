// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.h"

#include "io/restinio_impl/server.h"

namespace lw::io {

void HttpResponder::send(HttpResponse response) const { body_->send(std::move(response)); }
void HttpResponder::start(HttpResponse head) const { body_->start(std::move(head)); }
bool HttpResponder::write(std::string piece) const { return body_->write(std::move(piece)); }
StreamWrite HttpResponder::try_write(std::string piece, std::size_t unsent_max) const {
  return body_->try_write(std::move(piece), unsent_max);
}
void HttpResponder::end() const { body_->end(); }
void HttpResponder::abort() const { body_->abort(); }
bool HttpResponder::is_gone() const { return body_->is_gone(); }

namespace {

/// Hands everything on, after telling.
class ObservedBody final : public HttpResponder::Body {
 public:
  ObservedBody(std::shared_ptr<HttpResponder::Body> body, std::function<void(int)> told)
      : body_(std::move(body)), told_(std::move(told)) {}
  void send(HttpResponse response) override {
    told_(response.status);
    body_->send(std::move(response));
  }
  void start(HttpResponse head) override {
    told_(head.status);
    body_->start(std::move(head));
  }
  bool write(std::string piece) override { return body_->write(std::move(piece)); }
  StreamWrite try_write(std::string piece, std::size_t unsent_max) override {
    return body_->try_write(std::move(piece), unsent_max);
  }
  void end() override { body_->end(); }
  void abort() override { body_->abort(); }
  [[nodiscard]] bool is_gone() const override { return body_->is_gone(); }

 private:
  std::shared_ptr<HttpResponder::Body> body_;
  std::function<void(int)> told_;
};

}  // namespace

HttpResponder HttpResponder::observed_by(std::function<void(int status)> told) const {
  return HttpResponder(std::make_shared<ObservedBody>(body_, std::move(told)));
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpServerConfig& config,
                                                      Handler handler) {
  return std::make_unique<HttpServer>(TRY(restinio_impl::start_server(config, std::move(handler))));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
std::uint16_t HttpServer::port() const { return impl_->port(); }

Result<void> HttpServer::use_certificate(const std::string& chain_pem,
                                         const std::string& private_key_pem) {
  return impl_->use_certificate(chain_pem, private_key_pem);
}

}  // namespace lw::io
