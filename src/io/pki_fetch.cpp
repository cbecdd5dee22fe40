// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/files.h"
#include "io/openssl_pointers.h"
#include "io/pki.h"

namespace lw::io {
namespace {

class Deadline {
 public:
  explicit Deadline(Milliseconds timeout) : end_(SystemClock().now() + timeout) {}
  /// Waits until the descriptor is ready; false when the time is up.
  [[nodiscard]] bool wait(int fd, short events) const {
    while (true) {
      const auto left = std::chrono::ceil<Milliseconds>(end_ - SystemClock().now());
      if (left.count() <= 0) return false;
      pollfd ready{fd, events, 0};
      const int result = ::poll(&ready, 1, static_cast<int>(left.count()));
      if (result > 0) return true;
      if (result < 0 && errno != EINTR) return false;
    }
  }

 private:
  Instant end_;
};

Result<FileDescriptor> connect_to(const addrinfo& address, const Deadline& deadline) {
  FileDescriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return fail_errno("connect", errno);
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return fail_errno("connect", errno);
  if (!deadline.wait(socket.get(), POLLOUT)) return fail_errno("connect", ETIMEDOUT);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail_errno("connect", error);
  return socket;
}

Result<FileDescriptor> connect_to(const std::string& host, std::uint16_t port,
                                  const Deadline& deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (result != 0) {
    return fail(ErrorCode::Unavailable,
                fmt::format("the name cannot be resolved: {}", ::gai_strerror(result)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  Result<FileDescriptor> socket = fail(ErrorCode::Unavailable, "the name has no address");
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    socket = connect_to(*address, deadline);
    if (socket) break;
  }
  return socket;
}

Result<SslPointer> shake_hands(int fd, const std::string& host, const Deadline& deadline) {
  const SslContextPointer context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SslPointer ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd);
  // What SSL_set_tlsext_host_name does, without its C cast.
  SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(host.c_str()));
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(ssl.get());
    if (result == 1) return ssl;
    const int reason = SSL_get_error(ssl.get(), result);
    const bool wants_more = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    if (!wants_more) {
      ERR_clear_error();
      return fail(ErrorCode::Unavailable,
                  "the TLS handshake failed; check that the port speaks TLS");
    }
    if (!deadline.wait(fd, reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) {
      return fail(ErrorCode::Unavailable, "no TLS handshake in time");
    }
  }
}

}  // namespace

Result<std::vector<std::string>> fetch_certificate_chain(const std::string& host,
                                                         std::uint16_t port, Milliseconds timeout) {
  const std::string peer = fmt::format("{}:{}", host, port);
  const Deadline deadline(timeout);
  const auto socket = connect_to(host, port, deadline);
  if (!socket) return std::unexpected(socket.error().during(peer));
  const auto ssl = shake_hands(socket->get(), host, deadline);
  if (!ssl) return std::unexpected(ssl.error().during(peer));
  std::vector<std::string> chain;
  const STACK_OF(X509)* const certificates = SSL_get_peer_cert_chain(ssl->get());
  for (int i = 0; i < sk_X509_num(certificates); ++i) {
    const BioPointer memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(memory.get(), sk_X509_value(certificates, i));
    char* data = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &data);
    chain.emplace_back(data, static_cast<std::size_t>(length));
  }
  return chain;
}

}  // namespace lw::io
