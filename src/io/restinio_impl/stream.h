// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <asio.hpp>
#include <asio/ssl.hpp>

#include "base/time.h"
#include "io/restinio_impl/wire.h"

namespace lw::io::restinio_impl {

/// What all streams of one server share.
struct StreamContext {
  std::optional<asio::ssl::context> tls;
  WireTimeouts timeouts;
  Wires wires;
};

/// The socket type that RESTinio is instantiated with, once for TLS and plain connections. It tells
/// the connection's Wire what happens, which is how we get what RESTinio lacks: a time-out for TLS
/// handshakes, separate time-outs for idle and slow clients, and a way to cut a connection.
class Stream {
 public:
  using executor_type = asio::any_io_executor;
  using lowest_layer_type = asio::ip::tcp::socket::lowest_layer_type;

  Stream(asio::io_context& loop, std::shared_ptr<StreamContext> context)
      : context_(std::move(context)), body_(std::make_unique<Body>(loop)) {}

  lowest_layer_type& lowest_layer() { return body_->socket.lowest_layer(); }
  executor_type get_executor() { return body_->socket.get_executor(); }
  [[nodiscard]] bool is_open() const { return body_->socket.is_open(); }
  void name(std::uint64_t connection) { context_->wires.name(connection, body_->wire); }

  /// Call once a connection has been accepted into this stream.
  void accepted() {
    body_->wire = std::make_shared<Wire>(body_->socket.native_handle(), context_->timeouts,
                                         SystemClock().now());
    context_->wires.add(body_->wire);
    if (context_->tls) body_->tls.emplace(body_->socket, *context_->tls);
  }

  template <class Handler>
  void handshake(Handler&& handler) {
    if (body_->tls) {
      body_->tls->async_handshake(asio::ssl::stream_base::server, std::forward<Handler>(handler));
    } else {
      handler(std::error_code());
    }
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    const auto executor = asio::get_associated_executor(handler, get_executor());
    auto observed =
        asio::bind_executor(executor, [wire = body_->wire, inner = std::forward<Handler>(handler)](
                                          const std::error_code& error, std::size_t count) mutable {
          if (count > 0) wire->received(SystemClock().now());
          inner(error, count);
        });
    if (body_->tls) {
      body_->tls->async_read_some(buffers, std::move(observed));
    } else {
      body_->socket.async_read_some(buffers, std::move(observed));
    }
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (body_->tls) {
      body_->tls->async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      body_->socket.async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

  void cancel(std::error_code& error) { body_->socket.cancel(error); }
  void shutdown(asio::socket_base::shutdown_type what, std::error_code& error) {
    body_->socket.shutdown(what, error);
  }
  void close() {
    std::error_code ignored;
    if (body_->wire) body_->wire->close([&] { body_->socket.close(ignored); });
  }

 private:
  /// On the heap, so that the TLS stream's reference to the socket survives moves.
  struct Body {
    explicit Body(asio::io_context& loop) : socket(loop) {}
    ~Body() {
      std::error_code ignored;
      if (wire) wire->close([&] { socket.close(ignored); });
    }
    asio::ip::tcp::socket socket;
    std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls;
    std::shared_ptr<Wire> wire;
  };

  std::shared_ptr<StreamContext> context_;
  std::unique_ptr<Body> body_;
};

}  // namespace lw::io::restinio_impl
