// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "io/error_queue.h"
#include "io/loop.h"
#include "io/reset_watch.h"
#include "io/resolver.h"
#include "io/socket_options.h"
#include "io/tls_inspector.h"

namespace lw::io {

/// What is offered. Any: with TLS the best that both sides speak, else HTTP/1.1. Http2: nothing
/// else; without TLS the server must know of it beforehand (RFC 9113 §3.3).
enum class HttpOffer { Any, Http11, Http2 };

/// Soft: a certificate that is revoked is a problem. Strict: one of which nobody knows is, too.
enum class RevocationCheck { Off, Soft, Strict };

struct HttpExchangeRequest {
  /// Where to connect to, whatever the host name says. Missing: the host is looked up.
  std::optional<IpAddress> address;
  std::uint16_t port = 80;
  bool use_tls = false;
  std::string host;  ///< For the Host header, SNI and the certificate's name.
  HttpOffer offer = HttpOffer::Http11;
  std::string method = "GET";
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  ///< Of a POST.
  std::chrono::nanoseconds timeout{Seconds(10)};
  int redirects_max = 0;  ///< 0: an answer that redirects is the answer.
  /// Addresses that redirects may lead to.
  AddressFamily redirect_family = AddressFamily::V4ThenV6;
  std::size_t body_bytes_max = std::size_t{1} << 20;  ///< More of an answer's body is not read.
  bool keeps_body = false;                            ///< Wanted in HttpReport::body.
  RevocationCheck revocation = RevocationCheck::Off;
  SocketOptions socket;
  bool notes_local_port = false;  ///< Wanted in HttpReport::reset.
};

enum class HttpExchangeStatus {
  Answered,  ///< HttpReport::http_status says what.
  TimedOut,
  ConnectFailed,     ///< HttpReport::error_number is the errno of the connect.
  Reset,             ///< The peer reset the connection after it was made.
  Closed,            ///< The peer closed it before the answer was complete.
  TlsFailed,         ///< HttpReport::tls says why.
  Malformed,         ///< The answer is no HTTP, or redirects to what is no HTTP.
  TooManyRedirects,  ///< The answer redirects once more than allowed.
  NameFailed,        ///< HttpReport::name_status; of a redirect's host, or if no address was given.
  LocalFault,        ///< This host has no such source; error_number is the errno.
  Failed,            ///< Otherwise.
};

struct HttpReport {
  HttpExchangeStatus status = HttpExchangeStatus::Failed;
  int http_status = 0;
  int error_number = 0;
  NameStatus name_status = NameStatus::Found;
  std::optional<IcmpReport> icmp;  ///< Why the connect failed, if a router or host said so.
  std::optional<TcpEnds> reset;    ///< The connection that was reset, if that ended the exchange.
  std::string evidence;            ///< What went wrong, for people; empty if answered.
  std::optional<TlsReport> tls;    ///< Of the last connection that had TLS.
  std::string version;             ///< "HTTP/1.1", "HTTP/2"; empty without an answer.
  int redirects = 0;               ///< How many were followed.
  std::string url;                 ///< Where they led to; empty without any.
  std::size_t body_bytes = 0;      ///< Read of the last answer's body.
  bool body_is_cut = false;        ///< There was more.
  std::string body;                ///< If asked for.
  std::string location;            ///< Where the last answer redirects to, as it says.
  /// The first SYN of a connection was lost: `connect` has the second or more that the
  /// kernel waited for before it sent another (RFC 6298 §2).
  bool syn_was_repeated = false;
  /// Phases, each by itself and summed over the redirects. Lookup: of redirects' hosts only.
  /// Request: until its last byte was handed to the network, or the answer began. First byte: from
  /// then on.
  std::optional<Microseconds> lookup, connect, handshake, request, first_byte, transfer;
  /// From the start of the connection to the last byte, summed over the redirects; no lookups.
  std::optional<Microseconds> total;
};

/// HTTP exchanges for checks, each on a connection of its own: HTTP/1.1 and HTTP/2, no proxy, no
/// compression (what is read is what was sent), redirects to http and https up to a limit. A
/// redirect to the same host goes to the same address; headers of the request go to no other
/// origin than the one they were written for, but from http to https of the same host. With TLS,
/// the handshake is finished before the certificate is judged, so that a bad one is described and
/// not just refused; nothing is sent to a server with a bad one. If revocation is to be checked
/// and not known yet, the connection is given up, the answer fetched, and a new one made: the times
/// are those of the last connection. libcurl on the loop. Belongs to the loop's thread.
class HttpEngine {
 public:
  using Done = std::function<void(const HttpReport&)>;

  /// `extra_ca_pem`: trusted roots besides the system's. Loop, clock and resolver must outlive it.
  HttpEngine(Loop& loop, const Clock& clock, Resolver& resolver, const std::string& extra_ca_pem);
  /// Gives up what is under way; nobody is called for it.
  ~HttpEngine();

  /// Trusted roots besides those that are known.
  void trust(const std::string& ca_pem);

  /// Calls `done` once, later, from the loop.
  void start(const HttpExchangeRequest& request, Done done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lw::io
