// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <asio.hpp>
#include <asio/ssl.hpp>

#include "base/guarded.h"
#include "base/time.h"
#include "io/restinio_impl/wire.h"

namespace lw::io::restinio_impl {

/// What all streams of one server share.
struct StreamContext {
  /// For connections to come; nullptr: no TLS. Each holds what it was accepted with.
  Guarded<std::shared_ptr<asio::ssl::context>> tls;
  WireTimeouts timeouts;
  Wires wires;
};

/// Ends a connection so that the peer can still read our last words. Closing a socket with bytes
/// unread resets it, and a client in the middle of a refused upload would see that instead of its
/// 413 (RFC 9112 §9.6). So: no more writing, read and forget what still comes, then close.
class Lingering : public std::enable_shared_from_this<Lingering> {
 public:
  explicit Lingering(asio::ip::tcp::socket socket)
      : socket_(std::move(socket)),
        strand_(asio::make_strand(socket_.get_executor())),
        timer_(socket_.get_executor()) {}

  void start() {
    std::error_code error;
    socket_.shutdown(asio::socket_base::shutdown_send, error);
    if (error) return;
    timer_.expires_after(kPatience);
    timer_.async_wait(
        asio::bind_executor(strand_, [self = shared_from_this()](const std::error_code& cancelled) {
          if (!cancelled) self->end();
        }));
    read();
  }

 private:
  static constexpr std::chrono::seconds kPatience{2};
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;

  void read() {
    socket_.async_read_some(
        asio::buffer(buffer_),
        asio::bind_executor(
            strand_, [self = shared_from_this()](const std::error_code& error, std::size_t count) {
              self->bytes_ += count;
              if (error || self->bytes_ > kBytesMax) {
                self->end();
              } else {
                self->read();
              }
            }));
  }
  void end() {
    std::error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
  }

  asio::ip::tcp::socket socket_;
  asio::strand<asio::any_io_executor> strand_;
  asio::steady_timer timer_;
  std::array<char, 16384> buffer_{};
  std::size_t bytes_ = 0;
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
    const auto tls = context_->tls.with([](const auto& current) { return current; });
    // It takes a share of the OpenSSL context, and needs Asio's no more.
    if (tls) body_->tls.emplace(body_->socket, *tls);
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
          if (error) wire->ended();
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
    if (!body_->wire) return;
    const bool may_linger = !body_->wire->has_ended();
    body_->wire->close([&] {
      std::error_code ignored;
      if (may_linger && body_->socket.is_open()) {
        std::make_shared<Lingering>(std::move(body_->socket))->start();
      } else {
        body_->socket.close(ignored);
      }
    });
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
