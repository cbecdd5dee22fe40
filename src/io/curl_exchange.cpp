// SPDX-License-Identifier: Apache-2.0
#include "io/curl_exchange.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/assert.h"

namespace lw::io {
namespace {

constexpr std::size_t kBodyMax = std::size_t{1} << 20;

void append(StringList& list, const std::string& line) {
  list.reset(curl_slist_append(list.release(), line.c_str()));
}

/// What may not stand on a request line is escaped; the rest is sent as it was written.
std::string safe_target(const std::string& path) {
  std::string target;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    target += byte <= 0x20 || byte == 0x7f ? fmt::format("%{:02X}", byte) : std::string(1, c);
  }
  return target.starts_with('/') ? target : "/" + target;
}

bool is_safe_header(const std::string& line) {
  return std::ranges::none_of(line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string url_of(const HttpExchangeRequest& request) {
  const auto address = parse_ip_address(request.host);
  const std::string host = address ? to_url_host(*address) : request.host;
  return fmt::format("{}://{}:{}/", request.use_tls ? "https" : "http", host, request.port);
}

// Callbacks of curl. Their `self` is the CurlExchange.

std::size_t on_body(char*, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.body_bytes += size * count;
  return exchange.body_bytes > kBodyMax ? 0 : size * count;
}

int on_socket_made(void*, curl_socket_t fd, curlsocktype) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  const bool is_v6 = ::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0 &&
                     local.ss_family == AF_INET6;
  enable_icmp_reports(fd, is_v6);
  return CURL_SOCKOPT_OK;
}

int on_socket_close(void* self, curl_socket_t fd) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (!exchange.icmp) exchange.icmp = take_icmp_report(fd);
  // The exchange is over: RST instead of a port in TIME_WAIT for each check.
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return ::close(fd);
}

CURLcode on_tls_context(CURL*, void* context, void* self) {
  static_cast<CurlExchange*>(self)->inspector->install(static_cast<SSL_CTX*>(context));
  return CURLE_OK;
}

int before_request(void* self, char*, char*, int, int) {
  const auto& exchange = *static_cast<CurlExchange*>(self);
  const bool may_send = !exchange.inspector || exchange.inspector->is_trusted();
  return may_send ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  LW_ASSERT(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY);
}

void set_up_tls(CurlExchange& exchange) {
  CURL* const easy = exchange.easy.get();
  // Verified by the inspector, with roots that are loaded once and not for each connection.
  set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  set(easy, CURLOPT_CAINFO, static_cast<char*>(nullptr));
  set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  set(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  // What browsers take (RFC 8996); curl's default still tries 1.0 and fails with a riddle.
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy, CURLOPT_SSL_CTX_FUNCTION, &on_tls_context);
  set(easy, CURLOPT_SSL_CTX_DATA, &exchange);
}

void set_up_method(CURL* easy, const std::string& method) {
  if (method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (method == "POST") {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE, 0L);
    set(easy, CURLOPT_POSTFIELDS, "");
  }
}

void set_up_connection(CurlExchange& exchange) {
  CURL* const easy = exchange.easy.get();
  const IpAddress& to = exchange.request.address;
  IpAddress without_scope = to;
  without_scope.scope = 0;
  append(exchange.connect_to,
         fmt::format("::{}:{}", to_url_host(without_scope), exchange.request.port));
  set(easy, CURLOPT_CONNECT_TO, exchange.connect_to.get());
  if (to.scope != 0) set(easy, CURLOPT_ADDRESS_SCOPE, static_cast<long>(to.scope));
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_FRESH_CONNECT, 1L);
  set(easy, CURLOPT_FORBID_REUSE, 1L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_SOCKOPTFUNCTION, &on_socket_made);
  set(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_socket_close);
  set(easy, CURLOPT_CLOSESOCKETDATA, &exchange);
}

}  // namespace

void set_up(CurlExchange& exchange) {
  CURL* const easy = exchange.easy.get();
  const HttpExchangeRequest& request = exchange.request;
  set(easy, CURLOPT_PRIVATE, &exchange);
  set(easy, CURLOPT_ERRORBUFFER, exchange.error_text.data());
  set(easy, CURLOPT_URL, url_of(request).c_str());
  set(easy, CURLOPT_REQUEST_TARGET, safe_target(request.path).c_str());
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_USERAGENT, "linewatch");
  const auto timeout = std::chrono::ceil<Milliseconds>(request.timeout);
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
  for (const auto& [name, value] : request.headers) {
    // curl leaves out a header without a value unless it ends in a semicolon.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    if (is_safe_header(line)) append(exchange.headers, line);
  }
  set(easy, CURLOPT_HTTPHEADER, exchange.headers.get());
  set(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy, CURLOPT_WRITEDATA, &exchange);
  set(easy, CURLOPT_PREREQFUNCTION, &before_request);
  set(easy, CURLOPT_PREREQDATA, &exchange);
  set_up_method(easy, request.method);
  set_up_connection(exchange);
  if (request.use_tls) set_up_tls(exchange);
}

namespace {

long long_info(CURL* easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

/// Times that curl counts from the start of the exchange; 0 for what did not happen.
struct Marks {
  explicit Marks(CURL* easy)
      : lookup(read(easy, CURLINFO_NAMELOOKUP_TIME_T)),
        connect(read(easy, CURLINFO_CONNECT_TIME_T)),
        tls(read(easy, CURLINFO_APPCONNECT_TIME_T)),
        request(read(easy, CURLINFO_PRETRANSFER_TIME_T)),
        first_byte(read(easy, CURLINFO_STARTTRANSFER_TIME_T)),
        total(read(easy, CURLINFO_TOTAL_TIME_T)) {}

  static Microseconds read(CURL* easy, CURLINFO info) {
    curl_off_t value = 0;
    curl_easy_getinfo(easy, info, &value);
    return Microseconds(value);
  }
  Microseconds lookup, connect, tls, request, first_byte, total;
};

void read_phases(const Marks& marks, HttpReport& report) {
  const Microseconds none{0};
  if (marks.connect > none) report.connect = marks.connect - marks.lookup;
  if (marks.tls > none) report.handshake = marks.tls - marks.connect;
  if (marks.first_byte > none && marks.request > none) {
    report.first_byte = marks.first_byte - marks.request;
    report.transfer = marks.total - marks.first_byte;
  }
  if (report.status == HttpExchangeStatus::Answered) {
    report.total = std::max(Microseconds(1), marks.total - marks.lookup);
  }
}

const char* waiting_for(const CurlExchange& exchange, const Marks& marks) {
  // curl has no connect time of a connection whose handshake did not end.
  if (exchange.inspector && exchange.inspector->has_begun() && !exchange.inspector->is_done()) {
    return "connected, but the TLS handshake did not end";
  }
  if (marks.connect == Microseconds(0)) return "no connection";
  return marks.first_byte == Microseconds(0) ? "connected, but no answer to the request"
                                             : "the answer began but did not end";
}

std::string text_or_code(const CurlExchange& exchange, CURLcode code) {
  return exchange.error_text[0] != '\0' ? exchange.error_text.data() : curl_easy_strerror(code);
}

HttpExchangeStatus status_of_broken_transfer(int error_number) {
  return error_number == ECONNRESET || error_number == EPIPE ? HttpExchangeStatus::Reset
                                                             : HttpExchangeStatus::Closed;
}

HttpExchangeStatus status_of(const CurlExchange& exchange, CURLcode code, int error_number) {
  const bool tls_is_open =
      exchange.request.use_tls &&
      (!exchange.inspector->is_trusted() || exchange.inspector->lacks_client_certificate());
  switch (code) {
    case CURLE_OK:
      return HttpExchangeStatus::Answered;
    case CURLE_WRITE_ERROR:  // The body is longer than we want it: enough of an answer.
      return exchange.body_bytes > kBodyMax ? HttpExchangeStatus::Answered
                                            : HttpExchangeStatus::Failed;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpExchangeStatus::TimedOut;
    case CURLE_COULDNT_CONNECT:
      return HttpExchangeStatus::ConnectFailed;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
      return HttpExchangeStatus::TlsFailed;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return tls_is_open ? HttpExchangeStatus::TlsFailed : status_of_broken_transfer(error_number);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, which is to say no HTTP at all.
    case CURLE_BAD_CONTENT_ENCODING:
      return HttpExchangeStatus::Malformed;
    default:
      return HttpExchangeStatus::Failed;
  }
}

std::string evidence_of(const CurlExchange& exchange, HttpExchangeStatus status, CURLcode code,
                        const Marks& marks) {
  const std::string peer =
      fmt::format("{} port {}", to_string(exchange.request.address), exchange.request.port);
  switch (status) {
    case HttpExchangeStatus::Answered:
      return {};
    case HttpExchangeStatus::TimedOut:
      return waiting_for(exchange, marks);
    case HttpExchangeStatus::ConnectFailed:
      return fmt::format("RST from {}", peer);
    case HttpExchangeStatus::Reset:
      return fmt::format("{} reset the connection", peer);
    case HttpExchangeStatus::Closed:
      return fmt::format("{} closed the connection before the answer was complete", peer);
    case HttpExchangeStatus::Malformed:
      return fmt::format("{} does not answer with HTTP: {}", peer, text_or_code(exchange, code));
    case HttpExchangeStatus::TlsFailed:
    case HttpExchangeStatus::Failed:
      return text_or_code(exchange, code);
  }
  return {};
}

}  // namespace

HttpReport report_of(const CurlExchange& exchange, CURLcode code) {
  CURL* const easy = exchange.easy.get();
  const Marks marks(easy);
  HttpReport report;
  report.error_number = static_cast<int>(long_info(easy, CURLINFO_OS_ERRNO));
  report.status = status_of(exchange, code, report.error_number);
  report.http_status = static_cast<int>(long_info(easy, CURLINFO_RESPONSE_CODE));
  report.icmp = exchange.icmp;
  report.evidence = evidence_of(exchange, report.status, code, marks);
  // A handshake that broke off has no certificate, but its alert says why.
  const bool broke_off = report.status == HttpExchangeStatus::TlsFailed;
  if (exchange.inspector && (broke_off || exchange.inspector->is_done())) {
    const bool was_reset = report.error_number == ECONNRESET;
    report.tls = exchange.inspector->report(was_reset ? "the server reset the connection"
                                                      : text_or_code(exchange, code));
  }
  read_phases(marks, report);
  return report;
}

}  // namespace lw::io
