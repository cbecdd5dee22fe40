// SPDX-License-Identifier: Apache-2.0
#include "io/restinio_impl/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <restinio/all.hpp>

#include "base/log.h"
#include "base/thread.h"
#include "io/restinio_impl/answer.h"
#include "io/restinio_impl/limits.h"
#include "io/restinio_impl/request.h"
#include "io/restinio_impl/stream.h"

namespace lw::io::restinio_impl {

/// Clients can cause every line of it at will, so none is for the normal log.
struct DebugLogger {
  template <class Builder>
  void trace(Builder&&) const {}
  template <class Builder>
  void info(Builder&&) const {}
  template <class Builder>
  void warn(Builder&& builder) const {
    log::debug("http", builder());
  }
  template <class Builder>
  void error(Builder&& builder) const {
    log::debug("http", builder());
  }
};

/// Closes what comes in above the limit at once, so that clients learn of it.
struct Doorkeeper {
  std::shared_ptr<StreamContext> context;
  std::size_t connections_max;

  restinio::ip_blocker::inspection_result_t inspect(
      const restinio::ip_blocker::incoming_info_t&) noexcept {
    return context->wires.open_count() > connections_max ? restinio::ip_blocker::deny()
                                                         : restinio::ip_blocker::allow();
  }
};

struct ServerTraits
    : restinio::traits_t<restinio::asio_timer_manager_t, DebugLogger,
                         restinio::default_request_handler_t, restinio::default_strand_t, Stream> {
  using http_methods_mapper_t = LimitedMethods;
  using ip_blocker_t = Doorkeeper;
};

// Found by RESTinio through argument-dependent lookup, as its own TLS support does it.
template <class Connection, class Start, class Failed>
void prepare_connection_and_start_read(Stream& stream, Connection& connection, Start start,
                                       Failed failed) {
  stream.name(connection.connection_id());
  stream.handshake([start = std::move(start), failed = std::move(failed),
                    keep = connection.shared_from_this()](const std::error_code& error) {
    if (error) {
      failed(error);
    } else {
      start();
    }
  });
}

inline restinio::impl::tls_socket_t* make_tls_socket_pointer_for_state_listener(Stream&) noexcept {
  return nullptr;
}

}  // namespace lw::io::restinio_impl

template <class Settings>
class restinio::socket_type_dependent_settings_t<Settings, lw::io::restinio_impl::Stream> {
 public:
  std::shared_ptr<lw::io::restinio_impl::StreamContext> stream_context;

 protected:
  ~socket_type_dependent_settings_t() = default;
};

/// Where RESTinio takes the sockets for accepting from.
template <>
class restinio::impl::socket_supplier_t<lw::io::restinio_impl::Stream> {
 protected:
  using Stream = lw::io::restinio_impl::Stream;

  template <class Settings>
  socket_supplier_t(Settings& settings, asio::io_context& loop)
      : context_(settings.stream_context), loop_(loop) {
    for (std::size_t i = 0; i < settings.concurrent_accepts_count(); ++i) {
      streams_.emplace_back(loop_, context_);
    }
  }
  ~socket_supplier_t() = default;

  Stream& socket(std::size_t index) { return streams_.at(index); }
  Stream move_socket(std::size_t index) {
    Stream accepted = std::exchange(streams_.at(index), Stream(loop_, context_));
    accepted.accepted();
    return accepted;
  }
  [[nodiscard]] std::size_t concurrent_accept_sockets_count() const { return streams_.size(); }

 private:
  std::shared_ptr<lw::io::restinio_impl::StreamContext> context_;
  asio::io_context& loop_;
  std::vector<Stream> streams_;
};

namespace lw::io::restinio_impl {
namespace {

using Engine = restinio::http_server_t<ServerTraits>;

/// Requests of one connection that may be in work at once. Above 1 so that RESTinio reads on while
/// a handler works, which is how it notices that the client has left.
constexpr std::size_t kPipelinedMax = 8;

class Server final : public HttpServer::Impl {
 public:
  Server(HttpServerConfig config, HttpServer::Handler handler)
      : config_(std::move(config)), handler_(std::move(handler)), sweep_(loop_) {}
  ~Server() override;
  [[nodiscard]] std::uint16_t port() const override { return port_; }
  Result<void> use_certificate(const std::string& chain_pem,
                               const std::string& private_key_pem) override;

  Result<void> start();

 private:
  Result<asio::ip::address> address() const;
  void configure(restinio::server_settings_t<ServerTraits>& settings,
                 const asio::ip::address& address);
  void handle(const restinio::request_handle_t& request);
  void sweep_later();

  const HttpServerConfig config_;
  const HttpServer::Handler handler_;
  std::uint16_t port_ = 0;
  // Destroyed in reverse: the engine needs the loop and the context.
  std::shared_ptr<StreamContext> context_ = std::make_shared<StreamContext>();
  Answers answers_;
  asio::io_context loop_;
  asio::steady_timer sweep_;
  std::unique_ptr<Engine> engine_;
  std::vector<Thread> threads_;
};

Result<asio::ip::address> Server::address() const {
  std::error_code error;
  const std::string text = config_.address == "localhost" ? "127.0.0.1" : config_.address;
  auto address = asio::ip::make_address(text, error);
  if (error) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("listen address \"{}\" is no IP address; write 127.0.0.1, ::1, 0.0.0.0 "
                            "or another address of this machine",
                            config_.address));
  }
  return address;
}

Result<void> Server::use_certificate(const std::string& chain_pem,
                                     const std::string& private_key_pem) {
  const auto refuse = [](std::string_view what, const std::error_code& error) {
    return fail(ErrorCode::InvalidInput, fmt::format("{}: {}", what, error.message()));
  };
  const auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  std::error_code error;
  tls->use_certificate_chain(asio::buffer(chain_pem), error);
  if (error) return refuse("the TLS certificate is no PEM certificate", error);
  tls->use_private_key(asio::buffer(private_key_pem), asio::ssl::context::pem, error);
  if (error) return refuse("the TLS key is no PEM key, or not the certificate's", error);
  SSL_CTX* const native = tls->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  context_->tls.with([&](auto& current) { current = tls; });
  return {};
}

void Server::configure(restinio::server_settings_t<ServerTraits>& settings,
                       const asio::ip::address& address) {
  // Our Wires watch over time; RESTinio's own limits only must not come before.
  constexpr std::chrono::hours kNever(24);
  settings.stream_context = context_;
  settings.port(config_.port)
      .address(address)
      .protocol(address.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4())
      .request_handler([this](const restinio::request_handle_t& request) {
        handle(request);
        return restinio::request_accepted();
      })
      .acceptor_post_bind_hook(
          [this](asio::ip::tcp::acceptor& acceptor) { port_ = acceptor.local_endpoint().port(); })
      .socket_options_setter(
          [](auto& options) { options.set_option(asio::ip::tcp::no_delay(true)); })
      .ip_blocker(std::make_shared<Doorkeeper>(Doorkeeper{context_, config_.connections_max}))
      .incoming_http_msg_limits(message_limits(config_.header_bytes_max, config_.body_bytes_max))
      .max_pipelined_requests(kPipelinedMax)
      .read_next_http_message_timelimit(kNever)
      .handle_request_timeout(kNever)
      .write_http_response_timelimit(config_.answer_timeout);
}

Result<void> Server::start() {
  const asio::ip::address address = TRY(this->address());
  if (!config_.certificate_chain_pem.empty()) {
    TRY(use_certificate(config_.certificate_chain_pem, config_.private_key_pem));
  }
  context_->timeouts = {config_.read_timeout, config_.idle_timeout};
  try {
    engine_ = std::make_unique<Engine>(restinio::external_io_context(loop_),
                                       [&](auto& settings) { configure(settings, address); });
    engine_->open_sync();
  } catch (const std::system_error& failure) {
    const auto where = fmt::format("listen on {}:{}", config_.address, config_.port);
    if (failure.code().value() == EADDRINUSE) {
      return fail(ErrorCode::Conflict,
                  where + ": the port is in use; stop the other program, or choose another port");
    }
    return fail_errno(where, failure.code().value());
  } catch (const std::exception& failure) {
    return fail(ErrorCode::Internal, fmt::format("start HTTP server: {}", failure.what()));
  }
  sweep_later();
  for (int i = 0; i < std::max(1, config_.threads); ++i) {
    threads_.emplace_back(fmt::format("http-{}", i), [this] {
      body_limit_of_this_thread = &config_.body_bytes_for;
      loop_.run();
    });
  }
  return {};
}

Server::~Server() {
  // Clients get their end even if a responder keeps its connection object alive for longer.
  context_->wires.cut_all();
  loop_.stop();
  threads_.clear();
  // Responders may outlive the server, but nothing of RESTinio may outlive its loop.
  answers_.detach_all();
  std::error_code ignored;
  sweep_.cancel(ignored);
}

void Server::sweep_later() {
  const Milliseconds shortest =
      std::min<Milliseconds>({config_.read_timeout, config_.idle_timeout, config_.answer_timeout});
  sweep_.expires_after(std::clamp<Milliseconds>(shortest / 8, Milliseconds(10), Seconds(1)));
  sweep_.async_wait([this](const std::error_code& error) {
    if (error) return;
    const Instant now = SystemClock().now();
    context_->wires.expire(now);
    answers_.expire(now - config_.answer_timeout);
    sweep_later();
  });
}

void Server::handle(const restinio::request_handle_t& request) {
  const auto wire = context_->wires.find(request->connection_id());
  if (!wire) return;
  const int in_work = wire->request_begins();
  const auto answer = std::make_shared<Answer>(request, wire, SystemClock().now());
  answers_.add(answer);
  if (const int status = rejection_of(request->header()); status != 0) {
    // RESTinio would take the rest of the refused request for the next one.
    if (in_work > 1) return answer->abort();
    return answer->send(plain_answer(status, rejection_text(status)));
  }
  auto converted = to_request(*request);
  if (!converted) return answer->send(plain_answer(400, converted.error().message + "\n"));
  handler_(std::move(*converted), HttpResponder(answer));
}

}  // namespace

HttpResponse plain_answer(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

Result<std::unique_ptr<HttpServer::Impl>> start_server(const HttpServerConfig& config,
                                                       HttpServer::Handler handler) {
  auto server = std::make_unique<Server>(config, std::move(handler));
  TRY(server->start());
  return server;
}

}  // namespace lw::io::restinio_impl
