// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lw::io {

/// One request, complete with its body. Header names as sent; look up with header().
struct HttpRequest {
  std::string method;  ///< "GET"
  std::string target;  ///< as on the request line, undecoded: "/a/b?x=1"
  std::string path;    ///< percent-decoded: "/a/b"
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string remote_address;
  std::uint16_t remote_port = 0;

  /// The first header of that name, case-insensitive; empty if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
  /// The first query parameter of that name; empty if there is none.
  [[nodiscard]] std::string parameter(std::string_view name) const;
  [[nodiscard]] bool has_parameter(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Content-Length is added
  std::string body;
};

/// What became of a piece of a stream that was not to wait.
enum class StreamWrite {
  Taken,  ///< It goes out.
  Full,   ///< The client is slow; nothing of the piece was taken.
  Gone,   ///< The client has left, or the stream is over.
};

/// The way to answer one request, once, from any thread, at any time. If the last copy goes without
/// an answer, the client gets 500. Answering after the client has left does nothing.
class HttpResponder {
 public:
  void send(HttpResponse response) const;
  /// Streams instead: head first, then pieces, then end (chunked transfer). write() returns false
  /// once the client is gone, and blocks (not for loops) while more than a few MB are unsent.
  void start(HttpResponse head) const;
  bool write(std::string piece) const;
  /// As write(), but never blocks: Full while more than `unsent_max` bytes wait to be sent.
  StreamWrite try_write(std::string piece, std::size_t unsent_max) const;
  void end() const;
  /// Cuts the connection, so that a client sees a stream as broken and not as complete.
  void abort() const;
  /// Whether the client has ended its side of the connection: nobody waits for the answer. For
  /// handlers of long work, to ask now and then.
  [[nodiscard]] bool is_gone() const;
  /// A responder to use instead of this one, which tells `told` the status that is answered: once,
  /// on the answering thread, before the answer leaves.
  [[nodiscard]] HttpResponder observed_by(std::function<void(int status)> told) const;

  struct Body;
  explicit HttpResponder(std::shared_ptr<Body> body) : body_(std::move(body)) {}

 private:
  std::shared_ptr<Body> body_;
};

struct HttpServerConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: the system picks one; see HttpServer::port().
  int threads = 1;         ///< event loops that share the work
  std::size_t body_bytes_max = std::size_t{8} << 20;  ///< above: 413
  /// Asked once a request's head is there (method, target, headers; nothing else is set) and before
  /// a byte of its body is kept: how large may it be? Bounded by body_bytes_max. Runs on the
  /// server's threads. Without it, every caller may fill body_bytes_max.
  std::function<std::size_t(const HttpRequest& head)> body_bytes_for = {};
  std::size_t header_bytes_max = std::size_t{64} << 10;  ///< above: 431
  Seconds read_timeout{30};                              ///< for a whole request to come in
  Seconds idle_timeout{60};                              ///< between requests of one connection
  Seconds answer_timeout{300};                           ///< for the handler to answer
  std::size_t connections_max = 1000;
  /// TLS if not empty: PEM texts, the chain leaf first.
  std::string certificate_chain_pem;
  std::string private_key_pem;
};

/// An HTTP/1.1 server (RESTinio on Asio) with threads of its own. The handler runs on one of them
/// and must not block: hand long work to other threads with the responder. Garbage on the port gets
/// a 400 or a closed connection and harms nothing.
class HttpServer {
 public:
  using Handler = std::function<void(HttpRequest request, HttpResponder responder)>;
  /// Binds and starts. Fails with a clear message if the address is in use or the PEM is wrong.
  static Result<std::unique_ptr<HttpServer>> start(const HttpServerConfig& config, Handler handler);
  /// Stops accepting, closes connections, joins the threads.
  ~HttpServer();
  [[nodiscard]] std::uint16_t port() const;
  /// Takes this certificate (PEM texts, the chain leaf first) for new connections; those that there
  /// are go on with theirs. If it cannot be used, the old one stays. Of a server that was started
  /// with TLS only. Any thread.
  Result<void> use_certificate(const std::string& chain_pem, const std::string& private_key_pem);

  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

/// "a b" from "a%20b"; in queries "+" is a space as well. Nothing if an escape is broken.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);
/// Escapes all but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace lw::io
