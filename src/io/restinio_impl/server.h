// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/http_server.h"

namespace lw::io {

/// One answer, as the HTTP engine implements it.
struct HttpResponder::Body {
  Body() = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  virtual ~Body() = default;
  virtual void send(HttpResponse response) = 0;
  virtual void start(HttpResponse head) = 0;
  virtual bool write(std::string piece) = 0;
  virtual StreamWrite try_write(std::string piece, std::size_t unsent_max) = 0;
  virtual void end() = 0;
  virtual void abort() = 0;
  [[nodiscard]] virtual bool is_gone() const = 0;
};

/// A running server; going stops it.
struct HttpServer::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  virtual ~Impl() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  virtual Result<void> use_certificate(const std::string& chain_pem,
                                       const std::string& private_key_pem) = 0;
};

namespace restinio_impl {

Result<std::unique_ptr<HttpServer::Impl>> start_server(const HttpServerConfig& config,
                                                       HttpServer::Handler handler);

/// A plain-text answer for what goes wrong before a handler sees the request.
HttpResponse plain_answer(int status, std::string text);

}  // namespace restinio_impl
}  // namespace lw::io
